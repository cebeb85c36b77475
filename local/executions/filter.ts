import { comparable, fieldOf, type FieldTable, type LabelsOf } from './fields.ts';
import { GoogleError } from '#local/google-error.ts';

type Test<T> = (item: T) => boolean;
const comparators = ['<=', '>=', '!=', '=', '<', '>', ':'] as const;
type Comparator = (typeof comparators)[number];

/**
 * A filter of a list: `state="FAILED" AND (startTime>"2023-08-01" OR NOT labels.team="x")`. As in AIP-160 OR binds tighter
 * than AND, terms side by side are joined by AND, `*` at either end of a text matches anything and `FIELD:*` asks whether
 * there is a value. Words without a field are refused. The API's page names `label` as a field but not how a key of it is
 * written: `labels.KEY` is unverified.
 * @see https://google.aip.dev/160
 * @throws GoogleError INVALID_ARGUMENT for what is no such filter
 */
export function parseFilter<T>(text: string, table: FieldTable<T>, labelsOf?: LabelsOf<T>): Test<T> {
  const tokens = tokensOf(text);
  let at = 0;
  const next = (): string | undefined => tokens[at];
  const take = (wanted: string): boolean => next() === wanted && (at += 1) > 0;
  const wrong = (expected: string): GoogleError =>
    new GoogleError(
      'INVALID_ARGUMENT',
      `filter ${JSON.stringify(text)}: expected ${expected}, got ${next() ?? 'its end'}`,
    );

  function conjunction(): Test<T> {
    const tests = [disjunction()];
    while (next() !== undefined && next() !== ')') {
      take('AND');
      tests.push(disjunction());
    }
    return (item) => tests.every((test) => test(item));
  }
  function disjunction(): Test<T> {
    const tests = [term()];
    while (take('OR')) tests.push(term());
    return (item) => tests.some((test) => test(item));
  }
  function term(): Test<T> {
    if (take('NOT')) {
      const test = term();
      return (item) => !test(item);
    }
    if (!take('(')) return restriction();
    const test = conjunction();
    if (!take(')')) throw wrong('")"');
    return test;
  }
  function restriction(): Test<T> {
    const name = next();
    if (name === undefined || !/^[\p{L}_]/u.test(name)) throw wrong('a field');
    const field = fieldOf(table, name, labelsOf);
    at += 1;
    const comparator = comparators.find((known) => take(known));
    if (!comparator) throw wrong(`one of ${comparators.join(' ')} behind "${name}"`);
    const value = next();
    if (value === undefined || value === '(' || value === ')') throw wrong(`a value for "${name}"`);
    at += 1;
    const plain = /^["']/.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
    const { prefix = '' } = field;
    const wanted = plain.startsWith(prefix) ? plain.slice(prefix.length) : plain;
    const test = comparison(comparator, field.kind, wanted);
    return (item) => test(field.read(item));
  }

  if (tokens.length === 0) return () => true;
  const test = conjunction();
  if (next() !== undefined) throw wrong('its end');
  return test;
}

function comparison(
  comparator: Comparator,
  kind: Parameters<typeof comparable>[0],
  wanted: string,
): Test<string | undefined> {
  if (comparator === ':' && wanted === '*') return (value) => value !== undefined;
  if (kind === 'text' && wanted.includes('*') && ['=', '!=', ':'].includes(comparator)) {
    const pattern = wildcard(wanted);
    return (value) => (value !== undefined && pattern.test(value)) === (comparator !== '!=');
  }
  const right = comparable(kind, wanted);
  return (value) => {
    if (value === undefined) return comparator === '!=';
    const left = comparable(kind, value);
    if (comparator === '=' || comparator === ':') return left === right;
    if (comparator === '!=') return left !== right;
    if (comparator === '<') return left < right;
    if (comparator === '<=') return left <= right;
    return comparator === '>' ? left > right : left >= right;
  };
}

function wildcard(text: string): RegExp {
  const [, first, middle = '', last] = /^(\*?)(.*?)(\*?)$/s.exec(text) ?? [];
  const literal = middle.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${first ? '.*' : ''}${literal}${last ? '.*' : ''}$`, 's');
}

function tokensOf(text: string): string[] {
  const token = /\s*(?:([()]|<=|>=|!=|[=<>:]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s()<>=!:"']+)|$)/suy;
  const tokens: string[] = [];
  while (token.lastIndex < text.length) {
    const start = token.lastIndex;
    const match = token.exec(text);
    if (!match) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `filter ${JSON.stringify(text)} breaks off at character ${start + 1}`,
      );
    }
    if (match[1] !== undefined) tokens.push(match[1]);
    else break;
  }
  return tokens;
}
