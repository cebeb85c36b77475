import { DeploymentId } from '#shared/domain/ids.ts';
import { isDigest } from '#shared/domain/image.ts';
import type { OptionName, TypedText } from './typed-text.ts';

export interface Problem {
  /** What is wrong and what is expected. Plain text, nothing escaped. */
  problem: string;
  /** The whole command as it was probably meant. */
  didYouMean?: string;
}

/** A command that cannot be understood, on its way to `parseCommand`. */
export class Misread extends Error {
  readonly answer: Problem;
  constructor(problem: string, didYouMean?: string) {
    super(problem);
    this.answer = { problem, ...(didYouMean === undefined ? {} : { didYouMean }) };
  }
}

/** The words of one command, taken from the left, and its options, taken by name. */
export interface Words {
  peek(ahead?: number): string | undefined;
  next(): string | undefined;
  /** Takes the next word if it is this one, in whatever case and with a terminal's dashes. */
  take(...words: string[]): boolean;
  /** As `take`, wherever it stands. */
  takeAnywhere(word: string): boolean;
  /** All words that are left. */
  rest(): string | undefined;
  /** Of several the last one. */
  option(name: OptionName): string | undefined;
  all(name: OptionName): string[];
  hasOption(name: OptionName): boolean;
  /** Options whose end is a guess. */
  unquoted: readonly OptionName[];
  /** What nobody took. */
  left(): { word: string | undefined; options: OptionName[] };
}

export function createWords(typed: TypedText, from = 0): Words {
  const words = typed.words.slice(from);
  const options = new Map(typed.options);
  const isWord = (word: string | undefined, wanted: string): boolean =>
    word?.replace(/^--?/, '').toLowerCase() === wanted;
  const all = (name: OptionName): string[] => {
    const values = (options.get(name) ?? []).map((value) => value.trim());
    options.delete(name);
    if (values.includes('')) throw new Misread(`${name}= is empty.`);
    for (const value of values) checkLength(`${name}=`, value);
    return values;
  };
  return {
    peek: (ahead = 0) => words[ahead],
    next: () => words.shift(),
    take(...wanted) {
      const taken = wanted.some((each) => isWord(words[0], each));
      if (taken) words.shift();
      return taken;
    },
    takeAnywhere(wanted) {
      const at = words.findIndex((word) => isWord(word, wanted));
      if (at >= 0) words.splice(at, 1);
      return at >= 0;
    },
    rest() {
      const text = words.splice(0).join(' ').trim();
      checkLength('The reason', text);
      return text === '' ? undefined : text;
    },
    option: (name) => all(name).at(-1),
    all,
    unquoted: typed.unquoted,
    hasOption: (name) => options.has(name),
    left: () => ({ word: words[0], options: [...options.keys()] }),
  };
}

/** Of a reason, a claim, a title: what is kept of each (`requests.ts`, `change.ts`). */
const longest = 300;

function checkLength(what: string, { length }: string): void {
  if (length > longest) throw new Misread(`${what} has ${length} characters, expected at most ${longest}.`);
}

/** A service or an environment, in small letters: a phone begins with a capital. */
export function takeName(words: Words, what: string, form: string): string {
  const word = words.next();
  if (word === undefined) throw new Misread(`The ${what} is missing. It is written: ${form}`);
  const name = word.toLowerCase();
  if (/^[a-z][a-z0-9-]{0,62}$/.test(name)) return name;
  throw new Misread(
    `"${word}" is no name of ${what === 'service' ? 'a service' : 'an environment'}. It is written: ${form}`,
  );
}

/** Ids begin with the time, so with `d` and a digit: a service's name seldom does. */
export const isDeploymentId = (word: string): boolean =>
  /^d\d/i.test(word) && DeploymentId.safeParse(word.toLowerCase()).success;

/** A tag or a whole digest, if there is a word left. */
export function takeRef(words: Words): string | undefined {
  const word = words.next();
  if (word === undefined || isDigest(word)) return word;
  if (/^sha256:/i.test(word))
    throw new Misread(`"${word}" is no digest: expected sha256: and 64 hexadecimal digits.`);
  if (/^\w[\w.-]{0,127}$/.test(word)) return word;
  const hint = word.includes('=')
    ? ' There are the options reason=, change=, change-url=, claim= and override-freeze=.'
    : '';
  throw new Misread(`"${word}" is neither a tag nor a digest.${hint}`);
}

/** The next word looks like the name of a release or a revision rather than like a reason. */
export const looksLikeRelease = (word: string): boolean =>
  isDeploymentId(word) || /^(v?\d[\w.-]*|sha256:.*|.+-d\d[0-9a-z]{10}|(?=.*\d)[0-9a-f]{7,40})$/i.test(word);

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const longestSeconds = 366 * unitSeconds.d;

/** `90m` → 5400 */
export function takeDuration(words: Words): number {
  const word = words.next();
  const [, amount = '', unit = ''] = /^([1-9]\d{0,8})([smhd])$/i.exec(word ?? '') ?? [];
  const seconds = Number(amount) * unitSeconds[unit.toLowerCase() as keyof typeof unitSeconds];
  if (seconds <= longestSeconds) return seconds;
  throw new Misread(`for "${word ?? ''}": expected a duration such as 90m, 2h or 3d, at most 366d.`);
}

/** 5400 → `90m` */
export function durationText(seconds: number): string {
  const units = Object.entries(unitSeconds).reverse();
  const [unit, size] = units.find(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
