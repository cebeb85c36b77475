import type { Capture, HttpCheck } from '#shared/domain/service/checks.ts';
import type { ProbeAnswer } from '#shared/ports/prober.ts';
import { fieldOf } from './body.ts';

/** Longer ones are no value but a document. */
const longestValue = 4096;
/** Shorter ones would be taken for parts of other words. */
const shortestHidden = 4;

/** Values of answers that later checks use, by name. They may be secret: they are never put on record. */
export type Values = ReadonlyMap<string, string>;

export type Captured = { values: Values; problems: string[] };

/** The values a check wants of an answer, and which of them are not there. */
export function capture(wanted: HttpCheck['capture'], answer: ProbeAnswer): Captured {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, from] of Object.entries(wanted)) {
    const value = valueOf(from, answer);
    if (value === undefined) problems.push(`${name}: nothing at ${placeInWords(from)}`);
    else if (value.length > longestValue)
      problems.push(
        `${name}: ${value.length} characters at ${placeInWords(from)}, at most ${longestValue} wanted`,
      );
    else values.set(name, value);
  }
  return { values, problems };
}

function valueOf(from: Capture, { body, headers }: ProbeAnswer): string | undefined {
  if ('header' in from) return headers[from.header.toLowerCase()];
  if ('json' in from) {
    const value = fieldOf(body, from.json);
    if (typeof value === 'string') return value === '' ? undefined : value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  }
  const { after, before } = from.text;
  const start = body.indexOf(after);
  const end = start < 0 ? -1 : body.indexOf(before, start + after.length);
  return end < 0 || end === start + after.length ? undefined : body.slice(start + after.length, end);
}

const placeInWords = (from: Capture): string =>
  'header' in from
    ? `header ${from.header}`
    : 'json' in from
      ? `field ${from.json}`
      : `the text after ${JSON.stringify(from.text.after)}`;

const use = /\$\{([A-Za-z]\w*)\}/g;

/** Names of values that a text uses. */
export const namesIn = (text: string): string[] => [...text.matchAll(use)].map(([, name = '']) => name);

/** Every text of a check in which values can be used. */
export const textsOf = (check: {
  path?: string;
  headers?: Record<string, string>;
  body?: string | undefined;
  send?: string | undefined;
}): string[] => [check.path ?? '', ...Object.values(check.headers ?? {}), check.body ?? '', check.send ?? ''];

const filled = (text: string, values: Values, asText: (value: string) => string): string =>
  text.replaceAll(use, (written, name: string) => {
    const value = values.get(name);
    return value === undefined ? written : asText(value);
  });

/** In a path a value is one piece, whatever it holds, so that it leads nowhere else. */
export const inPath = (text: string, values: Values): string => filled(text, values, encodeURIComponent);
export const inText = (text: string, values: Values): string => filled(text, values, (value) => value);
/** Where the text is JSON with the uses as strings, a value cannot end its string. */
export const inBody = (text: string, values: Values): string =>
  filled(text, values, (value) => (isJson(text) ? JSON.stringify(value).slice(1, -1) : value));

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A sentence about an answer without the captured values. */
export function hide(text: string, values: Values): string {
  let hidden = text;
  for (const [name, value] of values) {
    if (value.length < shortestHidden) continue;
    for (const form of new Set([value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]))
      hidden = hidden.replaceAll(form, `\${${name}}`);
  }
  return hidden;
}
