import { beyondInt64, ExpressionError, tokenize, tooLarge, type Token } from '#local/workflows/tokens.ts';
import type { Value } from '#local/workflows/values.ts';

export type BinaryOperator =
  | 'and'
  | 'or'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | '+'
  | '-'
  | '*'
  | '/'
  | '//'
  | '%';

export type Expression =
  | { kind: 'literal'; value: Value }
  | { kind: 'list'; items: readonly Expression[] }
  | { kind: 'variable'; name: string }
  | { kind: 'member'; object: Expression; key: string }
  | { kind: 'index'; object: Expression; index: Expression }
  | { kind: 'unary'; operator: 'not' | '-'; operand: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'call'; name: string; args: readonly Expression[] };

const literals = new Map<string, Value>([
  ...['true', 'True', 'TRUE'].map((word): [string, Value] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, Value] => [word, false]),
  ...['null', 'Null', 'NULL'].map((word): [string, Value] => [word, null]),
]);
/** Words that cannot be names. */
export const reserved: ReadonlySet<string> = new Set([
  ...literals.keys(),
  'and',
  'AND',
  'or',
  'OR',
  'not',
  'NOT',
  'in',
]);

/** Loosest first. Google's table puts `not` and unary minus, in this order, tighter than all of these. */
const levels: readonly (readonly string[])[] = [
  ['or', 'OR'],
  ['and', 'AND'],
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];

/**
 * Parses the text between `${` and `}`. Map literals do not exist in the language.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/datatypes (order of operations)
 * @throws ExpressionError
 */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text);
  let position = 0;
  const peek = (): Token => tokens[position] ?? { kind: 'end', offset: text.length };
  const textAt = (token: Token): string | undefined =>
    token.kind === 'word' || token.kind === 'symbol' ? token.text : undefined;
  const accept = (...words: string[]): string | undefined => {
    const found = textAt(peek());
    if (found === undefined || !words.includes(found)) return undefined;
    position += 1;
    return found;
  };
  const expect = (symbol: string): void => {
    if (accept(symbol) === undefined) throw unexpected(`expected '${symbol}'`);
  };
  const unexpected = (wanted: string): ExpressionError => {
    const token = peek();
    const found =
      token.kind === 'end' ? 'the end' : `'${textAt(token) ?? String('value' in token && token.value)}'`;
    return new ExpressionError(`${wanted}, found ${found}`, token.offset);
  };

  function binary(level: number): Expression {
    const operators = levels[level];
    if (!operators) return minus();
    let left = binary(level + 1);
    for (let found = accept(...operators); found !== undefined; found = accept(...operators)) {
      left = {
        kind: 'binary',
        operator: found.toLowerCase() as BinaryOperator,
        left,
        right: binary(level + 1),
      };
    }
    return left;
  }

  function minus(): Expression {
    if (accept('-') === undefined) return negation();
    const token = peek();
    if (token.kind === 'int' && token.value === beyondInt64) {
      position += 1;
      return { kind: 'literal', value: -beyondInt64 };
    }
    return { kind: 'unary', operator: '-', operand: minus() };
  }

  function negation(): Expression {
    if (accept('not', 'NOT') !== undefined) return { kind: 'unary', operator: 'not', operand: negation() };
    return postfix();
  }

  function postfix(): Expression {
    let expression = primary();
    for (;;) {
      if (accept('.') !== undefined) {
        const token = peek();
        if (token.kind !== 'word') throw unexpected("expected a name after '.'");
        position += 1;
        expression = { kind: 'member', object: expression, key: token.text };
      } else if (accept('[') !== undefined) {
        const index = binary(0);
        expect(']');
        expression = { kind: 'index', object: expression, index };
      } else if (textAt(peek()) === '(') {
        const name = dottedName(expression);
        if (name === undefined) throw unexpected('only a function name can be called');
        position += 1;
        expression = { kind: 'call', name, args: items(')') };
      } else {
        return expression;
      }
    }
  }

  function primary(): Expression {
    const token = peek();
    if (accept('(') !== undefined) {
      const inner = binary(0);
      expect(')');
      return inner;
    }
    if (accept('[') !== undefined) return { kind: 'list', items: items(']') };
    if (token.kind === 'int' && token.value === beyondInt64) throw tooLarge(token.value, token.offset);
    if (token.kind === 'int' || token.kind === 'double' || token.kind === 'string') {
      position += 1;
      return { kind: 'literal', value: token.value };
    }
    if (token.kind === 'word') {
      const literal = literals.get(token.text);
      if (literal === undefined && reserved.has(token.text)) throw unexpected('expected a value');
      position += 1;
      return literal === undefined
        ? { kind: 'variable', name: token.text }
        : { kind: 'literal', value: literal };
    }
    throw unexpected('expected a value');
  }

  function items(close: string): Expression[] {
    if (accept(close) !== undefined) return [];
    const found = [binary(0)];
    while (accept(',') !== undefined) found.push(binary(0));
    expect(close);
    return found;
  }

  const expression = binary(0);
  if (peek().kind !== 'end') throw unexpected('expected an operator or the end');
  return expression;
}

/** `a.b.c` as text; undefined when the expression is more than names joined by dots. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.kind === 'variable') return expression.name;
  if (expression.kind !== 'member') return undefined;
  const object = dottedName(expression.object);
  return object === undefined ? undefined : `${object}.${expression.key}`;
}
