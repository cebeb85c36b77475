import type { Clock } from '#shared/clock.ts';
import type { Action } from '#local/workflows/program.ts';
import type { Value } from '#local/workflows/values.ts';

/** Everything a running workflow can see or do outside itself. */
export interface WorkflowHost {
  clock: Clock;
  fetch: typeof fetch;
  /** A random UUID. */
  newId(): string;
  /** What `sys.get_env` reads. */
  env: Readonly<Record<string, string>>;
  log(entry: LogEntry): void;
  /** An OAuth 2 access token of the workflow's service account. */
  accessToken(): string;
  /** An OIDC identity token of the workflow's service account. */
  idToken(audience: string): Promise<string>;
  /** Where a connector's service answers, without a trailing slash (`https://pubsub.googleapis.com`), by its name (`pubsub`). */
  connectorOrigin(service: string): string;
  callbacks: CallbackPort;
  /** Called before each step runs; must be cheap. */
  onStep?(event: StepEvent): void;
}

export interface LogEntry {
  severity: string;
  /** Text, or a map for structured logs. */
  data: Value;
}

export interface StepEvent {
  routine: string;
  step: string;
  kind: Action['kind'];
}

export interface CallbackPort {
  /** Makes an endpoint and answers its URL. */
  create(method: string): string;
  /**
   * The next delivery to that endpoint (one held since earlier comes at once), or undefined after `timeoutMs`.
   * Rejects with the signal's reason when that aborts, and with a ValueError fault when the URL is no endpoint of this execution.
   */
  next(url: string, timeoutMs: number, signal: AbortSignal): Promise<CallbackDelivery | undefined>;
}

export interface CallbackDelivery {
  method: string;
  url: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  /** Already decoded by its content type. */
  body: Value;
  /** RFC 3339 */
  receivedTime: string;
}

/** Billed steps so far. https://cloud.google.com/workflows/pricing: internal reaches Google only, external any other address. */
export interface BilledSteps {
  internal: number;
  external: number;
}
