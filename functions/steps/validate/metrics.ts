import { sumOf } from '#shared/checks/analysis.ts';
import type { MetricsCheck } from '#shared/domain/service/checks.ts';
import { figures } from '#functions/steps/figures.ts';
import { checkOf, type Asking, type Unit } from './asking.ts';

/** Between two looks while the figures are awaited. */
const lookSeconds = 15;

/**
 * Figures of users' requests to the candidate, from the moment it got this share of the traffic until this step began. They
 * are minutes late: until they can be there, it waits.
 */
export function metricsUnit(asking: Asking, wanted: MetricsCheck): Unit {
  const { context, suite } = asking;
  const { deps, deployment, message, startedMs } = context;
  const dueMs = startedMs + deps.config.monitoringLagSeconds * 1000;
  return {
    suite: suite.title,
    ids: [wanted.name],
    longestSeconds: 0,
    async ask() {
      const now = deps.clock.now();
      if (now < dueMs) {
        const seconds = Math.min((dueMs - now) / 1000, lookSeconds);
        return { checks: [], again: { seconds, words: 'figures are not there yet' } };
      }
      const shift = deployment.steps.find(
        ({ step, phase }) => step === 'shift-traffic' && phase === message.phase,
      );
      const fromMs = Date.parse(shift?.endedAt ?? new Date(startedMs).toISOString());
      const own = deployment.checks.find(({ id, phase }) => id === 'healthy' && phase === message.phase);
      const attempts = own && own.outcome !== 'not-run' ? (own.evidence.attempts ?? []) : [];
      const { errorRatio, latencyP95, minimumRequests } = wanted;
      const limits = {
        minimumRequests,
        ...(errorRatio === undefined ? {} : { errorRatio: { maximum: errorRatio } }),
        ...(latencyP95 === undefined ? {} : { latencyP95: { maximum: latencyP95 } }),
      };
      // The suites beside it ask the same revision from then on.
      const judged = await figures(context, limits, attempts, fromMs, startedMs);
      const told = judged.flatMap((check) => (check.outcome === 'not-run' ? [] : [check.evidence]));
      const unique = (texts: string[]): string => [...new Set(texts)].join(', ');
      const look = {
        outcome: sumOf(judged),
        observed: unique(told.map(({ observed }) => observed)),
        expected: unique(told.map(({ expected }) => expected)),
        durationMs: deps.clock.now() - now,
      };
      const source = told[0]?.source ?? 'Cloud Monitoring';
      return { checks: [checkOf(asking, wanted, source, now, { look })] };
    },
  };
}
