import { fault } from '#local/workflows/fault.ts';
import type { Value } from '#local/workflows/values.ts';

/**
 * Variables of a workflow, loop body or except block. A name assigned in an inner scope belongs to the nearest scope
 * that already has it, else to the inner one and ends with it.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/variables
 */
export class Scope {
  readonly #values: Map<string, Value>;
  readonly #parent: Scope | undefined;

  constructor(parent: Scope | undefined, values: Iterable<[string, Value]> = []) {
    this.#parent = parent;
    this.#values = new Map(values);
  }

  has(name: string): boolean {
    return this.#values.has(name) || (this.#parent?.has(name) ?? false);
  }

  /** @throws KeyError (the tag is unverified) when no assignment has run yet */
  read(name: string): Value {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    if (this.#parent) return this.#parent.read(name);
    throw fault('KeyError', `variable '${name}' is not assigned yet`);
  }

  write(name: string, value: Value): void {
    if (!this.#values.has(name) && this.#parent?.has(name)) this.#parent.write(name, value);
    else this.#values.set(name, value);
  }
}
