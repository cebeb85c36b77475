import type { BinaryOperator } from '#local/workflows/expression.ts';
import { fault } from '#local/workflows/fault.ts';
import { equal, isList, isMap, isNumber, textOf, typeName, type Value } from '#local/workflows/values.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

/** `and` and `or` are not here: they do not always evaluate their right side. */
export type StrictOperator = Exclude<BinaryOperator, 'and' | 'or'>;

/**
 * What an operator makes of two values. Operands of the wrong type are a TypeError, a zero divisor a
 * ZeroDivisionError. An int beyond 64 bits is a ValueError (unverified: Google's page on overflow was not readable).
 */
export function applyBinary(operator: StrictOperator, left: Value, right: Value): Value {
  switch (operator) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case 'in':
      return contains(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator, left, right);
    case '+':
      return concatenated(left, right) ?? arithmetic(operator, left, right);
    case '-':
    case '*':
    case '/':
    case '//':
    case '%':
      return arithmetic(operator, left, right);
    default:
      throw unreachable(operator);
  }
}

export function negate(value: Value): Value {
  if (typeof value === 'bigint') return checkedInt(-value);
  if (typeof value === 'number') return -value;
  throw fault('TypeError', `unary '-' needs a number, got ${typeName(value)}`);
}

/** @throws TypeError: there is no truthiness. */
export function requireBoolean(value: Value, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw fault('TypeError', `${what} must be a boolean, got ${typeName(value)}`);
}

/** @throws ValueError when it does not fit into a signed 64-bit integer. */
export function checkedInt(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw fault('ValueError', `integer overflow: ${value} does not fit into 64 bits`);
}

/** Text when one side is a string and the other can be written as one. */
function concatenated(left: Value, right: Value): string | undefined {
  if (typeof left !== 'string' && typeof right !== 'string') return undefined;
  return isScalar(left) && isScalar(right) ? textOf(left) + textOf(right) : undefined;
}

function isScalar(value: Value): value is boolean | bigint | number | string {
  return isNumber(value) || typeof value === 'boolean' || typeof value === 'string';
}

function contains(member: Value, container: Value): boolean {
  if (isList(container)) return container.some((item) => equal(item, member));
  if (isMap(container)) return typeof member === 'string' && container.has(member);
  const got = container === null ? 'null' : typeName(container);
  throw fault('TypeError', `The argument of 'in' must be a dict or an array; got: ${got}`);
}

function compare(operator: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  const comparable =
    (isNumber(left) && isNumber(right)) || (typeof left === 'string' && typeof right === 'string');
  if (!comparable) throw operandFault(operator, left, right);
  // The bytes of UTF-8 have the order of the characters; the units of UTF-16 do not.
  const [a, b] =
    typeof left === 'string' && typeof right === 'string'
      ? [Buffer.compare(Buffer.from(left), Buffer.from(right)), 0]
      : [left, right];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      throw unreachable(operator);
  }
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '//' | '%', left: Value, right: Value): Value {
  if (!isNumber(left) || !isNumber(right)) throw operandFault(operator, left, right);
  const divides = operator === '/' || operator === '//' || operator === '%';
  if (divides && Number(right) === 0) throw fault('ZeroDivisionError', `division by zero in '${operator}'`);
  if (typeof left === 'bigint' && typeof right === 'bigint' && operator !== '/') {
    return checkedInt(onInts(operator, left, right));
  }
  return onDoubles(operator, Number(left), Number(right));
}

/** `%` takes the sign of the dividend (unverified: the table only says "remainder"). */
function onInts(operator: '+' | '-' | '*' | '//' | '%', left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '%':
      return left % right;
    case '//': {
      const quotient = left / right;
      return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
    }
    default:
      throw unreachable(operator);
  }
}

function onDoubles(operator: '+' | '-' | '*' | '/' | '//' | '%', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    case '%':
      return left % right;
    default:
      throw unreachable(operator);
  }
}

function operandFault(operator: string, left: Value, right: Value): Error {
  return fault('TypeError', `'${operator}' is not defined for ${typeName(left)} and ${typeName(right)}`);
}
