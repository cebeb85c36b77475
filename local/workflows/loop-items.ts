import { fault } from '#local/workflows/fault.ts';
import { isList, isNumber, typeName, type Value } from '#local/workflows/values.ts';

/** What a `for` runs over: the elements of a list, or the numbers of a range with both its ends. */
export function loopItems(kind: 'in' | 'range', over: Value): Iterable<Value> {
  return kind === 'in' ? listOf(over) : rangeOf(over);
}

/** How many of them there are; 0 for what `loopItems` refuses. */
export function loopCount(kind: 'in' | 'range', over: Value): number {
  if (!isList(over)) return 0;
  const [start, end] = over;
  if (kind === 'in') return over.length;
  return isNumber(start ?? null) && isNumber(end ?? null)
    ? Math.max(0, Math.floor(Number(end) - Number(start)) + 1)
    : 0;
}

function listOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  throw fault('TypeError', `'in' must be a list, got ${typeName(value)}`);
}

/** Both ends belong to it; one that ends before it starts is empty. Ints or doubles, each one more than the one before. */
function* rangeOf(value: Value): Generator<Value> {
  const [start, end, ...more] = isList(value) ? value : [];
  if (start === undefined || end === undefined || more.length > 0 || !isNumber(start) || !isNumber(end)) {
    throw fault('TypeError', `'range' must be a list of two numbers`);
  }
  if (typeof start === 'bigint') for (let item = start; item <= end; item += 1n) yield item;
  else for (let item = start; item <= end; item += 1) yield item;
}
