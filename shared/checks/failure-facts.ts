import type { Check } from '#shared/domain/check.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { StepName } from '#shared/domain/steps.ts';

/** What is known of a failure when it happens. */
export interface FailureFacts {
  step: StepName;
  /** `rejected`, or a fault's. */
  code: string;
  message: string;
  /** Cloud Run's word about the candidate, when that failed. */
  condition?: { reason: string; message: string };
  /** What the container wrote last and what Cloud Run wrote of it, redacted, oldest first. */
  lines: readonly string[];
  /** Required checks of the step that did not pass. */
  failed: readonly Check[];
  config: Pick<ServiceConfig, 'service' | 'project' | 'region' | 'image' | 'runtime' | 'healthProbe'>;
  /** The candidate. */
  revision: string;
  buildId?: string;
}

/** True when it did not start, did not answer or answered with a server error. */
export function isContainersFault({ step, condition, failed }: FailureFacts): boolean {
  if (condition !== undefined) return true;
  if (step === 'deploy') return failed.some(({ id }) => id === 'ready');
  return (
    lastAnswers(failed).some((answer) => !/^[1-4]\d\d$/.test(answer)) ||
    failed.some(
      (check) =>
        check.id !== 'healthy' &&
        check.outcome !== 'not-run' &&
        (step === 'health-probe' || /status 5\d\d|gave no answer/.test(check.evidence.observed)),
    )
  );
}

/** What the health check saw since its last success. */
export function lastAnswers(failed: readonly Check[]): string[] {
  const health = failed.find(({ id, outcome }) => id === 'healthy' && outcome === 'fail');
  const attempts = health && health.outcome !== 'not-run' ? (health.evidence.attempts ?? []) : [];
  return attempts.slice(attempts.findLastIndex(({ ok }) => ok) + 1).map(({ seen }) => seen);
}
