import { describe, expect, it } from 'vitest';
import { establish } from '#test/support/dispatch.ts';
import { runDeployment } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

/** While traffic is shared, the service's address answers by the candidate and by the release before. */
const older = '{ path: /healthz, interval: 1s, startupGrace: 10s, expect: { json: { status: healthy } } }';
const newer = '{ path: /readyz, interval: 1s, startupGrace: 10s, expect: { json: { state: ready } } }';
const samePath = newer.replace('/readyz', '/healthz');
const fileWith = (probe: string): string =>
  serviceFile()
    .replace(/^healthProbe:.*$/m, () => `healthProbe: ${probe}`)
    .replace('bake: 2s', 'bake: 12s');

/** Knows its own health path and none else. */
const knows =
  (path: string, body: object, underTraffic?: ReturnType<Behaviour['answer']>): Behaviour['answer'] =>
  (request) => {
    if (request.path === '/') return { status: 200, body: 'hello' };
    if (!request.candidate && underTraffic !== undefined) return underTraffic;
    return request.path === path ? { status: 200, body: JSON.stringify(body) } : { status: 404 };
  };

/** v1 is live by its own idea of health. */
async function live(): Promise<World> {
  const world = createWorld();
  world.configure(fileWith(older));
  world.release('v1', { answer: knows('/healthz', { status: 'healthy' }) });
  expect((await runDeployment(world, 'v1')).result?.outcome).toBe('live');
  return world;
}

async function shared(world: World, probe: string, answer: Behaviour['answer']) {
  world.configure(fileWith(probe));
  world.release('v2', { answer });
  const done = await runDeployment(world, 'v2');
  const check = done.checks.find(({ id, phase }) => id === 'healthy' && phase === 'traffic-50');
  return { done, check };
}

describe('a canary', () => {
  it.each([
    ['the path and the expectation of its health', newer, '/readyz'],
    ['the expectation alone', samePath, '/healthz'],
  ])('that changes %s goes live', async (_what, probe, path) => {
    const { done, check } = await shared(await live(), probe, knows(path, { state: 'ready' }));
    expect(done.result?.outcome).toBe('live');
    expect(check).toMatchObject({
      outcome: 'pass',
      evidence: { expected: expect.stringContaining("at the service's address what the release before may") },
    });
  });

  it('beside a revision that Slipway did not deploy, which knows nothing of its path, goes live', async () => {
    const world = createWorld();
    await establish(world);
    world.release('stable', { answer: knows('/', {}) });
    const { done } = await shared(world, newer, knows('/readyz', { state: 'ready' }));
    expect(done.result?.outcome).toBe('live');
  });

  it.each<[string, string, string, ReturnType<Behaviour['answer']>, RegExp]>([
    ['breaks with a 5xx', newer, '/readyz', { status: 500 }, /500 ×/],
    ['does not answer', newer, '/readyz', 'silence', /no answer in time ×/],
    [
      'answers as neither release promised',
      samePath,
      '/healthz',
      { status: 200, body: '{"state":"broken"}' },
      /200, state = "broken" ×/,
    ],
  ])('that %s under traffic is found while it has a part of it', async (_what, probe, path, bad, seen) => {
    const { done, check } = await shared(await live(), probe, knows(path, { state: 'ready' }, bad));
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.failure?.message).toMatch(/^unhealthy under traffic: /);
    expect(check).toMatchObject({ outcome: 'fail', evidence: { observed: expect.stringMatching(seen) } });
  });

  it('is held to its own promise alone once it has all of the traffic', async () => {
    const world = await live();
    const answers: Behaviour['answer'] = (request) =>
      knows('/healthz', request.percent === 100 ? { status: 'healthy' } : { state: 'ready' })(request);
    const { done } = await shared(world, samePath, answers);
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.checks.find(({ id, phase }) => id === 'healthy' && phase === 'traffic-50')?.outcome).toBe(
      'pass',
    );
  });
});
