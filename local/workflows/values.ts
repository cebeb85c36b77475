/**
 * The values of the Workflows language, tagged by their JavaScript type: an int is a bigint (int64), a double a
 * number, bytes a Uint8Array, a map a Map. They are never changed in place: an assignment makes a new container
 * along its path, so every variable behaves as an independent copy.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/datatypes
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<string, Value>;

export type ValueMap = ReadonlyMap<string, Value>;
export type TypeName = 'null' | 'boolean' | 'integer' | 'double' | 'string' | 'bytes' | 'list' | 'map';

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ValueMap {
  return value instanceof Map;
}

/** The names `get_type` answers. */
export function typeName(value: Value): TypeName {
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (isMap(value)) return 'map';
  if (value instanceof Uint8Array) return 'bytes';
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'integer';
    case 'number':
      return 'double';
    default:
      return 'string';
  }
}

/** The characters of a text: Workflows counts code points, not UTF-16 units. */
export function charactersOf(text: string): string[] {
  return Array.from(text);
}

/** The text of a number or boolean, as `string()` and `"" + value` give it. Doubles without a fraction: unverified. */
export function textOf(value: boolean | bigint | number | string): string {
  return String(value);
}

/**
 * Deep equality by type; an int and a double are equal when their numbers are (unverified: secondary sources say
 * equality is strict by type but not how int and double compare).
 */
export function equal(left: Value, right: Value): boolean {
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right) && sameInt(left, right);
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index] ?? null));
  }
  if (isMap(left) && isMap(right)) {
    return (
      left.size === right.size &&
      [...left].every(([key, item]) => right.has(key) && equal(item, right.get(key) ?? null))
    );
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return Buffer.compare(left, right) === 0;
  }
  return left === right;
}

export function isNumber(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

function sameInt(left: bigint | number, right: bigint | number): boolean {
  return typeof left !== 'bigint' || typeof right !== 'bigint' || left === right;
}
