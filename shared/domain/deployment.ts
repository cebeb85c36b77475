import { z } from 'zod';
import type { Cause } from './cause.ts';
import type { Change } from './change.ts';
import type { Check } from './check.ts';
import type { DeploymentId } from './ids.ts';
import type { Ending, Outcome, RollbackResult } from './outcome.ts';
import type { ReleaseOrder } from './release-order.ts';
import type { ServiceConfig } from './service.ts';
import type { StepName } from './steps.ts';
import type { TrafficTarget } from './traffic.ts';
import type { Verdict } from './verdict.ts';

/** An image by digest, with where it came from. */
export interface Release {
  /** `HOST/PROJECT/REPOSITORY/IMAGE` */
  image: string;
  digest: string;
  tag?: string;
  sizeBytes: number;
  /** `linux/amd64`; several for an index. */
  platforms: string[];
  /** Source revision from the image's labels. */
  source?: string;
  version?: string;
  /** From the image's label; absent when it has none. */
  rollBack?: 'automatic' | 'never';
  /** What the image's labels say that it is for. */
  change?: Change;
}

/** What was live in the place before, and what is not the same now. */
export type Previous =
  | { status: 'none'; reason: string }
  | {
      status: 'known';
      deploymentId: DeploymentId;
      /** ISO 8601: when it went live. */
      at: string;
      release?: Pick<Release, 'digest' | 'tag' | 'version' | 'source' | 'sizeBytes'>;
      /** Settings by their path in the service file, as JSON; null where there is none. What nobody should read is not in it. */
      config: { path: string; from: string | null; to: string | null }[];
    };

/** The one execution of the service file's migration that belongs to this deployment. */
export interface MigrationRun {
  job: string;
  /** Full name; absent until Cloud Run said it, and then it may run all the same. */
  execution?: string;
  /** `failed`: its tasks did not all succeed, whatever they changed before; `stopped`: we cancelled it. */
  status: 'starting' | 'running' | 'succeeded' | 'failed' | 'stopped';
  startedAt: string;
}

/** Who asked for it, how, and for what. */
export interface DeploymentRequest {
  /** The Pub/Sub message or API request it came with; repeats of it are duplicates. */
  id: string;
  source: 'image-push' | 'api' | 'slack';
  /** A verified identity, or the topic's name. */
  requestedBy: string;
  /** Whom a message can call for it. */
  slackUser?: string;
  /** Of the user groups that the policy named, those the person was in when they asked. */
  groups?: string[];
  /** ISO 8601 */
  requestedAt: string;
  tag?: string;
  /** Absent when the image is still to be built. */
  digest?: string;
  /** Why, in the words of who asked. */
  reason?: string;
  change?: Change;
  /** What put it in an order with other releases; absent when nothing had to be compared. */
  order?: ReleaseOrder;
  override?: OverrideWish;
}

/** A rule that the person who asks wants to be set aside, with the reason. */
export const OverrideWish = z.strictObject({ freeze: z.string().min(1).max(300).optional() });
export type OverrideWish = z.infer<typeof OverrideWish>;

/** A rule that was set aside. */
export interface Override {
  rule: 'freeze';
  /** What would have refused it, in words. */
  what: string;
  by: string;
  reason: string;
  at: string;
}

export interface StepRun {
  step: StepName;
  phase: string;
  seq: number;
  attempt: number;
  status: 'running' | 'pending' | 'succeeded' | 'rejected' | 'failed' | 'skipped';
  startedAt: string;
  endedAt?: string;
  /** One line for people: what it did or saw. */
  summary?: string;
}

/** Why the forward way ended early. */
export interface Failure {
  ending: Exclude<Ending, 'completed'>;
  step: StepName;
  phase: string;
  code: string;
  message: string;
  at: string;
  /** What is behind it; absent when a person said stop. */
  cause?: Cause;
  /** What the candidate's container wrote last, redacted, oldest first. */
  lastLines?: string[];
}

/** A person's (or reconcile's) word to a running deployment; read at every claim. */
export interface Signal {
  kind: 'cancel' | 'rollback';
  by: string;
  reason: string;
  at: string;
}

/** A person took it away from an execution that was not known to be dead. */
export interface Takeover {
  by: string;
  reason: string;
  at: string;
  /** The execution that lost it. */
  executionId: string;
}

export interface Rollback {
  result: Exclude<RollbackResult, 'not-run'>;
  /** Evidence in words: what Cloud Run and the service answered. */
  observed: string;
  at: string;
  /** What is left of the deployment, by name. */
  remains: string[];
  /** Something a person changed meanwhile and that was respected. */
  notes: string[];
  /** Why nothing was undone on purpose: what marks the release as not safe to roll back. */
  withheld?: string;
}

/** After it went live somebody went back past it, from outside the pipeline. */
export interface TakenBack {
  /** The person's id. */
  by: string;
  reason: string;
  at: string;
  /** The revision that has had the traffic since then. */
  to: string;
}

/** Somebody looks after a deployment that called for a person. */
export interface Acknowledgement {
  by: string;
  slackUser?: string;
  /** ISO 8601 */
  at: string;
}

/** What serves now, read from Cloud Run when the outcome was decided; null when it could not be read. */
export type Serving = { revision: string; percent: number }[] | null;

export interface Result {
  outcome: Outcome;
  verdict: Verdict;
  /** One sentence: why this outcome. */
  explanation: string;
  serving: Serving;
  finishedAt: string;
}

/** One attempt to bring a release to an environment: the record all steps read and patch. */
export interface Deployment {
  recordVersion: 1;
  id: DeploymentId;
  /** Grows with every write; `notify` renders the newest and ignores older ones. */
  revision: number;
  service: string;
  environment: string;
  request: DeploymentRequest;
  config: ServiceConfig;
  configHash: string;
  /** Which object and generation of the bucket the config was read from. */
  configSource: string;
  /** Who approved it, where the policy wants that. */
  approvedBy?: string[];
  overrides?: Override[];
  /** It waited: admission decides again before it starts. */
  readmit?: boolean;
  status: 'waiting' | 'starting' | 'active' | 'finished';
  mode: 'deploy' | 'recover';
  /** The lock's number; stamped into the Cloud Run service, a higher stamp stops the writer. */
  fence: number;
  /** The one execution that may act, bound by its first claim. */
  executionId?: string;
  /** Executions that will never act again, the one that went forward first. */
  deadExecutions: string[];
  /** Newest last. */
  takeovers?: Takeover[];
  /** The newest claimed dispatch; older ones are void. */
  newestSeq: number;
  /** The callback to poke when a signal comes. */
  awaiting?: { seq: number; callbackUrl: string };
  release?: Release;
  stable?: {
    /** The service did not exist, or was never proven. */
    first: boolean;
    targets: TrafficTarget[];
  };
  candidate?: { revision: string; tag: string; url?: string };
  serviceUrl?: string;
  /** True from just before the first update that can give the candidate a user's request. */
  trafficMoved: boolean;
  /**
   * What we wrote last and what we wrote or meant to write after that: traffic that is found and is neither was set by
   * someone else.
   */
  trafficWritten?: TrafficTarget[];
  trafficIntended?: TrafficTarget[];
  /** The Cloud Build build that makes the image. */
  buildId?: string;
  /** From just before its job is started. */
  migration?: MigrationRun;
  /** Every step succeeded and the traffic is settled: only the report is missing. */
  completed: boolean;
  steps: StepRun[];
  checks: Check[];
  failure?: Failure;
  signal?: Signal;
  rollback?: Rollback;
  result?: Result;
  /** From just before the end. */
  previous?: Previous;
  acknowledged?: Acknowledgement;
  takenBack?: TakenBack;
  createdAt: string;
  startedAt?: string;
  updatedAt: string;
}

export const isFinished = (deployment: Deployment): boolean => deployment.status === 'finished';
