import type { DoctorFinding as Finding } from '#shared/slack/diagnose.ts';
import type { Answer } from './google.ts';

export type { Finding };
export type About = Pick<Finding, 'id' | 'what'>;

/** One of several things of a kind. */
export interface Item {
  name: string;
  /** Undefined when all is well. */
  problem: string | undefined;
  fix?: string;
}

type Scalar = string | number | boolean | undefined;
/** What is looked at, as it is, as it should be. */
export type Row = [what: string, found: Scalar, wanted: Scalar];

/** What differs, in words; undefined when nothing does. */
export function difference(rows: readonly Row[]): string | undefined {
  const words = rows
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what} is ${inWords(found)}, expected ${inWords(wanted)}`);
  return words.length === 0 ? undefined : words.join('; ');
}

const inWords = (value: Scalar): string =>
  value === undefined || value === ''
    ? 'not set'
    : typeof value === 'boolean'
      ? value
        ? 'on'
        : 'off'
      : String(value);

/** Those of `wanted` that are not there, in words; undefined when all are. */
export function absent(
  what: string,
  wanted: readonly string[],
  found: readonly string[],
): string | undefined {
  const missing = wanted.filter((name) => !found.includes(name));
  return missing.length === 0 ? undefined : `${what} ${missing.join(', ')} missing`;
}

/** Several problems as one. */
export const together = (...problems: (string | undefined)[]): string | undefined =>
  problems.filter((problem) => problem !== undefined).join('; ') || undefined;

/** One finding for all that is well, and one for each thing that is not. @param good said of those that are well */
export function grouped(about: About, items: readonly Item[], good: string): Finding[] {
  const bad = items.filter(({ problem }) => problem !== undefined);
  const well = items.length - bad.length;
  return [
    ...(well > 0 ? [{ ...about, ok: true, found: `${well} ${good}` }] : []),
    ...bad.map(({ name, problem = '', fix }) => ({
      id: `${about.id}:${name}`,
      ok: false,
      what: `${about.what}: ${name}`,
      found: problem,
      ...(fix === undefined ? {} : { fix }),
    })),
  ];
}

/** One thing that is looked at alone. */
export const single = (about: About, good: string, { problem, fix }: Omit<Item, 'name'>): Finding[] => [
  problem === undefined
    ? { ...about, ok: true, found: good }
    : { ...about, ok: false, found: problem, ...(fix === undefined ? {} : { fix }) },
];

/**
 * What comes of an answer. An API that is off is one finding of its own (`apis.ts`), not one for everything behind it.
 * @param missing what a 404 means; without it, that is not known
 */
export function settle<T>(
  about: About,
  answer: Answer<T>,
  judge: (value: T) => Finding[],
  missing?: () => Finding[],
): Finding[] {
  switch (answer.status) {
    case 'answered':
      return judge(answer.value);
    case 'off':
      return [];
    case 'missing':
      return missing?.() ?? [{ ...about, ok: 'unknown', found: answer.found }];
    case 'unknown':
      return [
        {
          ...about,
          ok: 'unknown',
          found: answer.found,
          ...(answer.fix === undefined ? {} : { fix: answer.fix }),
        },
      ];
  }
}

/** Several of a kind that are not known, as one finding: most often one right is missing for all of them. */
export function unread(
  about: About,
  items: readonly { name: string; found: string; fix?: string }[],
): Finding[] {
  const [first, ...others] = items;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : `; nor are ${others.map(({ name }) => name).join(', ')}`;
  const found = `${first.name} is not known: ${first.found}${more}`;
  return [{ ...about, ok: 'unknown', found, ...(first.fix === undefined ? {} : { fix: first.fix }) }];
}
