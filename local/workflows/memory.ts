import { limitFault } from '#local/workflows/fault.ts';
import type { Limits } from '#local/workflows/program.ts';
import { isList, isMap, type Value } from '#local/workflows/values.ts';

/**
 * Counts what the variables of one execution hold: 8 bytes for a number or boolean (and null: unverified), 8 and its
 * contents for a string, bytes, a list or a map. Each variable is an independent copy and counts in full.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/variables
 */
export class Memory {
  readonly #limits: Limits;
  /** Values are never changed in place, so each container is measured once. */
  readonly #sizes = new WeakMap<object, number>();
  #used = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** @throws WorkflowFault that cannot be caught, beyond the limit */
  take(bytes: number): void {
    this.#used += bytes;
    if (this.#used <= this.#limits.memoryBytes) return;
    throw limitFault(`the variables hold ${this.#used} bytes, the limit is ${this.#limits.memoryBytes}`);
  }

  /** @throws WorkflowFault that cannot be caught, for a string beyond the limit */
  sizeOf(value: Value): number {
    if (typeof value === 'string') return 8 + this.#textBytes(value);
    if (typeof value !== 'object' || value === null) return 8;
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    let size = 8;
    if (isList(value)) for (const item of value) size += this.sizeOf(item);
    else if (isMap(value)) for (const [key, item] of value) size += this.#textBytes(key) + this.sizeOf(item);
    else size += value.length;
    this.#sizes.set(value, size);
    return size;
  }

  #textBytes(text: string): number {
    const bytes = Buffer.byteLength(text);
    if (bytes <= this.#limits.stringBytes) return bytes;
    throw limitFault(`a string has ${bytes} bytes, the limit is ${this.#limits.stringBytes}`);
  }
}
