import { afterAll, beforeAll, expect, it } from 'vitest';
import { place } from '#local/place.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** Pub/Sub at its worst: every message comes twice, late and out of order, and one acknowledgement in five is lost. */
let test: TestStack;
let deliveries = 0;

beforeAll(async () => {
  let state = 20261124;
  // A linear congruential generator (Numerical Recipes' constants): the same storm in every run.
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  test = await openTestStack({
    faults: ({ attempt }) => {
      deliveries += 1;
      return { duplicate: attempt === 1, dropAck: attempt === 1 && random() < 0.2, delayMs: random() * 200 };
    },
  });
  await test.serviceFile();
});
afterAll(() => test?.close());

it('duplicates, reordering and lost acknowledgements change nothing about two deployments', async () => {
  const first = await test.deployment(await test.pushHello({ version: '1' }, 'v1'));
  expect(first.result?.outcome).toBe('live');
  const second = await test.deployment(await test.pushHello({ version: '2', fault: 'wrong-answer' }, 'v2'));
  expect(second.result).toMatchObject({
    outcome: 'failed',
    serving: [{ revision: `hello-${first.id}`, percent: 100 }],
  });
  await until(async () =>
    (await test.ledger.list('notifications', { final: true })).length === 2 ? true : undefined,
  );
  const roots = test.stack.slack
    .messages(place.slackChannel.name)
    .filter((message) => message.threadTs === undefined);
  expect(roots).toHaveLength(2);
  expect(await test.ledger.list('deployments')).toHaveLength(2);
  expect(await test.revisions('hello')).toBe(2);
  expect(await test.ledger.list('refusals')).toEqual([]);
  // The storm was real.
  expect(deliveries).toBeGreaterThan(40);
});
