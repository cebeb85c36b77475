import type { LiveTarget, TrafficTarget } from '#shared/domain/traffic.ts';

/**
 * The outside systems in our words: one interface each, listing only the calls we make.
 * `shared/google/` and `shared/slack/` implement them. Every method throws `Fault` and nothing else.
 */

/** Where a Cloud Run service is. */
export interface ServiceRef {
  project: string;
  region: string;
  /** The Cloud Run name. */
  name: string;
}

/** Google's own words, as JSON. Only what a module looks at is read from it, by schema. */
export type RawJson = Record<string, unknown>;

export type RevisionState =
  | { status: 'ready' }
  | { status: 'pending' }
  /** `reason` is Google's (`HEALTH_CHECK_CONTAINER_ERROR`), `message` its text. */
  | { status: 'failed'; reason: string; message: string };

export interface LiveService {
  etag: string;
  /** The address users call. */
  url: string;
  annotations: Record<string, string>;
  /** What was asked for. */
  traffic: LiveTarget[];
  /** What is in effect, with the addresses of tags. */
  trafficStatuses: (TrafficTarget & { url?: string })[];
  latestReadyRevision: string | undefined;
  latestCreatedRevision: string | undefined;
  /** True while a change is being rolled out. */
  reconciling: boolean;
  /** The routes condition: is the traffic asked for in effect? */
  routesReady: boolean;
  /** True when anybody may call it (`invokerIamDisabled`). */
  isPublic: boolean;
  /** The whole resource: the client drops fields it does not know (traps 11), so comparing uses this. */
  raw: RawJson;
}

export interface CloudRun {
  /** Regions that Cloud Run has for a project, such as `us-central1`. */
  locations(project: string): Promise<string[]>;
  /** @returns undefined when it does not exist */
  getService(ref: ServiceRef): Promise<LiveService | undefined>;
  /** @returns the operation's name. A service that exists already → Fault `conflict`. */
  createService(ref: ServiceRef, service: RawJson): Promise<string>;
  /**
   * Changes only what `mask` names (snake_case paths), only if the service still has `etag` → else Fault `conflict`.
   * @returns the operation's name
   */
  updateService(ref: ServiceRef, service: RawJson, mask: string[], etag: string): Promise<string>;
  /** @returns undefined when it does not exist */
  getRevision(ref: ServiceRef, revision: string): Promise<RevisionState | undefined>;
  /** Names of all revisions of a service. */
  revisions(ref: ServiceRef): Promise<string[]>;
  /**
   * Begins to delete a revision; one that is gone already is as it should be. Cloud Run refuses the one created last, and
   * one that has traffic or a tag → Fault `invalid-input`.
   */
  deleteRevision(ref: ServiceRef, revision: string): Promise<void>;
}

export type ExecutionState =
  | { status: 'running' }
  /** `endedAt`: ISO 8601, where Cloud Run says it. */
  | { status: 'succeeded'; seconds: number; endedAt?: string; logUri?: string }
  /** `reason` is Google's (`NON_ZERO_EXIT_CODE`, `CANCELLED`, `CONTAINER_MISSING`), `message` its text. */
  | { status: 'failed'; reason: string; message: string; endedAt?: string; logUri?: string };

/** Cloud Run jobs. They are declared elsewhere (Terraform); here they are run. */
export interface Jobs {
  /**
   * How a job is declared. `serviceAccount`: undefined is the project's default compute account.
   * @returns undefined when it does not exist
   */
  get(ref: ServiceRef): Promise<{ serviceAccount: string | undefined; containers: number } | undefined>;
  /**
   * Runs the job, once per `key`: a repeated call with the same key answers with the same execution, whatever became of
   * it. The key is the deployment's id, with the phase behind it if one deployment runs the job more than once; the tasks
   * see it as `SLIPWAY_DEPLOYMENT`. Two calls at the same time are not kept apart: that is the claim's work.
   * @param options `image` (with its digest) is put into the job first; `args` replace the job's own; `env` is merged
   * @returns the execution's full name
   * Fault `conflict` when somebody else changed the job meanwhile, `invalid-input` when the job cannot take the image.
   */
  run(
    ref: ServiceRef,
    options: { key: string; args?: string[]; env?: Record<string, string>; image?: string },
  ): Promise<string>;
  /** The execution that `run` made for that key: of the newest 100, the oldest that carries it. */
  find(ref: ServiceRef, key: string): Promise<string | undefined>;
  /** @param execution full name. Fault `not-found` when it is unknown */
  execution(execution: string): Promise<ExecutionState>;
  /** One that has ended already is left as it is. */
  cancel(execution: string): Promise<void>;
}
