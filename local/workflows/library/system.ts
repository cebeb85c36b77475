import { fault } from '#local/workflows/fault.ts';
import { define } from '#local/workflows/library/function.ts';
import { secondsIn, timeFunctions } from '#local/workflows/library/time.ts';
import { typeName } from '#local/workflows/values.ts';

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
      if (name === undefined || given.length > 1) {
        const got = name === undefined ? 'none' : given.join(' and ');
        throw fault('TypeError', `sys.log needs one of the arguments data, text and json, got ${got}`);
      }
      const data = name === 'json' ? args.map(name) : args.any(name);
      if (data instanceof Uint8Array) {
        throw fault('TypeError', `argument '${name}' of sys.log must not be ${typeName(data)}`);
      }
      if (args.optional('timeout') !== undefined) args.number('timeout');
      const severity = args.string('severity', 'DEFAULT').toUpperCase();
      if (!severities.includes(severity)) {
        throw args.invalid('severity', `"${severity}" is unknown: expected ${severities.join(', ')}`);
      }
      host.log({ severity, data });
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
      const until = Math.round(secondsIn(args, 'time') * 1000);
      await wait(Math.max(0, until - host.clock.now()) / 1000, 'sleep');
      return null;
    },
    true,
  ),
  ...timeFunctions,
];
