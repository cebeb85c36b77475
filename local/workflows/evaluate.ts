import { mapInTurn, after, type Eventual } from '#local/workflows/eventual.ts';
import type { Expression } from '#local/workflows/expression.ts';
import { fault } from '#local/workflows/fault.ts';
import { applyBinary, negate, requireBoolean } from '#local/workflows/operators.ts';
import type { Template } from '#local/workflows/program.ts';
import { isList, isMap, isNumber, typeName, type Value } from '#local/workflows/values.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

/** What an expression can reach: variables, and functions by name with positional arguments. */
export interface Reach {
  read(variable: string): Value;
  call(name: string, args: readonly Value[]): Eventual<Value>;
}

/** `and` and `or` stop as soon as the answer is known (Google's samples guard `e.code` with `"HttpError" in e.tags and …`). */
export function evaluate(expression: Expression, reach: Reach): Eventual<Value> {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'variable':
      return reach.read(expression.name);
    case 'list':
      return mapInTurn(expression.items, (item) => evaluate(item, reach));
    case 'member':
      return after(evaluate(expression.object, reach), (object) => elementOf(object, expression.key));
    case 'index':
      return after(evaluate(expression.object, reach), (object) =>
        after(evaluate(expression.index, reach), (index) => elementOf(object, index)),
      );
    case 'unary':
      return after(evaluate(expression.operand, reach), (operand) =>
        expression.operator === '-' ? negate(operand) : !requireBoolean(operand, "the operand of 'not'"),
      );
    case 'call':
      return after(
        mapInTurn(expression.args, (arg) => evaluate(arg, reach)),
        (args) => reach.call(expression.name, args),
      );
    case 'binary': {
      const { operator, right } = expression;
      return after(evaluate(expression.left, reach), (left) => {
        if (operator !== 'and' && operator !== 'or') {
          return after(evaluate(right, reach), (value) => applyBinary(operator, left, value));
        }
        const known = requireBoolean(left, `the left side of '${operator}'`);
        if (known === (operator === 'or')) return known;
        return after(evaluate(right, reach), (value) =>
          requireBoolean(value, `the right side of '${operator}'`),
        );
      });
    }
    default:
      throw unreachable(expression);
  }
}

/** A YAML value with its expressions replaced by what they evaluate to. */
export function evaluateTemplate(template: Template, reach: Reach): Eventual<Value> {
  switch (template.kind) {
    case 'constant':
      return template.value;
    case 'expression':
      return evaluate(template.expression, reach);
    case 'list':
      return mapInTurn(template.items, (item) => evaluateTemplate(item, reach));
    case 'map':
      return after(
        mapInTurn(template.entries, ([key, value]) =>
          after(evaluateTemplate(key, reach), (name) =>
            after(evaluateTemplate(value, reach), (made): [string, Value] => [keyOf(name), made]),
          ),
        ),
        (entries) => new Map(entries),
      );
    default:
      throw unreachable(template);
  }
}

/** `container[key]`: KeyError for a missing key, IndexError outside the list, TypeError for anything else. */
function elementOf(container: Value, key: Value): Value {
  if (isMap(container)) {
    const value = container.get(keyOf(key));
    if (value === undefined) throw fault('KeyError', `key not found: ${keyOf(key)}`);
    return value;
  }
  if (isList(container)) return container[listIndex(container, key)] ?? null;
  throw fault(
    'TypeError',
    `a value of type ${typeName(container)} has no elements (asked for ${describeKey(key)})`,
  );
}

/** A copy of `container` in which the element at `path` is `value`. Only the last key of a path may be new. */
export function withElement(container: Value, path: readonly Value[], value: Value): Value {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (isMap(container) && typeof key === 'string') {
    const inner = rest.length === 0 ? value : withElement(elementOf(container, key), rest, value);
    return new Map([...container, [key, inner]]);
  }
  if (isList(container)) {
    const index = listIndex(container, key);
    return container.with(index, withElement(container[index] ?? null, rest, value));
  }
  throw fault('TypeError', `cannot assign ${describeKey(key)} inside a value of type ${typeName(container)}`);
}

function listIndex(list: readonly Value[], key: Value): number {
  if (typeof key !== 'bigint')
    throw fault('TypeError', `a list index must be an integer, got ${typeName(key)}`);
  if (key < 0n || key >= BigInt(list.length)) {
    throw fault('IndexError', `index out of range: ${key} (the list has ${list.length} elements)`);
  }
  return Number(key);
}

function keyOf(key: Value): string {
  if (typeof key === 'string') return key;
  throw fault('TypeError', `a map key must be a string, got ${typeName(key)}`);
}

function describeKey(key: Value): string {
  return typeof key === 'string' || isNumber(key) ? `'${key}'` : typeName(key);
}
