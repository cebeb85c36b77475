import { define, type Args } from '#local/workflows/library/function.ts';
import { fault } from '#local/workflows/fault.ts';
import { checkedInt } from '#local/workflows/operators.ts';
import {
  charactersOf,
  isList,
  isMap,
  isNumber,
  textOf,
  typeName,
  type Value,
} from '#local/workflows/values.ts';

/** https://docs.cloud.google.com/workflows/docs/reference/stdlib/expression-helpers; all arguments are evaluated. */
export const helperFunctions = [
  define('default(value, default_value)', (args) => args.optional('value') ?? args.any('default_value')),
  define('if(condition, when_true, when_false)', (args) =>
    args.any('condition') !== null && args.boolean('condition')
      ? args.any('when_true')
      : args.any('when_false'),
  ),
  define('get_type(value)', (args) => typeName(args.any('value'))),
  define('string(value)', (args) => {
    const value = args.any('value');
    const scalar = isNumber(value) || typeof value === 'boolean' || typeof value === 'string';
    if (!scalar) throw cannotConvert(value, 'string');
    return textOf(value);
  }),
  define('int(value)', (args) => toInt(args)),
  define('double(value)', (args) => {
    const value = args.any('value');
    if (isNumber(value)) return Number(value);
    if (typeof value !== 'string') throw cannotConvert(value, 'double');
    if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value)) {
      throw args.invalid('value', `is not a number: "${value}"`);
    }
    return Number(value);
  }),
  define('keys(map)', (args) => [...args.map('map').keys()]),
  define('len(value)', (args) => {
    const value = args.any('value');
    if (typeof value === 'string') return BigInt(charactersOf(value).length);
    if (isList(value)) return BigInt(value.length);
    if (isMap(value)) return BigInt(value.size);
    throw fault('TypeError', `len() needs a string, list or map, got ${typeName(value)}`);
  }),
];

/** Doubles are truncated (unverified). */
function toInt(args: Args): bigint {
  const value = args.any('value');
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw args.invalid('value', `is not finite: ${value}`);
    return checkedInt(BigInt(Math.trunc(value)));
  }
  if (typeof value !== 'string') throw cannotConvert(value, 'integer');
  if (!/^\s*[+-]?\d+\s*$/.test(value)) throw args.invalid('value', `is not an integer: "${value}"`);
  return checkedInt(BigInt(value.trim().replace(/^\+/, '')));
}

function cannotConvert(value: Value, to: string): Error {
  return fault('TypeError', `a value of type ${typeName(value)} cannot be converted to ${to}`);
}
