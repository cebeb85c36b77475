import { namesIn, textsOf, type Values } from '#shared/checks/capture.ts';
import type { Check } from '#shared/domain/check.ts';
import type { LookCheck } from '#shared/domain/service/checks.ts';
import { longestOf, notRun, type Asking, type Unit } from './asking.ts';
import { askHttp } from './http.ts';
import { askTls } from './tls.ts';
import { askWebSocket } from './web-socket.ts';

/** All checks of an ordered suite together: what they give to each other is kept in memory only, so that no dispatch goes on where another stopped. */
const longestPathSeconds = 45;

/** One check that is answered at once. */
export async function look(
  asking: Asking,
  wanted: LookCheck,
  values?: Values,
): Promise<{ check: Check; values?: Values }> {
  switch (wanted.kind) {
    case 'http':
      return askHttp(asking, wanted, values);
    case 'websocket':
      return { check: await askWebSocket(asking, wanted, values) };
    case 'tls':
      return { check: await askTls(asking, wanted) };
  }
}

export function longestLook(wanted: LookCheck): number {
  if (wanted.kind !== 'websocket') return longestOf(wanted);
  const { staysOpen, closeCode } = wanted.expect;
  // A close of the other side may take as long as its message; an answered one takes two seconds.
  return longestOf(wanted, staysOpen + 2 + ((closeCode ?? 1000) === 1000 ? 0 : wanted.timeout));
}

/**
 * A path through the service: its checks one after another. After a required one that did not pass the rest is not run;
 * after an advisory one it goes on, without what only that one could give.
 */
export function pathUnit(asking: Asking, checks: readonly LookCheck[]): Unit {
  const sum = checks.reduce((seconds, wanted) => seconds + longestLook(wanted), 0);
  return {
    suite: asking.suite.title,
    ids: checks.map(({ name }) => name),
    longestSeconds: Math.min(sum, longestPathSeconds),
    ask: async () => ({ checks: await walk(asking, checks) }),
  };
}

async function walk(asking: Asking, checks: readonly LookCheck[]): Promise<Check[]> {
  const { clock } = asking.context.deps;
  const endMs = clock.now() + longestPathSeconds * 1000;
  const values = new Map<string, string>();
  const done: Check[] = [];
  let stopped: string | undefined;
  for (const wanted of checks) {
    if (clock.now() + longestLook(wanted) * 1000 > endMs)
      stopped ??= `less than ${longestLook(wanted)} s were left of the ${longestPathSeconds} s for the whole suite`;
    const texts = wanted.kind === 'tls' ? [] : textsOf(wanted);
    const missing = texts.flatMap(namesIn).find((name) => !values.has(name));
    if (stopped !== undefined) {
      done.push(notRun(asking, wanted, stopped));
      continue;
    }
    if (missing === undefined) {
      const { check, values: gained = [] } = await look(asking, wanted, values);
      for (const [name, value] of gained) values.set(name, value);
      done.push(check);
    } else {
      done.push(notRun(asking, wanted, `no check before gave it ${missing}`));
    }
    const last = done.at(-1);
    if (last && last.severity === 'required' && last.outcome !== 'pass')
      stopped = `"${last.title}" before it did not pass`;
  }
  return done;
}
