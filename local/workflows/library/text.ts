import { RE2JS } from 're2js';
import { messageOf } from '#shared/errors.ts';
import { define, type Args } from '#local/workflows/library/function.ts';
import { percentEncode } from '#local/workflows/library/percent-encode.ts';
import { decodeUtf8 } from '#local/workflows/utf8.ts';
import { charactersOf, type Value } from '#local/workflows/values.ts';

/**
 * text.*: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview. Positions count characters (code
 * points). Regular expressions are RE2, leftmost-longest.
 */
export const textFunctions = [
  define('text.encode(text, charset?)', (args) => {
    requireUtf8(args);
    return new TextEncoder().encode(args.string('text'));
  }),
  define('text.decode(data, charset?)', (args) => {
    requireUtf8(args);
    return decodeUtf8(args.bytes('data'));
  }),
  define('text.to_lower(source)', (args) => args.string('source').toLowerCase()),
  define('text.to_upper(source)', (args) => args.string('source').toUpperCase()),
  define('text.split(source, separator)', (args) => {
    const separator = args.string('separator');
    return separator === '' ? charactersOf(args.string('source')) : args.string('source').split(separator);
  }),
  define('text.substring(source, start, end)', (args) => {
    const characters = charactersOf(args.string('source'));
    const [start, end] = [args.integer('start'), args.integer('end')];
    if (start < 0 || start > end) throw args.invalid('start', `is out of range: ${start}`);
    if (end > characters.length) throw args.invalid('end', `is out of range: ${end}`);
    return characters.slice(start, end).join('');
  }),
  define('text.find_all(source, substr)', (args) => {
    const source = args.string('source');
    const substr = required(args, 'substr');
    const found: Value[] = [];
    for (let at = source.indexOf(substr); at >= 0; at = source.indexOf(substr, at + substr.length)) {
      found.push(characterIndex(source, at));
    }
    return found;
  }),
  define('text.replace_all(source, substr, repl)', (args) => {
    const replacement = args.string('repl');
    return args.string('source').replaceAll(required(args, 'substr'), () => replacement);
  }),
  define('text.match_regex(source, regexp)', (args) =>
    regex(args, 'regexp').matcher(args.string('source')).find(),
  ),
  define('text.find_all_regex(source, regexp)', (args) => {
    const source = args.string('source');
    const matcher = regex(args, 'regexp').matcher(source);
    const found: Value[] = [];
    while (matcher.find()) {
      const index = characterIndex(source, matcher.start());
      found.push(
        new Map<string, Value>([
          ['index', index],
          ['match', matcher.group() ?? ''],
        ]),
      );
    }
    return found;
  }),
  // The replacement is plain text: there are no references to groups.
  define('text.replace_all_regex(source, regexp, repl)', (args) => {
    const replacement = args.string('repl');
    return regex(args, 'regexp')
      .matcher(args.string('source'))
      .replaceAll(() => replacement);
  }),
  define('text.url_encode(source)', (args) => urlEncode(args.string('source'))),
  define('text.url_encode_plus(source)', (args) => urlEncode(args.string('source')).replaceAll('%20', '+')),
  define('text.url_decode(source)', (args) => {
    try {
      // `+` as a space is unverified.
      return decodeURIComponent(args.string('source').replaceAll('+', ' '));
    } catch (error) {
      if (error instanceof URIError) throw args.invalid('source', 'is not a valid URL encoding');
      throw error;
    }
  }),
];

function requireUtf8(args: Args): void {
  const charset = args.string('charset', 'UTF-8');
  if (charset.toUpperCase() !== 'UTF-8') {
    throw args.invalid('charset', `"${charset}" is not supported: expected UTF-8`);
  }
}

function required(args: Args, name: string): string {
  const value = args.string(name);
  if (value === '') throw args.invalid(name, 'is empty');
  return value;
}

function regex(args: Args, name: string): RE2JS {
  try {
    return RE2JS.compile(args.string(name), RE2JS.LONGEST_MATCH);
  } catch (error) {
    throw args.invalid(name, `is not a regular expression: ${messageOf(error)}`);
  }
}

function characterIndex(source: string, codeUnit: number): bigint {
  return BigInt(charactersOf(source.slice(0, codeUnit)).length);
}

/** Also the marks that encodeURIComponent leaves alone. */
function urlEncode(text: string): string {
  return percentEncode(text).replaceAll(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
