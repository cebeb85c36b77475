/** When and how often a step that met a fault is tried again. Times in seconds. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  attempts: number;
  initialBackoff: number;
  maximumBackoff: number;
  /** From the step's first try: no retry starts later. */
  stepBudget: number;
  /** From the deployment's start: no retry starts later. */
  deploymentBudget: number;
}

export type RetryDecision = { retry: true; afterSeconds: number } | { retry: false; why: string };

/**
 * Exponential backoff with a cap, ±20 % so that many do not come back at once (the Workflows engine has no random number),
 * never earlier than the other side asked for (Retry-After), and within both budgets.
 */
export function nextRetry(
  policy: RetryPolicy,
  facts: {
    /** The try that failed, from 1. */
    attempt: number;
    stepSeconds: number;
    deploymentSeconds: number;
    retryAfterSeconds: number;
    random: () => number;
  },
): RetryDecision {
  const { attempt, stepSeconds, deploymentSeconds } = facts;
  if (attempt >= policy.attempts)
    return { retry: false, why: `after ${attempt} ${attempt === 1 ? 'try' : 'tries'}` };
  const backoff = Math.min(policy.initialBackoff * 2 ** (attempt - 1), policy.maximumBackoff);
  const jittered = backoff * (0.8 + 0.4 * facts.random());
  const afterSeconds = Math.max(jittered, facts.retryAfterSeconds);
  if (stepSeconds + afterSeconds > policy.stepBudget) {
    return { retry: false, why: `the step's ${policy.stepBudget} s for retries are over` };
  }
  if (deploymentSeconds + afterSeconds > policy.deploymentBudget) {
    return { retry: false, why: `the deployment's ${policy.deploymentBudget} s for retries are over` };
  }
  return { retry: true, afterSeconds };
}
