import { percentiles } from '#shared/checks/health.ts';
import type { Attempt, Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Report } from './document.ts';

/** How the health probe was answered, phase by phase. */
export function probesOf({ checks, config }: Pick<Deployment, 'checks' | 'config'>): Report['probes'] {
  return checks.flatMap((check) => {
    const attempts = attemptsOf(check);
    if (attempts.length === 0) return [];
    const latency = percentiles(attempts);
    return [
      {
        phase: check.phase,
        attempts: attempts.length,
        failed: attempts.filter(({ ok }) => !ok).length,
        latency: latency ? { p50Ms: latency.p50Ms, p95Ms: latency.p95Ms, p99Ms: latency.p99Ms } : null,
        slowestMs: attempts.reduce((slowest, { durationMs }) => Math.max(slowest, durationMs), 0),
        limitMs: config.healthProbe.timeout * 1000,
      },
    ];
  });
}

/** Every look of the health probe in one phase; none for another check. */
export const attemptsOf = (check: Check): readonly Attempt[] =>
  check.id === 'healthy' && check.step === 'health-probe' && check.outcome !== 'not-run'
    ? (check.evidence.attempts ?? [])
    : [];

export interface ProbePoint {
  /** Milliseconds since the first attempt. */
  ms: number;
  slowestMs: number;
  failed: number;
  count: number;
}

/** At most `most` points in order; where there are more attempts, neighbours are one point as slow as the slowest of them. */
export function probePoints(attempts: readonly Attempt[], most: number): ProbePoint[] {
  const size = Math.max(1, Math.ceil(attempts.length / most));
  const start = Date.parse(attempts[0]?.at ?? '');
  const points: ProbePoint[] = [];
  for (const [index, { at, ok, durationMs }] of attempts.entries()) {
    const last = points.at(-1);
    if (index % size === 0 || !last) {
      const ms = Math.max(0, Date.parse(at) - start);
      points.push({ ms, slowestMs: durationMs, failed: ok ? 0 : 1, count: 1 });
    } else {
      last.slowestMs = Math.max(last.slowestMs, durationMs);
      last.failed += ok ? 0 : 1;
      last.count += 1;
    }
  }
  return points;
}
