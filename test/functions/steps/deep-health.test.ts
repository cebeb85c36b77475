import { describe, expect, it } from 'vitest';
import { establish } from '#test/support/dispatch.ts';
import { runDeployment } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { createWorld, serviceFile } from '#test/support/world.ts';

/** Deploys a release that answers its health path with these bodies, one after another, the last one for ever. */
async function deployed(bodies: string[], status = 200) {
  const world = createWorld();
  const probe = `{ path: /healthz, interval: 1s, successes: 2, startupGrace: 5s, expect: { json: { status: healthy } }, dependencies: { database: { field: checks.database, equals: ok }, cache: { field: checks.cache, equals: ok, severity: advisory } } }`;
  world.configure(serviceFile().replace(/^healthProbe:.*$/m, `healthProbe: ${probe}`));
  await establish(world);
  let asked = 0;
  const answer: Behaviour['answer'] = ({ path }) =>
    path === '/healthz'
      ? { status, body: bodies[Math.min((asked += 1), bodies.length) - 1] ?? '' }
      : { status: 200, body: 'hello' };
  world.release('v1', { answer });
  const done = await runDeployment(world, 'v1');
  const check = (id: string) => done.checks.find((one) => one.id === id && one.step === 'health-probe');
  return {
    done,
    check,
    users: world.run.exposed.flat().filter(({ revision }) => revision !== 'hello-stable'),
  };
}
const body = (status: string, database = 'ok', cache = 'ok') =>
  JSON.stringify({ status, checks: { database, cache } });

describe('a candidate that answers its health path', () => {
  it('with 200 and "unhealthy" gets no traffic', async () => {
    const { done, check, users } = await deployed([body('unhealthy')]);
    expect(done.result?.outcome).toBe('failed');
    expect(done.failure?.message).toMatch(/^not healthy within 5 s: 200, status = "unhealthy" ×\d/);
    expect(check('healthy')).toMatchObject({ outcome: 'fail' });
    expect(users).toEqual([]);
  });

  it('is waited for until everything it needs is well', async () => {
    const { done, check } = await deployed([body('healthy', 'starting'), body('healthy')]);
    expect(done.result?.outcome).toBe('live');
    expect(check('healthy')).toMatchObject({
      outcome: 'pass',
      evidence: {
        observed: '200, database: checks.database = "starting" ×1, 200 ×2',
        expected: '200, status = "healthy", checks.database = "ok", 2 times in a row within 5 s',
      },
    });
    expect(check('dependency:database')).toMatchObject({
      suite: 'Health',
      severity: 'required',
      outcome: 'pass',
      evidence: { observed: 'checks.database = "ok"', expected: 'checks.database = "ok"' },
    });
  });

  it('without what is only advised goes live with a recommendation', async () => {
    const { done, check } = await deployed([body('healthy', 'ok', 'down')]);
    expect(done.result?.outcome).toBe('live-with-recommendations');
    expect(check('dependency:cache')).toMatchObject({
      outcome: 'fail',
      severity: 'advisory',
      evidence: { observed: 'checks.cache = "down"' },
    });
  });

  it('with an error says by its body which dependency is down', async () => {
    const { done, check } = await deployed([body('unhealthy', 'down')], 503);
    expect(done.result?.outcome).toBe('failed');
    expect(check('dependency:database')).toMatchObject({ outcome: 'fail' });
    expect(check('dependency:cache')).toMatchObject({ outcome: 'pass' });
  });
});
