import type { Suite } from './document.ts';

/**
 * What a report says, apart from how it is written down: the same sections for Markdown and HTML. A piece of text that is
 * ours is `plain`; a foreign one is `words`, or `code` where it is a name or a value.
 */
export type Piece =
  | { kind: 'plain' | 'strong' | 'words' | 'code'; text: string }
  /** Parsed before: http or https. */
  | { kind: 'link'; text: string; url: string };

export type Text = readonly Piece[];

export type Block =
  | { kind: 'paragraph'; text: Text }
  | { kind: 'list'; items: Text[] }
  | { kind: 'facts'; rows: { name: string; value: Text }[] }
  | { kind: 'table'; head: string[]; rows: Text[][] }
  | { kind: 'lines'; text: string; language: 'sh' | 'text' }
  | { kind: 'suite'; suite: Suite }
  /** A picture of what tables say too. */
  | { kind: 'figure'; figure: 'steps' | 'probes' | 'traffic' };

export interface Section {
  id: string;
  title: string;
  blocks: Block[];
}

export const code = (text: string): Piece => ({ kind: 'code', text });
export const strong = (text: string): Piece => ({ kind: 'strong', text });
export const linkTo = (url: string, text: string): Piece => ({ kind: 'link', text, url: new URL(url).href });

/** Text with what is foreign put into it as such. */
export function text(strings: TemplateStringsArray, ...values: (string | number | Piece | Text)[]): Text {
  return strings.flatMap((string, index): Piece[] => {
    const value = values[index];
    const plain: Piece[] = string === '' ? [] : [{ kind: 'plain', text: string }];
    if (value === undefined) return plain;
    if (typeof value !== 'object') return [...plain, { kind: 'words', text: String(value) }];
    return [...plain, ...('kind' in value ? [value] : value)];
  });
}

export const paragraph = (...pieces: Parameters<typeof text>): Block => ({
  kind: 'paragraph',
  text: text(...pieces),
});

export const list = (items: Text[]): Block[] => (items.length === 0 ? [] : [{ kind: 'list', items }]);

/** Without the rows of which nothing is known. */
export const facts = (rows: [name: string, value: Text | null][]): Block => ({
  kind: 'facts',
  rows: rows.flatMap(([name, value]) => (value === null ? [] : [{ name, value }])),
});

/** @param reason why there is nothing to say */
export const notRun = (reason: string): Block => paragraph`Not run: ${reason}`;
