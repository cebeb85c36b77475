import type { WaitReason, WorkflowHost } from '#local/workflows/host.ts';
import type { Limits } from '#local/workflows/program.ts';
import { fault } from '#local/workflows/fault.ts';
import { isList, isMap, isNumber, typeName, type Value, type ValueMap } from '#local/workflows/values.ts';

/** A function of the standard library or a connector. */
export interface LibraryFunction {
  name: string;
  /** In order; all the required ones first. */
  params: readonly { name: string; required: boolean }[];
  /** A blocking function may be called by a step only, never inside an expression. */
  blocking: boolean;
  /** Arguments that Google takes and this runtime cannot: why. A deployment that gives one is refused. */
  refuses?: Readonly<Record<string, string>>;
  run(args: Args, context: CallContext): Value | Promise<Value>;
}

/** What a library function may reach. */
export interface CallContext {
  host: WorkflowHost;
  limits: Limits;
  signal: AbortSignal;
  /** How long the execution may still last. @throws WorkflowFault that cannot be caught, when it may no longer */
  secondsLeft(): number;
  /** Sleeps on the clock of the run; the observer is told. */
  wait: (seconds: number, why: WaitReason) => Promise<void>;
  /** The step is billed as external: it reaches an address that is not Google's, or waits for a callback. */
  billExternal(): void;
  /** One more billed step, for what the engine does again on its own (a retry, a look at an operation). */
  billAgain(): void;
}

/**
 * @param signature as in Google's reference, with `?` behind optional parameters: `text.split(source, separator)`
 */
export function define(signature: string, run: LibraryFunction['run'], blocking = false): LibraryFunction {
  const match = /^([\w.]+)\((.*)\)$/.exec(signature);
  const [, name, list] = match ?? [];
  if (name === undefined || list === undefined) throw new Error(`not a signature: ${signature}`);
  const params = list
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => ({ name: text.replace('?', ''), required: !text.endsWith('?') }));
  return { name, params, blocking, run };
}

/** The arguments of one call. Each reader checks the type and raises a TypeError that names function and argument. */
export class Args {
  readonly #function: string;
  readonly #values: ReadonlyMap<string, Value>;

  constructor(functionName: string, values: ReadonlyMap<string, Value>) {
    this.#function = functionName;
    this.#values = values;
  }

  /** Undefined when it was not given or is null. */
  optional(name: string): Value | undefined {
    return this.#values.get(name) ?? undefined;
  }

  any(name: string): Value {
    return this.#values.get(name) ?? null;
  }

  string(name: string, otherwise?: string): string {
    const value = this.optional(name) ?? otherwise;
    return typeof value === 'string' ? value : this.#wrong(name, 'a string');
  }

  boolean(name: string, otherwise?: boolean): boolean {
    const value = this.optional(name) ?? otherwise;
    return typeof value === 'boolean' ? value : this.#wrong(name, 'a boolean');
  }

  /** Int or double. */
  number(name: string, otherwise?: number): number {
    const value = this.optional(name) ?? otherwise;
    return value !== undefined && isNumber(value) ? Number(value) : this.#wrong(name, 'a number');
  }

  integer(name: string): number {
    const value = this.any(name);
    return typeof value === 'bigint' ? Number(value) : this.#wrong(name, 'an integer');
  }

  bytes(name: string): Uint8Array {
    const value = this.any(name);
    return value instanceof Uint8Array ? value : this.#wrong(name, 'bytes');
  }

  list(name: string): readonly Value[] {
    const value = this.any(name);
    return isList(value) ? value : this.#wrong(name, 'a list');
  }

  map(name: string): ValueMap {
    const value = this.any(name);
    return isMap(value) ? value : this.#wrong(name, 'a map');
  }

  /** A fault for a value of the right type that does not fit. */
  invalid(name: string, problem: string): Error {
    return fault('ValueError', `argument '${name}' of ${this.#function} ${problem}`);
  }

  #wrong(name: string, wanted: string): never {
    const got = typeName(this.any(name));
    throw fault('TypeError', `argument '${name}' of ${this.#function} must be ${wanted}, got ${got}`);
  }
}
