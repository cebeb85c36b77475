import { define } from '#local/workflows/library/function.ts';
import { isMap, isNumber, typeName, type Value, type ValueMap } from '#local/workflows/values.ts';
import { checkedInt } from '#local/workflows/operators.ts';
import { fault } from '#local/workflows/fault.ts';

/** list.*, map.* and math.*: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview. Always new containers. */
export const collectionFunctions = [
  define('list.concat(objs, val)', (args) => [...args.list('objs'), args.any('val')]),
  define('list.prepend(objs, val)', (args) => [args.any('val'), ...args.list('objs')]),
  define('map.get(map, keys)', (args) => {
    const keys = args.any('keys');
    const path = typeof keys === 'string' ? [keys] : args.list('keys');
    return lookUp(args.any('map'), path);
  }),
  define('map.delete(map, key)', (args) => {
    const copy = new Map(args.map('map'));
    if (!copy.delete(args.string('key'))) throw fault('KeyError', `key not found: ${args.string('key')}`);
    return copy;
  }),
  define('map.merge(first, second)', (args) => new Map([...args.map('first'), ...args.map('second')])),
  define('map.merge_nested(first, second)', (args) => mergeNested(args.map('first'), args.map('second'))),
  define('math.abs(x)', (args) => {
    const value = numberIn(args.any('x'), 'math.abs');
    if (typeof value === 'bigint') return checkedInt(value < 0n ? -value : value);
    return Math.abs(value);
  }),
  define('math.max(x, y)', (args) => extreme(args.any('x'), args.any('y'), 'math.max')),
  define('math.min(x, y)', (args) => extreme(args.any('x'), args.any('y'), 'math.min')),
];

/** Null when the map, a key on the way or the last key is not there: map.get never raises a KeyError. */
function lookUp(map: Value, path: readonly Value[]): Value {
  let found: Value = map;
  for (const key of path) {
    if (typeof key !== 'string') {
      throw fault('TypeError', `a key of map.get must be a string, got ${typeName(key)}`);
    }
    if (!isMap(found)) return null;
    found = found.get(key) ?? null;
  }
  return found;
}

function mergeNested(first: ValueMap, second: ValueMap): ValueMap {
  const merged = new Map(first);
  for (const [key, value] of second) {
    const before = merged.get(key);
    merged.set(
      key,
      before !== undefined && isMap(before) && isMap(value) ? mergeNested(before, value) : value,
    );
  }
  return merged;
}

function extreme(x: Value, y: Value, name: 'math.max' | 'math.min'): Value {
  const left = numberIn(x, name);
  const right = numberIn(y, name);
  return left > right === (name === 'math.max') ? left : right;
}

function numberIn(value: Value, name: string): bigint | number {
  if (isNumber(value)) return value;
  throw fault('TypeError', `${name} needs numbers, got ${typeName(value)}`);
}
