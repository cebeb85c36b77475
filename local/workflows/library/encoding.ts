import { createHash, createHmac } from 'node:crypto';
import { define, type Args } from '#local/workflows/library/function.ts';
import { formatJson, parseJson } from '#local/workflows/json.ts';
import { isMap, type Value } from '#local/workflows/values.ts';
import { decodeUtf8 } from '#local/workflows/utf8.ts';

/** base64.*, json.*, hash.* and uuid.*: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview */
export const encodingFunctions = [
  define('base64.encode(data, padding?)', (args) => {
    const text = Buffer.from(args.bytes('data')).toString('base64');
    return args.boolean('padding', true) ? text : text.replace(/=+$/, '');
  }),
  define('base64.decode(data, padding?)', (args) => {
    const text = args.string('data');
    const padded = args.boolean('padding', true);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || (padded ? text.length % 4 !== 0 : text.includes('=')))
      throw args.invalid('data', 'is not valid base64');
    return new Uint8Array(Buffer.from(text, 'base64'));
  }),
  define('json.decode(data)', (args) => {
    const data = args.any('data');
    return parseJson(typeof data === 'string' ? data : decodeUtf8(args.bytes('data')));
  }),
  define('json.encode(data, indent?)', (args) => new TextEncoder().encode(encodeJson(args))),
  define('json.encode_to_string(data, indent?)', encodeJson),
  define(
    'hash.compute_checksum(data, algorithm)',
    (args) => new Uint8Array(createHash(algorithm(args)).update(args.bytes('data')).digest()),
  ),
  define(
    'hash.compute_hmac(key, data, algorithm)',
    (args) =>
      new Uint8Array(createHmac(algorithm(args), args.bytes('key')).update(args.bytes('data')).digest()),
  ),
  define('uuid.generate()', (_args, { host }) => host.newId()),
];

/** `indent` is a boolean or `{prefix, indent}`: https://cloud.google.com/workflows/docs/reference/stdlib/json/encode */
function encodeJson(args: Args): string {
  const given: Value | undefined = args.optional('indent');
  if (given === undefined || given === false) return formatJson(args.any('data'));
  const options = isMap(given) ? given : new Map<string, Value>();
  if (given !== true && !isMap(given)) throw args.invalid('indent', 'must be a boolean or a map');
  const text = (name: string, otherwise: string): string => {
    const value = options.get(name) ?? otherwise;
    if (typeof value === 'string') return value;
    throw args.invalid('indent', `has a '${name}' that is not a string`);
  };
  const [prefix, indent] = [text('prefix', ''), text('indent', '    ')];
  // JSON.stringify takes ten characters of an indent at most. Inside JSON's strings, line ends and tabs are escaped.
  return formatJson(args.any('data'), '\t').replaceAll(
    /\n(\t*)/g,
    (_line, tabs: string) => `\n${prefix}${indent.repeat(tabs.length)}`,
  );
}

/** https://cloud.google.com/workflows/docs/reference/stdlib/hash/compute_checksum */
function algorithm(args: Args): string {
  const known = ['MD5', 'SHA1', 'SHA224', 'SHA256', 'SHA384', 'SHA512'];
  const name = args.string('algorithm');
  if (known.includes(name)) return name.toLowerCase();
  throw args.invalid('algorithm', `"${name}" is not supported: expected ${known.join(', ')}`);
}
