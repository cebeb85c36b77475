import { afterAll, beforeAll, expect, it } from 'vitest';
import { accounts, place } from '#local/place.ts';
import { openDrift } from '#shared/ledger/drift.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** The registry's notifications after the first one never arrive. */
let test: TestStack;
let lost = false;

beforeAll(async () => {
  test = await openTestStack({
    reconcileEveryMs: 500,
    functionsEnv: { SLIPWAY_PUSH_GRACE_SECONDS: '1' },
    faults: ({ subscription }) =>
      lost && subscription.endsWith('/image-push') ? { delayMs: 3_600_000 } : undefined,
  });
  await test.serviceFile();
});
afterAll(() => test?.close());

const address = (): string =>
  `${test.stack.origin}/v2/projects/${place.project}/locations/${place.region}/services/hello`;
const headers = () => ({
  authorization: `Bearer ${test.stack.identity.accessToken(accounts.developer)}`,
  'content-type': 'application/json',
});
interface Target {
  revision: string;
  percent?: number;
  tag?: string;
}
const traffic = async (): Promise<Target[]> =>
  ((await (await fetch(address(), { headers: headers() })).json()) as { traffic: Target[] }).traffic;

it('a push that nobody heard of is found in the registry and deployed, once', async () => {
  const first = await test.deployment(await test.pushHello({ version: '1' }, 'v1'));
  expect(first.result?.outcome).toBe('live');
  lost = true;
  const digest = await test.pushHello({ version: '2' }, 'v2');
  const second = await test.deployment(digest);
  expect(second).toMatchObject({
    result: { outcome: 'live', serving: [{ revision: `hello-${second.id}`, percent: 100 }] },
    request: { tag: 'v2', requestedBy: 'reconcile' },
  });
  expect(await test.ledger.list('deployments')).toHaveLength(2);
});

it('what a person rolls back is said and left so, and a tag that a deployment left is removed', async () => {
  const [second, first] = await test.ledger.list('deployments');
  const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
  const edit = {
    traffic: [
      { type, revision: `hello-${first!.id}`, percent: 100, tag: 'mine' },
      { type, revision: `hello-${second!.id}`, tag: second!.id },
    ],
  };
  const answer = await fetch(`${address()}?updateMask=traffic`, {
    method: 'PATCH',
    headers: headers(),
    body: JSON.stringify(edit),
  });
  expect(answer.status).toBe(200);
  const drift = await until(async () => (await openDrift(test.ledger))[0]);
  expect(drift).toMatchObject({
    kind: 'traffic',
    deploymentId: second!.id,
    expected: `hello-${second!.id} 100 %`,
    observed: `hello-${first!.id} 100 %`,
  });
  const left = await until(async () => {
    const now = await traffic();
    return now.some(({ tag }) => tag === second!.id) ? undefined : now;
  });
  expect(left).toMatchObject([{ revision: `hello-${first!.id}`, percent: 100, tag: 'mine' }]);
  expect(await openDrift(test.ledger)).toHaveLength(1);
  expect(await test.ledger.list('deployments')).toHaveLength(2);
});

it('a tag put on an image of before, of which nobody heard, is asked for once and answered with a reason', async () => {
  const [, first] = await test.ledger.list('deployments');
  // The same image again, byte for byte, under another tag.
  const digest = await test.pushHello({ version: '1' }, 'again');
  expect(digest).toBe(first!.request.digest);
  const asked = () => test.ledger.list('requests', { service: 'hello', digest, requestedBy: 'reconcile' });
  await until(async () => (await asked())[0]);
  const looks = async () => (await test.ledger.list('seenTags'))[0]?.at ?? '';
  for (let sweep = 0, seen = await looks(); sweep < 3; sweep += 1) {
    const before = seen;
    seen = await until(async () => ((await looks()) > before ? await looks() : undefined));
  }
  expect(await asked()).toMatchObject([
    { decision: 'refused', reason: expect.stringContaining('slipway rollback hello staging') },
  ]);
  expect(await test.ledger.list('deployments')).toHaveLength(2);
});
