import type { Position } from '#local/workflows/program.ts';
import { isMap, typeName, type Value } from '#local/workflows/values.ts';

/** The documented tags of errors: https://docs.cloud.google.com/workflows/docs/reference/syntax/error-types */
export type FaultTag =
  | 'AuthError'
  | 'ConnectionError'
  | 'ConnectionFailedError'
  | 'ExecutionError'
  | 'FailedJobError'
  | 'HttpError'
  | 'IndexError'
  | 'KeyError'
  | 'OperationError'
  | 'ParallelNestingError'
  | 'RecursionError'
  | 'ResourceLimitError'
  | 'ResponseTypeError'
  | 'SystemError'
  | 'TimeoutError'
  | 'TypeError'
  | 'UnhandledBranchError'
  | 'ValueError'
  | 'ZeroDivisionError';

export interface TraceElement {
  routine: string;
  step: string;
  position: Position;
}

/** An error of the workflow language: what `raise` throws and `except` catches. */
export class WorkflowFault extends Error {
  /** What `except.as` receives: a string or a map. */
  readonly value: Value;
  /** False for a resource limit the engine itself enforces; no `except` sees it. */
  readonly catchable: boolean;
  readonly #trace: TraceElement[] = [];
  #depth = Number.POSITIVE_INFINITY;

  constructor(value: Value, message: string, catchable = true) {
    super(message);
    this.name = 'WorkflowFault';
    this.value = value;
    this.catchable = catchable;
  }

  /** Where it was raised: one step per call, innermost first (the order is unverified). */
  get trace(): readonly TraceElement[] {
    return this.#trace;
  }

  /** Told by every step it passes on its way out; the first one of each call depth counts. */
  passed(element: TraceElement, depth: number): void {
    if (depth >= this.#depth) return;
    this.#depth = depth;
    this.#trace.push(element);
  }
}

/** A fault of the runtime's own, `{message, tags: [tag]}` plus `extra` keys (HttpError has code, headers and body). */
export function fault(tag: FaultTag, message: string, extra: Iterable<[string, Value]> = []): WorkflowFault {
  return new WorkflowFault(
    new Map<string, Value>([...extra, ['message', message], ['tags', [tag]]]),
    message,
  );
}

/** The step limit and its like: ends the execution, whatever `except` says. */
export function limitFault(message: string): WorkflowFault {
  return new WorkflowFault(
    new Map<string, Value>([
      ['message', message],
      ['tags', ['ResourceLimitError']],
    ]),
    message,
    false,
  );
}

/** What JavaScript cannot hold, Google's engine does not hold either (strings of 500 MB, lists 10,000 deep): a limit. */
export function faultOf(error: unknown): unknown {
  return error instanceof RangeError
    ? limitFault(`a value is too large or nested too deep: ${error.message}`)
    : error;
}

/** What `raise` throws: a string or a map, kept as it is. */
export function raisedFault(value: Value): WorkflowFault {
  if (typeof value === 'string') return new WorkflowFault(value, value);
  if (!isMap(value)) return fault('TypeError', `'raise' takes a string or a map, got ${typeName(value)}`);
  const message = value.get('message') ?? null;
  return new WorkflowFault(value, typeof message === 'string' ? message : '');
}
