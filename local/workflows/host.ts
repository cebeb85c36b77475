import type { Clock } from '#shared/clock.ts';
import type { Position } from '#local/workflows/program.ts';
import type { Value, ValueMap } from '#local/workflows/values.ts';

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
  /** Told what the run does as it does it. */
  observer?: Observer;
}

export interface LogEntry {
  severity: string;
  /** Text, or a map for structured logs. */
  data: Value;
}

/** Its functions must be cheap and must not throw. */
export interface Observer {
  /** Twice for each entry: when it begins and when it ends. */
  onStep?(event: StepEvent): void;
  /** Each event tells the variables too. */
  detailed?: boolean;
  /** When a call step has evaluated its arguments and begins the call; what it answers is told the end. A cancelled one has none. */
  onCall?(call: CallBegun): (end: CallEnd) => void;
  /** Before the run waits that long, at most when for a callback. */
  onWait?(seconds: number, why: WaitReason): void;
  /** Once for each billed step; `external` counts a step that was announced as internal again, as external. */
  onBilled?(kind: keyof BilledSteps): void;
}

/** `retry`: between the tries of a `try` or of a connector's request. `poll`: between looks at a long-running operation. */
export type WaitReason = 'sleep' | 'retry' | 'callback' | 'poll';

/**
 * The kinds of step entries in the Executions API, without `STEP_`. STEPS, a plain block of steps, is not among those.
 * Those of a part are entries of their own inside their step.
 */
export type StepType =
  | 'ASSIGN'
  | 'STD_LIB_CALL'
  | 'CONNECTOR_CALL'
  | 'SUBWORKFLOW_CALL'
  | 'SWITCH'
  | 'FOR'
  | 'FOR_ITERATION'
  | 'PARALLEL_FOR'
  | 'PARALLEL_BRANCH'
  | 'PARALLEL_BRANCH_ENTRY'
  | 'TRY_RETRY_EXCEPT'
  | 'TRY'
  | 'RETRY'
  | 'EXCEPT'
  | 'RETURN'
  | 'RAISE'
  | 'GOTO'
  | 'STEPS';

export interface StepEvent {
  /** Counted from 1 in the order entries begin; both events of an entry have the same. */
  id: number;
  /** The entry it runs inside: block, loop, branch or the step that called the subworkflow. */
  parent: number | undefined;
  routine: string;
  step: string;
  type: StepType;
  /** One iteration, branch, try, retry or except of a step: not a step itself and not billed as one. */
  part: boolean;
  position: Position;
  state: 'in-progress' | 'succeeded' | 'failed';
  /** Empty for what runs in no branch; else the branches it is in, outermost first: `1`, `1.2`. */
  threadId: string;
  /** What the step failed with. */
  error?: Value;
  /** Counted from 0: the iteration of a loop, the branch of a parallel step, the retry. */
  iteration?: number;
  /** How many iterations or branches there will be, unless one ends the others. */
  expected?: number;
  /** Those in scope where the entry stands, for a detailed observer. */
  variables?: ValueMap;
}

export interface CallBegun {
  step: string;
  /** What is called: `http.get`, a subworkflow. */
  callee: string;
  args: ValueMap;
}

/** `origin` is the step that the failure comes from. */
type CallEnd = { state: 'succeeded'; response: Value } | { state: 'failed'; error: Value; origin: string };

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

/** Billed steps so far. https://cloud.google.com/workflows/pricing: internal reaches Google only, external any other address or waits for a callback. */
export interface BilledSteps {
  internal: number;
  external: number;
}
