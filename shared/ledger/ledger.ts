import type { Approval } from '#shared/domain/approval.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Drift } from '#shared/domain/drift.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import type { LockChange, ManualLock } from '#shared/domain/manual-lock.ts';
import type { StepReply } from '#shared/domain/protocol.ts';
import type { Quarantine } from '#shared/domain/quarantine.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import type { StepName } from '#shared/domain/steps.ts';
import type { AuditRecord, DirectoryCopy } from './audit-record.ts';

/**
 * The record of everything Slipway knows, as documents in collections with transactions: the one port with two adapters.
 * What the rules are is written once, over this port, in the modules beside it.
 */

/** One dispatch of a step: who acts for it until when, and the reply it got. */
export interface Dispatch {
  deploymentId: DeploymentId;
  seq: number;
  step: StepName;
  phase: string;
  executionId: string;
  /** The claim that may act; a later claim of the same dispatch replaces it. */
  claim: string;
  /** Milliseconds since the epoch; past it the claim's function is taken for dead. */
  leaseUntil: number;
  reply?: StepReply;
}

/** One per service and environment. */
export interface Lock {
  service: string;
  environment: string;
  active?: DeploymentId;
  /** The one waiting place. */
  waiting?: DeploymentId;
  /** The number given last. */
  fence: number;
}

/**
 * What became of a request, for ever: a repeat of it is answered from here. Only `awaiting-approval` is replaced, by what
 * follows from the approval.
 */
export interface RequestRecord {
  requestId: string;
  decision: 'admitted' | 'waiting' | 'duplicate' | 'refused' | 'ignored' | 'superseded' | 'awaiting-approval';
  reason: string;
  service?: string;
  environment?: string;
  /** What it asked for; absent when that was not known: of a build, or of a tag that nobody has. */
  digest?: string;
  deploymentId?: DeploymentId;
  /** Where people say yes or no to it. */
  approvalId?: string;
  requestedBy: string;
  at: string;
}

/** What was proven and given all traffic last. */
interface LiveRelease {
  service: string;
  environment: string;
  deploymentId: DeploymentId;
  image: string;
  digest: string;
  tag?: string;
  order?: ReleaseOrder;
  configHash: string;
  at: string;
  /** A person went back from it to something that has no record here: it serves no longer. */
  takenBack?: { by: string; reason: string; at: string };
}

/** One per service and environment: the lock a person holds, and every change of it, newest last. */
export interface ManualLockRecord {
  service: string;
  environment: string;
  lock?: ManualLock;
  history: LockChange[];
}

/** Something that is said once: where it stands, or why Slack does not take it. */
interface Said {
  at: string;
  channel?: string;
  ts?: string;
  /** In Slack's word. */
  refused?: string;
  /** Of what it says, where it is edited later. */
  hash?: string;
}

/** What stands in Slack about a deployment or an approval, under its id. */
export interface Notification {
  /** The same id. */
  subject: string;
  /** The channel it belongs in, as it is configured: `#name` or an id. */
  home: string;
  /** Where the root message is: the home's id, or another channel's when the home does not take it. */
  channel: string;
  /** Why it is not in its home, in Slack's word. */
  movedBecause?: string | undefined;
  rootTs?: string;
  /** Milliseconds since the epoch until which one `notify` writes. */
  postingUntil: number;
  /** Counts who wrote; only the newest one may write on. */
  turns: number;
  /** The last turn did not end as it should: what it was about to say next may stand there. */
  unsure?: boolean;
  /** Milliseconds since the epoch: Slack wants to be left alone until then. */
  notBefore?: number;
  /** The event whose `notify` waits to show the newest state; the others need not. */
  waiter?: { messageId: string; until: number };
  shownRevision: number;
  /** Of what the root message says, whenever it is said. */
  shownHash?: string;
  /** Milliseconds since the epoch of the last post or edit. */
  shownAt: number;
  /** Details of the end that stand in the thread already; a retry goes on after them. */
  detailsPosted: number;
  /** What else was said, by what it is. */
  said?: Record<string, Said>;
  /** The final status is in Slack. */
  final: boolean;
  /** Why it cannot be delivered, in Slack's word; a person has to mend it. */
  undeliverable?: string | undefined;
}

/** A message that could not be understood or believed: kept, never acted on, never retried. */
interface Refusal {
  target: string;
  messageId: string;
  reason: string;
  /** The first characters of what came. */
  excerpt: string;
  at: string;
}

/** When something that is not to be done at every look was done last. */
interface LastDone {
  what: string;
  at: string;
}

/**
 * The tags of an image as `reconcile` saw them last, because no registry says when a tag was put. A pair is a short hash of
 * tag and digest. In lists, which Firestore does not index.
 */
export interface SeenTags {
  image: string;
  /** ISO 8601: just before the registry was asked. */
  at: string;
  /** Pairs that were there at the first look, or are there for long. */
  old: string[];
  /** Pairs that came between two looks: not there at `after`, there at `by`. */
  recent: { pair: string; after: string; by: string }[];
}

export interface Collections {
  deployments: Deployment;
  dispatches: Dispatch;
  locks: Lock;
  requests: RequestRecord;
  live: LiveRelease;
  notifications: Notification;
  refusals: Refusal;
  manualLocks: ManualLockRecord;
  approvals: Approval;
  quarantine: Quarantine;
  drift: Drift;
  lastDone: LastDone;
  seenTags: SeenTags;
  audit: AuditRecord;
  slackDirectory: DirectoryCopy;
}

export type Collection = keyof Collections;

/** Fields of a document compared for equality; nested ones with a dot. */
export type Where = Record<string, string | number | boolean>;

export interface Reader {
  get<C extends Collection>(collection: C, id: string): Promise<Collections[C] | undefined>;
  /** Newest id first: ids of deployments sort by time. */
  list<C extends Collection>(collection: C, where?: Where, limit?: number): Promise<Collections[C][]>;
}

/** Its reads see what it has put. */
export interface Transaction extends Reader {
  /** @throws Fault `unsupported` when the document is too long (document.ts) */
  put<C extends Collection>(collection: C, id: string, document: Collections[C]): Promise<void>;
}

export interface Ledger extends Reader {
  /**
   * All or nothing, as if alone. `work` may run more than once, so it has no effects but through `tx`,
   * and reads before it writes. @throws Fault `unavailable` when the database cannot be reached or contention lasts.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): void;
}

export const dispatchId = (deploymentId: DeploymentId, seq: number): string =>
  `${deploymentId}.${String(seq).padStart(6, '0')}`;
/** A request may ask for several places; each has a record of its own. Encoded: Firestore allows no `/` in an id. */
export const requestKey = (requestId: string, part?: string): string =>
  encodeURIComponent(part === undefined ? requestId : `${requestId}.${part}`);
export const placeId = (service: string, environment: string): string => `${service}.${environment}`;
