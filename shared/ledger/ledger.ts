import type { Approval } from '#shared/domain/approval.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Drift } from '#shared/domain/drift.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import type { LockChange, ManualLock } from '#shared/domain/manual-lock.ts';
import type { StepReply } from '#shared/domain/protocol.ts';
import type { Quarantine } from '#shared/domain/quarantine.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import type { StepName } from '#shared/domain/steps.ts';

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

/** Where a deployment's message is and which ledger revision it shows. */
export interface Notification {
  deploymentId: DeploymentId;
  channel: string;
  rootTs?: string;
  /** Milliseconds since the epoch until which one `notify` may post the root message. */
  postingUntil: number;
  /** How often somebody began to show it; without a root after the first, a post may have been lost on the way. */
  turns: number;
  shownRevision: number;
  /** Milliseconds since the epoch of the last post or edit. */
  shownAt: number;
  /** Details of the end that stand in the thread already; a retry goes on after them. */
  detailsPosted: number;
  /** The final status is in Slack. */
  final: boolean;
  /** Why it cannot be delivered, in Slack's word; a person has to mend it. */
  undeliverable?: string;
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
