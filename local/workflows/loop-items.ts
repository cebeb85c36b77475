import { fault } from '#local/workflows/fault.ts';
import { isList, typeName, type Value } from '#local/workflows/values.ts';

/** What a `for` runs over: the elements of a list, or the integers of a range with both its ends. */
export function loopItems(kind: 'in' | 'range', over: Value): Iterable<Value> {
  return kind === 'in' ? listOf(over) : rangeOf(over);
}

function listOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  throw fault('TypeError', `'in' must be a list, got ${typeName(value)}`);
}

/** Both ends belong to it; one that ends before it starts is empty. */
function* rangeOf(value: Value): Generator<bigint> {
  const [start, end, ...more] = isList(value) ? value : [];
  if (typeof start !== 'bigint' || typeof end !== 'bigint' || more.length > 0) {
    throw fault('TypeError', `'range' must be a list of two integers`);
  }
  for (let item = start; item <= end; item += 1n) yield item;
}
