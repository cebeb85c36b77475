import type { Attempt } from '#shared/domain/check.ts';
import type { HealthProbe } from '#shared/domain/service/checks.ts';
import type { ProbeAnswer } from '#shared/ports/prober.ts';
import { fieldOf, says, seenField } from './body.ts';
import { expectedOfBody, problemsOfBody } from './http.ts';

type Wanted = Pick<HealthProbe, 'status' | 'expect' | 'dependencies'>;

/** What an answer says of one thing the service needs. */
export interface DependencyAnswer {
  name: string;
  ok: boolean;
  observed: string;
}

export const statusesOf = ({ status }: Pick<HealthProbe, 'status'>): number[] => [status].flat();

/**
 * Is the service healthy by its own answer? Status and body have to say so, and every required dependency: an endpoint
 * that answers 200 and says "unhealthy" is not.
 */
export function judgeHealth(
  wanted: Wanted,
  answer: ProbeAnswer,
): { ok: boolean; seen: string; dependencies: DependencyAnswer[] } {
  const { contains, json } = wanted.expect ?? {};
  const all = Object.entries(wanted.dependencies ?? {}).map(([name, { field, equals, severity }]) => {
    const seen = fieldOf(answer.body, field);
    return { name, severity, ok: seen === equals, observed: `${field} = ${seenField(seen)}` };
  });
  const problems = [
    ...(contains === undefined || says(answer.body, contains)
      ? []
      : [`no ${JSON.stringify(contains)} in it`]),
    ...problemsOfBody({ json }, answer.body),
    ...all
      .filter(({ ok, severity }) => !ok && severity === 'required')
      .map(({ name, observed }) => `${name}: ${observed}`),
  ];
  if (answer.truncated && problems.length > 0) problems.push('only the beginning of the body was read');
  const isStatus = statusesOf(wanted).includes(answer.status);
  // A bad status says enough.
  const said = isStatus ? [answer.status, ...problems] : [answer.status];
  return {
    ok: isStatus && problems.length === 0,
    seen: said.join(', '),
    dependencies: all.map(({ name, ok, observed }) => ({ name, ok, observed })),
  };
}

/** What makes an answer a healthy one, in words. */
export function expectedHealth(wanted: Wanted): string {
  const required = Object.entries(wanted.dependencies ?? {}).filter(
    ([, { severity }]) => severity === 'required',
  );
  return [
    statusesOf(wanted).join(' or '),
    ...expectedOfBody(wanted.expect ?? {}),
    ...required.map(([, { field, equals }]) => `${field} = ${JSON.stringify(equals)}`),
  ].join(', ');
}

/** Latencies of the attempts that were good, by nearest rank; undefined when none was. */
export function percentiles(
  attempts: readonly Pick<Attempt, 'ok' | 'durationMs'>[],
): { p50Ms: number; p95Ms: number; p99Ms: number; count: number } | undefined {
  const sorted = attempts.flatMap(({ ok, durationMs }) => (ok ? [durationMs] : [])).sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? 0;
  return sorted.length === 0
    ? undefined
    : { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), count: sorted.length };
}
