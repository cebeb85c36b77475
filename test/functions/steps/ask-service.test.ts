import { describe, expect, it } from 'vitest';
import { rollBackNow } from '#functions/emergency-rollback.ts';
import { establish } from '#test/support/dispatch.ts';
import { runDeployment } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

/** What a way back is verified by: the health of the release that serves then, by its own words. */
const expecting = (probe: string): string =>
  serviceFile().replace(/^healthProbe:.*$/m, () => `healthProbe: ${probe}`);
const probe =
  '{ path: /healthz, interval: 1s, successes: 3, startupGrace: 10s, expect: { json: { status: healthy } } }';
const newer = probe.replace('status: healthy', 'status: healthy, pool: ready').replace('/healthz', '/readyz');
const says =
  (body: object, status = 200): Behaviour['answer'] =>
  ({ path }) => ({ status, body: path === '/' ? 'hello' : JSON.stringify(body) });
/** Good before traffic, and not under it. */
const breaks: Behaviour['answer'] = ({ path, candidate }) =>
  candidate
    ? says({ status: 'healthy', pool: 'ready' })({ path, candidate, percent: 0, nowMs: 0 })
    : { status: 500 };

/** v1, live and well with its own idea of health. */
async function live(): Promise<World> {
  const world = createWorld();
  world.configure(expecting(probe));
  world.release('v1', { answer: says({ status: 'healthy' }) });
  expect((await runDeployment(world, 'v1')).result?.outcome).toBe('live');
  return world;
}
const order = { service: 'hello', environment: 'staging', by: 'ana@example.com', reason: 'broken' };

describe('a rollback to a release of ours', () => {
  it('that answers 200 and says that it is unhealthy is not verified', async () => {
    const world = await live();
    world.release('v1', { answer: says({ status: 'unhealthy' }) });
    world.release('v2', { answer: breaks });
    const done = await runDeployment(world, 'v2');
    expect(done.result?.outcome).toBe('rollback-failed');
    expect(done.rollback).toMatchObject({
      result: 'failed',
      observed: expect.stringMatching(
        /100 %; service: not healthy: GET \/healthz answered 200, status = "unhealthy"$/,
      ),
    });
  });

  it('is verified by what that release promised, not by what the newer one does', async () => {
    const world = await live();
    world.configure(expecting(newer));
    world.release('v2', { answer: breaks });
    const done = await runDeployment(world, 'v2');
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.rollback?.observed).toMatch(/service: GET \/healthz answered 200$/);
  });

  it.each([
    [
      'by a person is told so, because nobody else would',
      'unhealthy',
      'not healthy: GET /healthz answered 200, status = "unhealthy"',
    ],
    ['by a person is told to be well when it is', 'healthy', 'GET /healthz answered 200'],
  ])('%s', async (_, status, words) => {
    const world = await live();
    world.release('v2', { answer: says({ status: 'healthy', pool: 'ready' }) });
    world.configure(expecting(newer));
    expect((await runDeployment(world, 'v2')).result?.outcome).toBe('live');
    world.release('v1', { answer: says({ status }) });
    const answer = await world.finish(rollBackNow(world.deps, order));
    expect(answer).toMatchObject({ status: 'done', observed: expect.stringMatching(`service: ${words}$`) });
  });
});

describe('a rollback to what Slipway did not deploy', () => {
  const back = async (answer: Behaviour['answer']) => {
    const world = createWorld();
    await establish(world);
    world.release('stable', { answer });
    world.configure(expecting(probe));
    world.release('v1', { answer: () => ({ status: 500 }) });
    return runDeployment(world, 'v1');
  };

  it('is verified by the status, and what else does not fit is told', async () => {
    const done = await back(says({ status: 'up' }));
    expect(done.result?.outcome).toBe('failed');
    expect(done.rollback?.observed).toMatch(
      /service: GET \/healthz answered 200, status = "up"; only the status counts, because hello-stable is no release of Slipway's$/,
    );
  });

  it('is not verified with a bad status', async () => {
    const done = await back(says({ status: 'healthy' }, 503));
    expect(done.rollback).toMatchObject({
      result: 'failed',
      observed: expect.stringMatching(/not healthy: GET \/healthz answered 503$/),
    });
  });
});
