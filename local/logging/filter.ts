import { GoogleError } from '#local/google-error.ts';

/** One comparison of a filter. Several values are alternatives. */
export interface Term {
  field: string;
  operator: '=' | '>=' | '>' | '<=' | '<' | ':';
  values: string[];
  negated: boolean;
}

const value = String.raw`"(?:[^"\\]|\\.)*"|[\w.-]+`;
const comparison = new RegExp(
  String.raw`^\s*(?<not>NOT\s+)?(?<field>[a-zA-Z][\w.]*)\s*(?<operator>>=|<=|=|>|<|:)\s*(?:(?<one>${value})|\((?<many>(?:${value})(?:\s+OR\s+(?:${value}))*)\))\s*(?<and>AND\b|$)`,
);

/**
 * The part of the filter language of Cloud Logging and Cloud Monitoring that is answered here: comparisons joined by AND,
 * each perhaps with NOT, or with alternatives in parentheses.
 * @param fields what may be compared
 * @throws GoogleError UNIMPLEMENTED for anything else
 */
export function parseFilter(text: string, fields: readonly string[]): Term[] {
  const terms: Term[] = [];
  for (let rest = text; rest.trim() !== '';) {
    const match = comparison.exec(rest);
    const { not, field = '', operator, one, many, and } = match?.groups ?? {};
    const next = rest.slice(match?.[0].length);
    if (!match || !fields.includes(field) || (and === 'AND' && next.trim() === ''))
      throw unsupported(rest, fields);
    const values = one === undefined ? [...(many ?? '').matchAll(new RegExp(value, 'g'))].map(String) : [one];
    terms.push({
      field,
      operator: operator as Term['operator'],
      values: values.map(unquoted),
      negated: not !== undefined,
    });
    rest = next;
  }
  return terms;
}

const unquoted = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;

function unsupported(rest: string, fields: readonly string[]): GoogleError {
  return new GoogleError(
    'UNIMPLEMENTED',
    `The local cloud does not support the filter at ${JSON.stringify(rest.trim())}: expected comparisons of ${fields.join(', ')} joined by AND`,
  );
}

/** The one value that the filter wants a field to have. @throws GoogleError UNIMPLEMENTED when it does not say so */
export function onlyValue(terms: readonly Term[], field: string): string {
  const [term, ...more] = terms.filter((known) => known.field === field);
  const [wanted, ...others] = term?.values ?? [];
  if (
    !term ||
    more.length > 0 ||
    wanted === undefined ||
    others.length > 0 ||
    term.operator !== '=' ||
    term.negated
  ) {
    throw new GoogleError(
      'UNIMPLEMENTED',
      `The local cloud answers only filters with exactly one ${field}="…"`,
    );
  }
  return wanted;
}
