import { define, type Args } from '#local/workflows/library/function.ts';

const severities = [
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
];

/** sys.* and time.*: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview */
export const systemFunctions = [
  define('sys.now()', (_args, { host }) => host.clock.now() / 1000),
  /** Null for an unset name without a default (by ts2workflows' types; unverified). */
  define('sys.get_env(name, default?)', (args, { host }) => {
    const name = args.string('name');
    const otherwise = args.optional('default') === undefined ? null : args.string('default');
    return Object.hasOwn(host.env, name) ? (host.env[name] ?? null) : otherwise;
  }),
  define(
    'sys.log(data?, severity?, text?, json?, timeout?)',
    (args, { host }) => {
      const given = ['data', 'text', 'json'].filter((name) => args.optional(name) !== undefined);
      const [name] = given;
      if (name === undefined || given.length > 1)
        throw args.invalid('data', 'or text or json: give exactly one');
      if (name === 'json') args.map('json');
      const severity = args.string('severity', 'DEFAULT').toUpperCase();
      if (!severities.includes(severity)) {
        throw args.invalid('severity', `"${severity}" is unknown: expected ${severities.join(', ')}`);
      }
      host.log({ severity, data: args.any(name) });
      return null;
    },
    true,
  ),
  define(
    'sys.sleep(seconds)',
    async (args, { wait }) => {
      const seconds = args.number('seconds');
      if (!(seconds >= 0)) throw args.invalid('seconds', `must not be negative: ${seconds}`);
      await wait(seconds, 'sleep');
      return null;
    },
    true,
  ),
  define(
    'sys.sleep_until(time)',
    async (args, { host, wait }) => {
      const until = instant(args, 'time');
      await wait(Math.max(0, until - host.clock.now()) / 1000, 'sleep');
      return null;
    },
    true,
  ),
  define('time.format(seconds, timezone?)', (args) => {
    const seconds = args.number('seconds');
    const zone = args.string('timezone', 'UTC');
    const date = new Date(seconds * 1000);
    if (Number.isNaN(date.getTime())) throw args.invalid('seconds', `is out of range: ${seconds}`);
    const offsetMinutes = zone === 'UTC' ? 0 : offsetOf(date, zone, args);
    return formatInstant(date, offsetMinutes);
  }),
  define('time.parse(value)', (args) => instant(args, 'value') / 1000),
];

/** Milliseconds of an RFC 3339 time. */
function instant(args: Args, name: string): number {
  const text = args.string(name);
  const milliseconds = Date.parse(text);
  const shaped = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  if (!shaped || Number.isNaN(milliseconds)) throw args.invalid(name, `is not an RFC 3339 time: "${text}"`);
  return milliseconds;
}

/** Seconds without a fraction when it is zero (the exact number of digits is unverified). */
function formatInstant(date: Date, offsetMinutes: number): string {
  const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().replace('.000Z', 'Z');
  if (offsetMinutes === 0) return local;
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const sign = offsetMinutes < 0 ? '-' : '+';
  return `${local.slice(0, -1)}${sign}${two(offsetMinutes / 60)}:${two(offsetMinutes % 60)}`;
}

function offsetOf(date: Date, timeZone: string, args: Args): number {
  try {
    const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(date);
    const text = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  } catch (error) {
    if (error instanceof RangeError) throw args.invalid('timezone', `"${timeZone}" is unknown`);
    throw error;
  }
}
