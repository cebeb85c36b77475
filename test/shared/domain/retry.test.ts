import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRetry, type RetryPolicy } from '#shared/domain/retry.ts';

const policy: RetryPolicy = {
  attempts: 6,
  initialBackoff: 1,
  maximumBackoff: 10,
  stepBudget: 100,
  deploymentBudget: 1000,
};
const facts = { attempt: 1, stepSeconds: 0, deploymentSeconds: 0, retryAfterSeconds: 0, random: () => 0.5 };

describe('a retry', () => {
  it.each([
    { attempt: 1, afterSeconds: 1 },
    { attempt: 2, afterSeconds: 2 },
    { attempt: 3, afterSeconds: 4 },
    { attempt: 4, afterSeconds: 8 },
    { attempt: 5, afterSeconds: 10 },
  ])('after try $attempt waits $afterSeconds s', ({ attempt, afterSeconds }) => {
    expect(nextRetry(policy, { ...facts, attempt })).toEqual({ retry: true, afterSeconds });
  });

  it('waits as long as it was asked to, also beyond the cap', () => {
    expect(nextRetry(policy, { ...facts, retryAfterSeconds: 30 })).toEqual({ retry: true, afterSeconds: 30 });
  });

  it.each([
    { name: 'the last try', change: { attempt: 6 }, why: 'after 6 tries' },
    { name: 'the only try', change: { attempt: 1 }, policy: { attempts: 1 }, why: 'after 1 try' },
    { name: "the step's time", change: { stepSeconds: 99.5 }, why: "the step's 100 s for retries are over" },
    {
      name: "the deployment's time",
      change: { deploymentSeconds: 999.5 },
      why: "the deployment's 1000 s for retries are over",
    },
    {
      name: 'the time, because the other side wants a longer pause',
      change: { retryAfterSeconds: 101 },
      why: "the step's 100 s for retries are over",
    },
  ])('is not made after $name', ({ change, policy: different, why }) => {
    expect(nextRetry({ ...policy, ...different }, { ...facts, ...change })).toEqual({ retry: false, why });
  });

  it('stays within a fifth of the backoff and the cap, whatever chance says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, chance) => {
          const decided = nextRetry(policy, { ...facts, attempt, random: () => chance });
          const backoff = Math.min(2 ** (attempt - 1), policy.maximumBackoff);
          return (
            decided.retry && decided.afterSeconds >= backoff * 0.8 && decided.afterSeconds <= backoff * 1.2
          );
        },
      ),
    );
  });
});
