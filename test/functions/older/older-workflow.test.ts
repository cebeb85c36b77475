import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { Fault } from '#shared/domain/fault.ts';
import { connect, runDeployment, type Engine } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

/**
 * An execution that began before an upgrade ends with the workflow it began with: the functions of today answer one of the
 * version before. Its copy is renewed when `workflows/deploy.yaml` changes what it says to steps or reads of their replies.
 */
const older = readFileSync(new URL('deploy.yaml', import.meta.url), 'utf8');
const start = (world: World): Engine => connect(world, undefined, parseWorkflow(older));

test('it is another one: how often and when to retry it decides by itself', () => {
  expect(older).toContain('backoff_seconds');
  expect(readFileSync(new URL('../../../workflows/deploy.yaml', import.meta.url), 'utf8')).not.toContain(
    'backoff_seconds',
  );
});

it('brings a good release to all of its users', async () => {
  const world = createWorld();
  const engine = start(world);
  await runDeployment(world, 'v1', engine);
  const done = await runDeployment(world, 'v2', engine);
  expect(done.result).toMatchObject({
    outcome: 'live',
    serving: [{ revision: `hello-${done.id}`, percent: 100 }],
  });
  expect(world.workflows.executions.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
  expect(engine.deadLetters).toEqual([]);
});

it('takes a release back that breaks under traffic', async () => {
  const world = createWorld();
  const engine = start(world);
  const stable = await runDeployment(world, 'v1', engine);
  world.release('v2', {
    answer: ({ percent, path }) =>
      percent > 0 && path === '/healthz' ? { status: 503 } : { status: 200, body: 'hello' },
  });
  const done = await runDeployment(world, 'v2', engine);
  expect(done.result).toMatchObject({
    outcome: 'rolled-back',
    serving: [{ revision: `hello-${stable.id}`, percent: 100 }],
  });
});

it.each([
  { name: 'a fault that passes is retried', times: 3, outcome: 'live' },
  { name: 'one that stays ends the deployment, after six tries', times: 99, outcome: 'failed' },
])('$name', async ({ times, outcome }) => {
  const world = createWorld();
  let down = times;
  override(world.registry, 'resolve', (resolve) => async (...asked) => {
    if ((down -= 1) >= 0) throw new Fault('unavailable', 'the registry answered 503', { retryable: true });
    return resolve(...asked);
  });
  const done = await runDeployment(world, 'v1', start(world));
  expect(done.result?.outcome).toBe(outcome);
  expect(done.steps.find(({ step }) => step === 'preflight')?.attempt).toBe(Math.min(times + 1, 6));
});

it('asks a step again that is not done yet', async () => {
  const world = createWorld();
  world.configure(serviceFile().replace('interval: 1s, successes: 3', 'interval: 8s, successes: 5'));
  const engine = start(world);
  const done = await runDeployment(world, 'v1', engine);
  expect(done.result?.outcome).toBe('live');
  const asked = engine.dispatched.filter((each) => each === 'health-probe/candidate');
  expect(asked.length).toBeGreaterThan(1);
});
