/** What `should_escape` makes of a mention, a channel, a group or a link; the part after `|` is what the person saw. */
const slackEscape = /<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g;

/**
 * A command's text as its sender meant it: Slack's escapes taken back (https://docs.slack.dev/messaging/formatting-message-text),
 * and what phones make of quotes, dashes and spaces turned into what a keyboard has.
 */
export function plainText(raw: string): string {
  return raw
    .replace(slackEscape, (_, sigil: string, id: string, label: string | undefined) => {
      const seen = label?.replace(/^[@#]/, '') || id;
      return `${sigil.replace('!', '@')}${seen}`;
    })
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s/g, ' ')
    .replace(/[“”„‟″]/g, '"')
    .replace(/[‘’‚‛′]/g, "'")
    .replaceAll('—', '--')
    .replace(/[–−‐‑]/g, '-')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
}

/** `key=value`; whatever else has a `=` is an ordinary word. */
const optionNames = ['reason', 'override-freeze', 'change', 'change-url', 'claim'] as const;
export type OptionName = (typeof optionNames)[number];

/** An option that may stand several times. */
const several: OptionName = 'claim';

export interface TypedText {
  words: string[];
  /** Every value of an option, in order. */
  options: Map<OptionName, string[]>;
  /** Options of several words without quotes: where they end is a guess. */
  unquoted: OptionName[];
  /** Options that stand more than once and should not. */
  repeated: OptionName[];
}

const names = optionNames.join('|');
/** Of a terminal's habits: `--reason=text` and `--reason text`. */
const head = `(?:--?(${names})(?:=|\\s+|$)|(${names})=)`;
/** A quote opens where a word begins and closes where one ends, so that neither "don't" nor an inch does. */
const quoted = String.raw`"((?:\\["\\]|(?!\\["\\]|"(?:\s|$)).)*)"(?=\s|$)|'((?:(?!'(?:\s|$)).)*)'(?=\s|$)`;
const piece = new RegExp(String.raw`${head}$|(?:${head}\s*)?(?:${quoted}|(\S+))`, 'gi');

/** Takes a plain text apart into words and options. */
export function typedText(text: string): TypedText {
  const typed: TypedText = { words: [], options: new Map(), unquoted: [], repeated: [] };
  /** The option whose value is not in quotes: the words behind it are probably meant to be part of it. */
  let open: OptionName | undefined;
  for (const [, dashedLast, plainLast, dashed, plain, double, single, bare] of text.matchAll(piece)) {
    const value = double?.replace(/\\(["\\])/g, '$1') ?? single ?? bare ?? '';
    const key = (dashed ?? plain ?? dashedLast ?? plainLast)?.toLowerCase();
    const option = optionNames.find((name) => name === key);
    if (option !== undefined) {
      const values = typed.options.get(option) ?? [];
      if (values.length > 0 && option !== several) typed.repeated.push(option);
      typed.options.set(option, [...values, value]);
      open = bare === undefined ? undefined : option;
    } else if (open === undefined) {
      typed.words.push(value);
    } else {
      const values = typed.options.get(open) ?? [];
      typed.options.set(open, [...values.slice(0, -1), `${values.at(-1)} ${value}`]);
      if (!typed.unquoted.includes(open)) typed.unquoted.push(open);
    }
  }
  return typed;
}

/** In quotes, so that `typedText` finds the same again. */
export const inQuotes = (text: string): string => `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
