import { oneLine } from './text.ts';

/** Markup that was made here. Text becomes part of it only by being escaped: there is no other way to make one. */
export interface Markup {
  readonly markup: string;
}

type Value = Markup | string | number | readonly Markup[];

/**
 * A template whose texts are escaped, for elements and quoted attributes alike. Well-formed as XML too, if what is
 * written in the templates is.
 */
export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return { markup: strings.map((string, index) => string + inserted(values[index])).join('') };
}

function inserted(value: Value | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** One line, without control characters and what reorders text. */
const escaped = (text: string): string =>
  // XML has no U+FFFE and U+FFFF.
  oneLine(text)
    .replace(/[\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');

export const nothing: Markup = { markup: '' };

/** @param head cells of the one head row; @param rows whole rows */
export const table = (head: readonly Markup[], rows: readonly Markup[]): Markup =>
  html`<table>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
