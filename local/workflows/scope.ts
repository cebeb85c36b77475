import type { Memory } from '#local/workflows/memory.ts';
import type { Value } from '#local/workflows/values.ts';

/**
 * Variables of a workflow, loop body, parallel branch or except block. A name assigned in an inner scope belongs to the
 * nearest scope that already has it, else to the inner one and ends with it.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/variables
 */
export class Scope {
  readonly #values = new Map<string, Value>();
  readonly #memory: Memory;
  readonly #parent: Scope | undefined;
  readonly #shared: readonly string[] | undefined;
  #bytes = 0;

  /** @param shared of a parallel branch: the only names it writes further out */
  constructor(memory: Memory, parent?: Scope, shared?: readonly string[]) {
    this.#memory = memory;
    this.#parent = parent;
    this.#shared = shared;
  }

  /** Null when no assignment has run yet: after a failed `try` Google's sample callback-event compares its result with null. */
  read(name: string): Value {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    return this.#parent ? this.#parent.read(name) : null;
  }

  /** Every variable that can be read here. */
  visible(): Map<string, Value> {
    return new Map([...(this.#parent?.visible() ?? []), ...this.#values]);
  }

  write(name: string, value: Value): void {
    (this.#ownerOf(name) ?? this).define(name, value);
  }

  /** Makes a variable of this very scope, whatever those around it have. */
  define(name: string, value: Value): void {
    const before = this.#values.get(name);
    const size = this.#memory.sizeOf(value) - (before === undefined ? 0 : this.#memory.sizeOf(before));
    this.#values.set(name, value);
    this.#bytes += size;
    if (size !== 0) this.#memory.take(size);
  }

  /** Variables of this scope that no assignment has reached yet; one that is known already stays as it is. */
  declare(names: readonly string[]): void {
    for (const name of names) if (!this.#ownerOf(name)) this.define(name, null);
  }

  /** Its variables are gone. */
  end(): void {
    this.#memory.take(-this.#bytes);
    this.#bytes = 0;
  }

  #ownerOf(name: string): Scope | undefined {
    if (this.#values.has(name)) return this;
    if (!this.#parent || this.#shared?.includes(name) === false) return undefined;
    return this.#parent.#ownerOf(name);
  }
}
