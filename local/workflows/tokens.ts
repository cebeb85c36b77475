/** The words of an expression. `offset` counts characters from the start of the expression. */
export type Token =
  | { kind: 'int'; value: bigint; offset: number }
  | { kind: 'double'; value: number; offset: number }
  | { kind: 'string'; value: string; offset: number }
  | { kind: 'word'; text: string; offset: number }
  | { kind: 'symbol'; text: string; offset: number }
  | { kind: 'end'; offset: number };

/** Says what is wrong with an expression and at which character. */
export class ExpressionError extends Error {
  constructor(message: string, offset: number) {
    super(`${message} at character ${offset + 1} of the expression`);
    this.name = 'ExpressionError';
  }
}

/** The one number that fits into 64 bits with a minus sign before it only. */
export const beyondInt64 = 2n ** 63n;

export function tooLarge(value: bigint, offset: number): ExpressionError {
  return new ExpressionError(`integer ${value} does not fit into 64 bits`, offset);
}

const patterns = {
  space: /\s+/y,
  number: /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?/y,
  word: /[A-Za-z_][A-Za-z0-9_]*/y,
  string: /"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'/y,
  symbol: /\/\/|<=|>=|==|!=|[()[\].,+\-*/%<>]/y,
};
const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/** @throws ExpressionError on a character that starts no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text) ?? undefined;
    if (match) offset += match[0].length;
    return match;
  };
  while (offset < text.length) {
    const start = offset;
    if (take(patterns.space)) continue;
    const number = take(patterns.number)?.[0];
    if (number !== undefined) {
      tokens.push(numberToken(number, start));
      continue;
    }
    const word = take(patterns.word)?.[0];
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word, offset: start });
      continue;
    }
    const string = take(patterns.string);
    if (string) {
      tokens.push({ kind: 'string', value: unescape(string[1] ?? string[2] ?? '', start), offset: start });
      continue;
    }
    const symbol = take(patterns.symbol)?.[0];
    if (symbol === undefined) throw new ExpressionError(`unexpected '${text.charAt(start)}'`, start);
    tokens.push({ kind: 'symbol', text: symbol, offset: start });
  }
  tokens.push({ kind: 'end', offset: text.length });
  return tokens;
}

function numberToken(text: string, offset: number): Token {
  if (!/^\d+$/.test(text)) return { kind: 'double', value: Number(text), offset };
  const value = BigInt(text);
  if (value > beyondInt64) throw tooLarge(value, offset);
  return { kind: 'int', value, offset };
}

function unescape(raw: string, offset: number): string {
  return raw.replaceAll(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (whole, hex?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (letter === undefined) throw new ExpressionError(`unknown escape ${whole}`, offset);
    if ('"\'\\/'.includes(letter)) return letter;
    const meaning = escapes[letter];
    if (meaning === undefined) throw new ExpressionError(`unknown escape ${whole}`, offset);
    return meaning;
  });
}
