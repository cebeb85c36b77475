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
interface OperationState {
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
  | { status: 'succeeded'; seconds: number; logUri?: string }
  /** `reason` is Google's (`NON_ZERO_EXIT_CODE`, `CANCELLED`, `CONTAINER_MISSING`), `message` its text. */
  | { status: 'failed'; reason: string; message: string; logUri?: string };

/** Cloud Run jobs. They are declared elsewhere (Terraform); here they are run. */
export interface Jobs {
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

export interface Workflows {
  /** The id of an execution that is ACTIVE or QUEUED, or the newest one, with the label `deployment` and `fence`. */
  find(labels: { deployment: string; fence: string }): Promise<string | undefined>;
  create(argument: RawJson, labels: Record<string, string>): Promise<string>;
  /** @returns undefined when it is unknown */
  state(executionId: string): Promise<'active' | 'succeeded' | 'failed' | 'cancelled' | undefined>;
  /** Ends it where it is: no `except` block of it runs. One that has ended already → Fault. */
  cancel(executionId: string): Promise<void>;
}

export interface PubSub {
  /** JSON as the message's data. Not retried: a lost reply may have published. */
  publish(topic: string, message: unknown): Promise<void>;
}

interface StoredObject {
  text: string;
  generation: string;
}

export interface ObjectStore {
  /** @returns undefined when there is no such object */
  read(name: string): Promise<StoredObject | undefined>;
  /** What is under a prefix, as it is now. */
  list(prefix: string): Promise<{ name: string; generation: string }[]>;
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
  /** ISO 8601: when the image says it was made. */
  createdAt?: string;
  /** ISO 8601: when the registry got it; only Artifact Registry tells. */
  uploadedAt?: string;
}

/** A tag and what it points at now. When the tag was put there no registry says: an old image may have got it just now. */
export interface ImageTag {
  tag: string;
  digest: string;
  /** ISO 8601: when the registry got the image for the first time. */
  uploadedAt: string;
}

export interface Registry {
  /** @param reference tag or digest. @returns undefined when it is not there */
  resolve(image: string, reference: string): Promise<RegistryImage | undefined>;
  /** All tags of an image; none for one that is not in Artifact Registry: only that tells times of upload. */
  tags(image: string): Promise<ImageTag[]>;
  /**
   * The repository an image is kept in, as Artifact Registry names it (`projects/P/locations/L/repositories/R`).
   * @returns `absent` when there is none, undefined for another registry, which is not asked
   */
  repository(image: string): Promise<{ name: string } | 'absent' | undefined>;
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
  /**
   * State of a version (`latest` allowed) and the number it stands for. Never the payload.
   * `resource`: the secret's name with the project's number, as IAM knows it: `projects/4242/secrets/S`.
   */
  version(
    project: string,
    secret: string,
    version: string,
  ): Promise<{ state: 'enabled' | 'disabled' | 'destroyed'; number: string; resource: string } | undefined>;
  /**
   * What `judge` says of a version's value. The value is given to `judge` alone: a judgement must not contain it, and
   * nothing else here keeps, returns or names it. Asked only where a service file declares a rule on the value.
   * @returns undefined when there is no such version
   */
  judge<T>(
    project: string,
    secret: string,
    version: string,
    judge: (value: string) => T,
  ): Promise<T | undefined>;
}

/** Both ends in milliseconds since the epoch. */
export interface TimeWindow {
  fromMs: number;
  toMs: number;
}

/** How many requests took from `fromMs` to `toMs`; Infinity in the bucket that has no upper end. */
export interface LatencyBucket {
  fromMs: number;
  toMs: number;
  count: number;
}

/** Requests that one revision answered, whoever sent them: our own probes are among them (traps 18). */
export interface RequestStats {
  requests: number;
  /** Of them, those answered with 5xx. */
  serverErrors: number;
  /** Ascending, without empty buckets. Not a percentile: only who knows the distribution can leave own probes out. */
  latencies: LatencyBucket[];
  /** The part of the window that the figures speak of; undefined when there are none. */
  covered: TimeWindow | undefined;
}

export interface Monitoring {
  /** Only what was measured wholly inside the window; the newest minutes are not visible yet. */
  requestStats(ref: ServiceRef, revision: string, window: TimeWindow): Promise<RequestStats>;
}

export interface LogEntry {
  /** ISO 8601 */
  at: string;
  /** Google's: `DEFAULT`, `INFO`, `ERROR` … */
  severity: string;
  text: string;
  status?: number;
  userAgent?: string;
  traceId?: string;
}

export interface Logging {
  /**
   * The newest entries of one revision, newest last: `server-errors` are users' requests that were answered with 5xx (not
   * our probes'), `container` what the container wrote and what Cloud Run says of it, `system` the latter alone. Seconds late.
   */
  entries(
    ref: ServiceRef,
    revision: string,
    query: { fromMs: number; toMs?: number; kind: 'server-errors' | 'container' | 'system'; limit: number },
  ): Promise<LogEntry[]>;
}

export interface ProbeAnswer {
  status: number;
  body: string;
  /** The body was longer and was not read on. */
  truncated?: boolean;
  headers: Record<string, string>;
  durationMs: number;
}

/** What every call of a prober has. */
export interface ProbeTarget {
  url: string;
  headers?: Record<string, string>;
  timeoutSeconds: number;
  /** When the service is private: an identity token for this audience is sent. */
  audience?: string;
  /** The only places anything is sent to. */
  allowedOrigins: string[];
  signal?: AbortSignal;
}

/** A WebSocket as it went. */
export interface Conversation {
  /** 101, or what the handshake was answered with instead. */
  status: number;
  /** The subprotocol that was agreed on; empty without one. */
  protocol: string;
  /** The beginnings of the newest messages, oldest first. */
  messages: string[];
  /** A message was the awaited one. */
  matched: boolean;
  /** The other side's close: its code, and whether it came before it was asked for. */
  closed?: { code: number; early: boolean };
  /** Until the awaited message, or until it was open when none was. */
  durationMs: number;
}

/** What a TLS server shows. */
export interface PeerCertificate {
  /** `TLSv1.3` */
  protocol: string;
  subject: string;
  /** The names it is good for. */
  names: string[];
  issuer: string;
  validFromMs: number;
  validToMs: number;
  /** Why the chain or the name is not trusted, in OpenSSL's words. */
  problem?: string;
}

/** Calls the service under deployment, as `Slipway/VERSION`. Faults: `unavailable` when nothing answered, `timeout` when nothing did in time. */
export interface Prober {
  /** A redirect is an answer, unless it may be followed and stays where it is. */
  request(
    request: ProbeTarget & { method: string; body?: string; followRedirects?: boolean },
  ): Promise<ProbeAnswer>;
  /**
   * Opens, sends, waits for the awaited message, stays open, closes.
   * @param request `url` with http(s); `awaits` is told every message until it says yes; with `awaitsClose` the other side
   * has as much time again to close first
   */
  webSocket(
    request: ProbeTarget & {
      protocol?: string;
      send?: string;
      awaits?: (message: string) => boolean;
      awaitsClose?: boolean;
      staysOpenSeconds: number;
    },
  ): Promise<Conversation>;
  /** What the server behind an https address shows; an invalid certificate is an answer. */
  certificate(
    request: Pick<ProbeTarget, 'url' | 'timeoutSeconds' | 'allowedOrigins' | 'signal'>,
  ): Promise<PeerCertificate>;
}

/** What is only looked at, before anything is built. */
export interface LookUps {
  serviceUsage: ServiceUsage;
  iam: Iam;
  cloudSql: CloudSql;
  network: Network;
}

export interface ServiceUsage {
  /** Which of these APIs (`run.googleapis.com`) are on in a project, and the project's number. */
  enabled(project: string, apis: readonly string[]): Promise<{ on: string[]; projectNumber: string }>;
}

export interface Iam {
  /**
   * Of these permissions the ones the *caller* has (traps 27).
   * @param resource full resource name: `//run.googleapis.com/projects/P/locations/L/services/S`
   */
  mine(resource: string, permissions: readonly string[]): Promise<string[]>;
  /**
   * Whether somebody else has a permission, by all allow and deny policies that apply; `unknown` when the caller may not
   * see all of them, or a condition decides.
   */
  granted(principal: string, resource: string, permission: string): Promise<'yes' | 'no' | 'unknown'>;
  /** @returns undefined when it does not exist */
  serviceAccount(email: string): Promise<{ disabled: boolean } | undefined>;
}

export interface SqlInstance {
  /** Google's: `RUNNABLE`, `SUSPENDED`, `MAINTENANCE` … */
  state: string;
  /** `NEVER` when it was stopped; it is `RUNNABLE` then all the same. */
  activationPolicy: string | undefined;
  /** `PROJECT:REGION:INSTANCE` */
  connectionName: string;
  region: string;
  /** `POSTGRES_17` */
  databaseVersion: string;
  tier: string | undefined;
  /** The flag `max_connections`; undefined when it is not set and the tier decides. */
  maxConnections: number | undefined;
  sslMode: string | undefined;
  hasPublicIp: boolean;
  /** `projects/P/global/networks/N` */
  privateNetwork: string | undefined;
}

export interface CloudSql {
  /** @returns undefined when it does not exist */
  instance(project: string, name: string): Promise<SqlInstance | undefined>;
}

export interface VpcConnector {
  /** Google's: `READY`, `CREATING`, `DELETING`, `ERROR`, `UPDATING`. */
  state: string;
  network: string | undefined;
  /** Absent when it lives in a subnet that somebody made for it. */
  ipCidrRange: string | undefined;
  minInstances: number | undefined;
  maxInstances: number | undefined;
  /** Mbit/s */
  minThroughput: number | undefined;
  maxThroughput: number | undefined;
}

export interface Subnetwork {
  ipCidrRange: string;
  network: string;
}

export interface Network {
  /** @param name full name: `projects/P/locations/L/connectors/C`. @returns undefined when it does not exist */
  connector(name: string): Promise<VpcConnector | undefined>;
  /** @param name full name: `projects/P/regions/R/subnetworks/S`. @returns undefined when it does not exist */
  subnetwork(name: string): Promise<Subnetwork | undefined>;
}

export interface Callback {
  /** Posts a reply with an access token. The address was checked before. @returns the HTTP status */
  post(url: string, body: unknown): Promise<number>;
}

export interface SlackMessage {
  text: string;
  blocks: Record<string, unknown>[];
  /** The same with older blocks only, for a workspace that refuses `blocks`. */
  simpler?: Record<string, unknown>[];
}

/** What Slack answered, when it was not a fault. */
export type SlackAnswer = { ok: true; ts: string; channel: string } | { ok: false; error: string };

export interface Slack {
  post(
    channel: string,
    message: SlackMessage,
    options?: {
      threadTs?: string;
      /** A reply that is shown in the channel too. */
      broadcast?: boolean;
      /** What the message is about, such as a deployment's or an approval's id: `findRoot` finds it by that. */
      subject?: string;
    },
  ): Promise<SlackAnswer>;
  update(channel: string, ts: string, message: SlackMessage): Promise<SlackAnswer>;
  /**
   * The message about a subject found by its metadata, after a crash between post and save: in the channel, or among the
   * replies to a message.
   */
  findRoot(
    channel: string,
    subject: string,
    threadTs?: string,
  ): Promise<{ ts: string; channel: string } | undefined>;
}

export interface SlackProfile {
  /** Absent when the app may not read it. */
  email?: string;
  /** The workspace the person belongs to: in a shared channel it may be another company's. */
  team: string;
  name: string;
  isBot: boolean;
  /** Deactivated. */
  isDeleted: boolean;
}

/** Who people are in Slack. */
export interface SlackDirectory {
  /** @returns undefined when there is no such user */
  user(id: string): Promise<SlackProfile | undefined>;
  /** User ids. Fault `unsupported` when the plan or a scope does not allow to ask, `not-found` when there is no such group. */
  groupMembers(group: string): Promise<string[]>;
}

/** Answers a command or a button where it was pressed, for 30 minutes and five times at most (slack.md §1.1). */
export interface Responder {
  /**
   * Only the person sees it unless `inChannel`. `replace` puts it in place of the message whose button was pressed,
   * `remove` takes that away. Fault `invalid-input` when the address is not Slack's or the time is over.
   */
  respond(
    responseUrl: string,
    message: SlackMessage | 'remove',
    options?: { inChannel?: boolean; replace?: boolean },
  ): Promise<void>;
}

/** Calls a person outside Slack. */
export interface Pager {
  /** @param page `key`: repeats of it are one alarm */
  page(page: { key: string; summary: string; details: Record<string, string | undefined> }): Promise<void>;
}

/** Structured log line; never a secret's value. */
export interface Log {
  (severity: 'INFO' | 'WARNING' | 'ERROR', message: string, fields?: Record<string, unknown>): void;
}
