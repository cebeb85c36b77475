import type { Expression } from '#local/workflows/expression.ts';
import { fault } from '#local/workflows/fault.ts';
import { applyBinary, negate, requireBoolean } from '#local/workflows/operators.ts';
import type { Template } from '#local/workflows/program.ts';
import { isList, isMap, isNumber, typeName, type Value } from '#local/workflows/values.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

/** What an expression can reach: variables, and functions by name with positional arguments. */
export interface Reach {
  read(variable: string): Value;
  call(name: string, args: readonly Value[]): Promise<Value>;
}

/** `and` and `or` stop as soon as the answer is known (Google's samples guard `e.code` with `"HttpError" in e.tags and …`). */
export async function evaluate(expression: Expression, reach: Reach): Promise<Value> {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'variable':
      return reach.read(expression.name);
    case 'list':
      return evaluateAll(expression.items, reach);
    case 'member':
      return elementOf(await evaluate(expression.object, reach), expression.key);
    case 'index':
      return elementOf(await evaluate(expression.object, reach), await evaluate(expression.index, reach));
    case 'unary': {
      const operand = await evaluate(expression.operand, reach);
      return expression.operator === '-' ? negate(operand) : !requireBoolean(operand, "the operand of 'not'");
    }
    case 'call':
      return reach.call(expression.name, await evaluateAll(expression.args, reach));
    case 'binary': {
      const { operator } = expression;
      const left = await evaluate(expression.left, reach);
      if (operator !== 'and' && operator !== 'or') {
        return applyBinary(operator, left, await evaluate(expression.right, reach));
      }
      const known = requireBoolean(left, `the left side of '${operator}'`);
      if (known === (operator === 'or')) return known;
      return requireBoolean(await evaluate(expression.right, reach), `the right side of '${operator}'`);
    }
    default:
      throw unreachable(expression);
  }
}

/** A YAML value with its expressions replaced by what they evaluate to. */
export async function evaluateTemplate(template: Template, reach: Reach): Promise<Value> {
  switch (template.kind) {
    case 'constant':
      return template.value;
    case 'expression':
      return evaluate(template.expression, reach);
    case 'list': {
      const items: Value[] = [];
      for (const item of template.items) items.push(await evaluateTemplate(item, reach));
      return items;
    }
    case 'map': {
      const map = new Map<string, Value>();
      for (const [key, value] of template.entries) {
        const name = await evaluateTemplate(key, reach);
        if (typeof name !== 'string')
          throw fault('TypeError', `a map key must be a string, got ${typeName(name)}`);
        map.set(name, await evaluateTemplate(value, reach));
      }
      return map;
    }
    default:
      throw unreachable(template);
  }
}

/** `container[key]`: KeyError for a missing key, IndexError outside the list, TypeError for anything else. */
function elementOf(container: Value, key: Value): Value {
  if (isMap(container)) {
    if (typeof key !== 'string') throw fault('TypeError', `a map key must be a string, got ${typeName(key)}`);
    const value = container.get(key);
    if (value === undefined) throw fault('KeyError', `key not found: ${key}`);
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

async function evaluateAll(expressions: readonly Expression[], reach: Reach): Promise<Value[]> {
  const values: Value[] = [];
  for (const expression of expressions) values.push(await evaluate(expression, reach));
  return values;
}

function describeKey(key: Value): string {
  return typeof key === 'string' || isNumber(key) ? `'${key}'` : typeName(key);
}
