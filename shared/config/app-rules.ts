import { App, countOf, secondsOf } from '#shared/domain/service/app.ts';
import type { Finding } from './findings.ts';
import type { Path } from './problems.ts';

/** Values of the section `app` that are said to be in variables are there, and are what they should be. */
export function brokenAppRules(app: unknown, env: Readonly<Record<string, unknown>>): Finding[] {
  const parsed = App.safeParse(app).data;
  if (!parsed) return [];
  const texts = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const { database, webSocket, timeouts = {} } = parsed;
  const counts: [Path, Parameters<typeof countOf>[0] | undefined][] = [
    [['database', 'pool'], database?.pool],
    [['database', 'overflow'], database?.overflow],
  ];
  const times: [Path, Parameters<typeof secondsOf>[0] | undefined][] = [
    [['database', 'timeout'], database?.timeout],
    [['webSocket', 'idleTimeout'], webSocket?.idleTimeout],
    [['webSocket', 'pingInterval'], webSocket?.pingInterval],
    ...Object.entries(timeouts).map(([name, value]): [Path, typeof value] => [['timeouts', name], value]),
  ];
  const finding = (path: Path, kind: string): Finding => ({
    path: ['app', ...path, 'env'],
    about: 'value',
    expected: `expected a variable of runtime.env that holds ${kind}`,
  });
  return [
    ...counts
      .filter(([, value]) => value !== undefined && countOf(value, texts) === undefined)
      .map(([path]) => finding(path, 'a whole number from 0 to 10000')),
    ...times
      .filter(([, value]) => value !== undefined && secondsOf(value, texts) === undefined)
      .map(([path]) => finding(path, 'a duration such as 90s, or a number of seconds, of at most 24 h')),
  ];
}
