import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { nextRetry, type RetryPolicy } from '#shared/domain/retry.ts';
import type { StepName } from '#shared/domain/steps.ts';
import type { Deps } from '#functions/deps.ts';

/**
 * Whether and when a fault is tried again: decided by the service's policy, where chance and the clock are at hand. The
 * workflow does the retrying and does as the reply says.
 */
export function decideRetry(
  fault: Fault,
  deps: Pick<Deps, 'clock' | 'random'>,
  deployment: Deployment,
  message: StepMessage,
  stepStartedMs: number,
): Fault {
  if (!fault.retryable) return fault;
  const now = deps.clock.now();
  const decided = nextRetry(policyOf(deployment, message.step), {
    attempt: message.attempt,
    stepSeconds: (now - stepStartedMs) / 1000,
    deploymentSeconds: (now - Date.parse(deployment.startedAt ?? deployment.createdAt)) / 1000,
    retryAfterSeconds: fault.retryAfterSeconds ?? 0,
    random: deps.random,
  });
  const { code, message: text, cause } = fault;
  return decided.retry
    ? new Fault(code, text, { cause, retryable: true, retryAfterSeconds: decided.afterSeconds })
    : new Fault(code, `${text} (given up ${decided.why})`, { cause, retryable: false });
}

function policyOf({ config }: Deployment, step: StepName): RetryPolicy {
  const { steps, deploymentBudget, ...all } = config.retries;
  const own = steps[step];
  return {
    attempts: own?.attempts ?? all.attempts,
    initialBackoff: own?.initialBackoff ?? all.initialBackoff,
    maximumBackoff: own?.maximumBackoff ?? all.maximumBackoff,
    stepBudget: own?.budget ?? all.budget,
    deploymentBudget,
  };
}
