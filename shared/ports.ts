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

/** A running change. `error` is Google's message when it ended badly. */
export interface OperationState {
  done: boolean;
  error?: string;
}

export interface CloudRun {
  /** @returns undefined when it does not exist */
  getService(ref: ServiceRef): Promise<LiveService | undefined>;
  /** @returns the operation's name. A service that exists already → Fault `conflict`. */
  createService(ref: ServiceRef, service: RawJson): Promise<string>;
  /**
   * Changes only what `mask` names (snake_case paths), only if the service still has `etag` → else Fault `conflict`.
   * @returns the operation's name
   */
  updateService(ref: ServiceRef, service: RawJson, mask: string[], etag: string): Promise<string>;
  operation(name: string): Promise<OperationState>;
  /** @returns undefined when it does not exist */
  getRevision(ref: ServiceRef, revision: string): Promise<RevisionState | undefined>;
}

export interface Workflows {
  /** The id of an execution that is ACTIVE or QUEUED, or the newest one, with the label `deployment` and `fence`. */
  find(labels: { deployment: string; fence: string }): Promise<string | undefined>;
  create(argument: RawJson, labels: Record<string, string>): Promise<string>;
  /** @returns undefined when it is unknown */
  state(executionId: string): Promise<'active' | 'succeeded' | 'failed' | 'cancelled' | undefined>;
}

export interface PubSub {
  /** JSON as the message's data. Not retried: a lost reply may have published. */
  publish(topic: string, message: unknown): Promise<void>;
}

export interface StoredObject {
  text: string;
  generation: string;
}

export interface ObjectStore {
  /** @returns undefined when there is no such object */
  read(name: string): Promise<StoredObject | undefined>;
  /** Names under a prefix. */
  list(prefix: string): Promise<string[]>;
  /** Creates or replaces. */
  write(name: string, text: string, contentType: string): Promise<void>;
}

export interface RegistryImage {
  digest: string;
  mediaType: string;
  /** Compressed size of config and layers; of all platforms for an index. */
  sizeBytes: number;
  /** `linux/amd64` */
  platforms: string[];
  labels: Record<string, string>;
}

export interface Registry {
  /** @param reference tag or digest. @returns undefined when it is not there */
  resolve(image: string, reference: string): Promise<RegistryImage | undefined>;
}

export type BuildState =
  | { status: 'running' }
  | { status: 'succeeded'; digest: string; seconds: number }
  | { status: 'failed'; reason: string };

export interface CloudBuild {
  /** Finds the build that carries this tag, so that a repeated call does not build twice. */
  find(ref: { project: string; region: string }, tag: string): Promise<string | undefined>;
  create(
    ref: { project: string; region: string },
    build: {
      bucket: string;
      object: string;
      image: string;
      imageTag: string;
      tag: string;
      timeoutSeconds: number;
    },
  ): Promise<string>;
  get(ref: { project: string; region: string }, id: string): Promise<BuildState>;
  cancel(ref: { project: string; region: string }, id: string): Promise<void>;
}

export interface Secrets {
  /** State of a version (`latest` allowed) and the number it stands for. Never the payload. */
  version(
    project: string,
    secret: string,
    version: string,
  ): Promise<{ state: 'enabled' | 'disabled' | 'destroyed'; number: string } | undefined>;
}

export interface ProbeAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
  durationMs: number;
}

/** Calls the service under deployment, as `Slipway/VERSION`. */
export interface Prober {
  /**
   * @param audience when the service is private: an identity token for this audience is sent, and only to `allowedOrigins`
   * @throws Fault `unavailable` when nothing answered, `timeout` when nothing did in time
   */
  request(request: {
    url: string;
    method: string;
    headers?: Record<string, string>;
    body?: string;
    timeoutSeconds: number;
    audience?: string;
    allowedOrigins: string[];
    signal?: AbortSignal;
  }): Promise<ProbeAnswer>;
}

export interface Callback {
  /** Posts a reply with an access token. The address was checked before. @returns the HTTP status */
  post(url: string, body: unknown): Promise<number>;
}

export interface SlackMessage {
  text: string;
  blocks: Record<string, unknown>[];
}

/** What Slack answered, when it was not a fault. */
export type SlackAnswer = { ok: true; ts: string; channel: string } | { ok: false; error: string };

export interface Slack {
  post(
    channel: string,
    message: SlackMessage,
    options?: { threadTs?: string; deploymentId?: string },
  ): Promise<SlackAnswer>;
  update(channel: string, ts: string, message: SlackMessage): Promise<SlackAnswer>;
  /** The root message of a deployment found by its metadata, after a crash between post and save. */
  findRoot(channel: string, deploymentId: string): Promise<string | undefined>;
}

/** Structured log line; never a secret's value. */
export interface Log {
  (severity: 'INFO' | 'WARNING' | 'ERROR', message: string, fields?: Record<string, unknown>): void;
}
