import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStack, type TestStack } from '#test/support/stack.ts';

/** A service that only its VPC may call, on the whole stack: real processes behind an ingress that is enforced. */
let test: TestStack;

beforeAll(async () => {
  test = await openTestStack({
    functionsEnv: {
      SLIPWAY_PROBE_VPC_CONNECTOR: 'projects/slipway-local/locations/us-central1/connectors/probes',
    },
  });
  await test.serviceFile((text) => text.replace('access: public', 'access: public\n  ingress: internal'));
});
afterAll(() => test?.close());

it('goes live when the functions have a connector, and is refused before it is deployed when they lose it', async () => {
  const live = await test.deployment(await test.pushHello({ version: '1.0.0' }, 'v1'));
  expect(live.result?.outcome).toBe('live');
  const answers = live.checks.filter(({ id }) => id === 'names-itself');
  expect(answers.map(({ phase, outcome }) => [phase, outcome])).toEqual([
    ['candidate', 'pass'],
    ['traffic-100', 'pass'],
  ]);
  expect((await fetch(live.serviceUrl!)).status).toBe(200);

  await test.restart({ functionsEnv: {} });
  expect((await fetch(live.serviceUrl!)).status).toBe(404);
  const refused = await test.deployment(await test.pushHello({ version: '2.0.0' }, 'v2'));
  expect(refused.failure).toMatchObject({
    step: 'preflight',
    message: expect.stringContaining('set probe_vpc_connector in Terraform'),
  });
  expect(await test.revisions('hello')).toBe(1);
});
