import { messageOf } from '#shared/errors.ts';
import { fault, faultOf } from '#local/workflows/fault.ts';
import { isList, isMap, typeName, type Value } from '#local/workflows/values.ts';

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** JSON text → value. `1` is an int, `1.0` and `1e0` are doubles, an integer beyond int64 becomes a double (unverified). */
export function parseJson(text: string): Value {
  try {
    return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]) as Value;
  } catch (error) {
    throw fault('ValueError', `invalid JSON: ${messageOf(error)}`);
  }
}

function revive(_key: string, value: unknown, context: { source?: string }): Value {
  if (typeof value === 'number' && context.source !== undefined && /^-?\d+$/.test(context.source)) {
    const int = BigInt(context.source);
    return int >= int64.min && int <= int64.max ? int : value;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value as Record<string, Value>));
  }
  return value as Value;
}

/**
 * Value → JSON text, ints in full. Bytes have no JSON form: ValueError. What is nested too deep is beyond a limit.
 * @param indent as of JSON.stringify
 */
export function formatJson(value: Value, indent = ''): string {
  try {
    return JSON.stringify(toPlain(value), undefined, indent);
  } catch (error) {
    throw faultOf(error);
  }
}

function toPlain(value: Value): unknown {
  if (isList(value)) return value.map(toPlain);
  if (isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [key, toPlain(item)]));
  if (value instanceof Uint8Array) {
    throw fault('ValueError', `a value of type ${typeName(value)} cannot be encoded as JSON`);
  }
  if (typeof value === 'bigint') return rawJson(String(value));
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw fault('ValueError', `${value} cannot be encoded as JSON`);
  }
  return value;
}

/** JSON.rawJSON is in Node 24 but not yet in the compiler's library. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON.bind(JSON);
