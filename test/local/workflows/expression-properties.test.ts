import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type Reach } from '#local/workflows/evaluate.ts';
import { parseExpression, type BinaryOperator, type Expression } from '#local/workflows/expression.ts';
import { WorkflowFault } from '#local/workflows/fault.ts';
import { formatJson, parseJson } from '#local/workflows/json.ts';
import { equal, type Value } from '#local/workflows/values.ts';

/** How tightly each kind binds, as in Google's table; higher is tighter. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['or'],
  ['and'],
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];
const tightness = (tree: Expression): number => {
  if (tree.kind === 'binary') return levels.findIndex((level) => level.includes(tree.operator));
  if (tree.kind === 'unary') return tree.operator === '-' ? 5 : 6;
  // `1.a` would be the number `1.` and a name.
  return tree.kind === 'literal' ? 7 : 8;
};

/** With no more parentheses than needed. */
function print(tree: Expression): string {
  const inside = (part: Expression, wanted: number): string =>
    tightness(part) >= wanted ? print(part) : `(${print(part)})`;
  switch (tree.kind) {
    case 'literal':
      if (typeof tree.value === 'string') return JSON.stringify(tree.value);
      if (typeof tree.value !== 'number') return `${tree.value as bigint | boolean | null}`;
      return /[.e]/.test(`${tree.value}`) ? `${tree.value}` : `${tree.value}.0`;
    case 'variable':
      return tree.name;
    case 'list':
      return `[${tree.items.map(print).join(', ')}]`;
    case 'call':
      return `${tree.name}(${tree.args.map(print).join(', ')})`;
    case 'member':
      return `${inside(tree.object, 8)}.${tree.key}`;
    case 'index':
      return `${inside(tree.object, 8)}[${print(tree.index)}]`;
    case 'unary':
      return `${tree.operator} ${inside(tree.operand, tightness(tree))}`;
    case 'binary': {
      const level = tightness(tree);
      return `${inside(tree.left, level)} ${tree.operator} ${inside(tree.right, level + 1)}`;
    }
  }
}

const name = fc.constantFrom('a', 'b1', '_c', 'seq', 'notes', 'order', 'inner');
const literal = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  fc.double({ min: 0, max: 1e30, noNaN: true }).map(Math.abs),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(true, false, null),
);
const { tree: anyExpression } = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    literal.map((value): Expression => ({ kind: 'literal', value })),
    name.map((text): Expression => ({ kind: 'variable', name: text })),
    fc.array(tie('tree'), { maxLength: 3 }).map((items): Expression => ({ kind: 'list', items })),
    fc
      .tuple(fc.constantFrom('f', 'text.split'), fc.array(tie('tree'), { maxLength: 2 }))
      .map(([called, args]): Expression => ({ kind: 'call', name: called, args })),
    fc.tuple(tie('tree'), name).map(([object, key]): Expression => ({ kind: 'member', object, key })),
    fc
      .tuple(tie('tree'), tie('tree'))
      .map(([object, index]): Expression => ({ kind: 'index', object, index })),
    fc
      .tuple(fc.constantFrom<'not' | '-'>('not', '-'), tie('tree'))
      .map(([operator, operand]): Expression => ({ kind: 'unary', operator, operand })),
    fc
      .tuple(fc.constantFrom(...levels.flat()), tie('tree'), tie('tree'))
      .map(([operator, left, right]): Expression => ({ kind: 'binary', operator, left, right })),
  ),
}));

/** Numbers only: what the model below can calculate by itself. */
const { tree: arithmetic } = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((value): Expression => ({ kind: 'literal', value })),
    fc.integer({ min: 0, max: 9 }).map((value): Expression => ({ kind: 'literal', value: BigInt(value) })),
    tie('tree').map((operand): Expression => ({ kind: 'unary', operator: '-', operand })),
    fc
      .tuple(fc.constantFrom<BinaryOperator>('+', '-', '*', '//', '%'), tie('tree'), tie('tree'))
      .map(([operator, left, right]): Expression => ({ kind: 'binary', operator, left, right })),
  ),
}));

const nothing: Reach = {
  read: (variable) => [variable],
  call: (called, args) => [called, ...args],
};

/** The value, or the tags of the error. */
async function outcomeOf(tree: Expression): Promise<Value> {
  try {
    return await evaluate(tree, nothing);
  } catch (error) {
    if (error instanceof WorkflowFault) return error.value;
    throw error;
  }
}

class Refused extends Error {}

/** int64 by arbitrary precision; beyond 64 bits an error (unverified), as for a zero divisor. */
function model(tree: Expression): bigint {
  const checked = (value: bigint): bigint => {
    if (value < -(2n ** 63n) || value >= 2n ** 63n) throw new Refused();
    return value;
  };
  if (tree.kind === 'literal') return tree.value as bigint;
  if (tree.kind === 'unary') return checked(-model(tree.operand));
  if (tree.kind !== 'binary') throw new Error('not arithmetic');
  const [left, right] = [model(tree.left), model(tree.right)];
  switch (tree.operator) {
    case '+':
      return checked(left + right);
    case '-':
      return checked(left - right);
    case '*':
      return checked(left * right);
    default: {
      if (right === 0n) throw new Refused();
      const remainder = left % right;
      if (tree.operator === '%') return remainder;
      const exact = (left - remainder) / right;
      return checked(remainder !== 0n && remainder < 0n !== right < 0n ? exact - 1n : exact);
    }
  }
}

describe('any expression', () => {
  it('printed with minimal parentheses is read back as the same tree, with the same outcome', async () => {
    await fc.assert(
      fc.asyncProperty(anyExpression, async (tree) => {
        const again = parseExpression(print(tree));
        expect(again).toEqual(tree);
        expect(equal(await outcomeOf(again), await outcomeOf(tree))).toBe(true);
      }),
    );
  });

  it('of integers is calculated exactly, within 64 bits', async () => {
    await fc.assert(
      fc.asyncProperty(arithmetic, async (tree) => {
        let expected: bigint | undefined;
        try {
          expected = model(tree);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
        }
        const found = await outcomeOf(tree);
        // An error is a map.
        expect(expected === undefined ? found instanceof Map : found).toBe(expected ?? true);
      }),
    );
  });

  it('compares as its parts order and negates as it should', async () => {
    const number = fc.oneof(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), fc.double({ noNaN: true }));
    await fc.assert(
      fc.asyncProperty(number, number, async (left, right) => {
        const is = async (operator: BinaryOperator): Promise<Value> =>
          outcomeOf({
            kind: 'binary',
            operator,
            left: { kind: 'literal', value: left },
            right: { kind: 'literal', value: right },
          });
        expect(await is('<')).toBe(left < right);
        expect(await is('>=')).toBe(!(left < right));
        expect(await is('!=')).toBe((await is('==')) === false);
      }),
    );
  });
});

describe('any JSON', () => {
  it('survives decoding and encoding, integers and doubles kept apart', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false, maxDepth: 4 }), (text) => {
        const decoded = parseJson(text);
        expect(equal(parseJson(formatJson(decoded)), decoded)).toBe(true);
      }),
    );
  });
});
