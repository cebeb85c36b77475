import { describe, expect, it } from 'vitest';
import { quarantineId } from '#shared/domain/quarantine.ts';
import { Fault } from '#shared/domain/fault.ts';
import { admitted } from '#test/support/dispatch.ts';
import { runDeployment } from '#test/support/engine.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';
import { call } from '#test/functions/admission/call.ts';

const place = { service: 'hello', environment: 'staging' };
const id = 'd00000000001';
const digest = `sha256:${'a'.repeat(64)}`;
const key = quarantineId('hello.staging', digest, 'b'.repeat(64));
const allow = (who: string): string =>
  serviceFile().replace("policy: { autoDeploy: ['*'] }", `policy: { autoDeploy: ['*'], allow: { ${who} } }`);

async function worldOf(policy: string): Promise<World> {
  const world = createWorld();
  world.configure(policy);
  await admitted(world, { status: 'active', executionId: 'execution-1' });
  await world.deps.ledger.transaction((tx) =>
    tx.put('quarantine', key, {
      id: key,
      ...place,
      digest,
      configHash: 'b'.repeat(64),
      reason: 'status 500',
      deploymentId: id,
      owner: 'topic gcr',
      at: '2026-01-01T00:00:00.000Z',
      holds: true,
      releases: [],
    }),
  );
  return world;
}

describe('an order through the API', () => {
  const orders = [
    ['cancel', `POST /deployments/${id}/cancel`, { reason: 'x' }],
    ['cancel', `POST /deployments/${id}/take-over`, { reason: 'x' }],
    ['rollback', 'POST /rollback', { ...place, reason: 'x' }],
    ['lock', 'POST /locks', { ...place, reason: 'x' }],
    ['lock', 'DELETE /locks/hello/staging', { reason: 'x' }],
    ['quarantine', `POST /quarantine/${key}/release`, { reason: 'x' }],
  ] as const;

  it.each(orders)(
    'to %s (%s) is for who is named, or who may deploy when nobody is',
    async (action, target, body) => {
      for (const named of [`${action}: [bob@example.com]`, 'deploy: [bob@example.com]']) {
        const world = await worldOf(allow(named));
        expect(await call(world, target, { body })).toMatchObject({
          status: 403,
          body: { error: expect.stringContaining('allowed are bob@example.com') as string },
        });
        const [record] = await world.deps.ledger.list('audit');
        expect(record).toMatchObject({
          via: 'api',
          person: 'ada@example.com',
          decision: 'refused',
          ...place,
        });
        expect((await world.deps.ledger.get('deployments', id))?.signal).toBeUndefined();
        expect(await world.deps.ledger.get('manualLocks', 'hello.staging')).toBeUndefined();
        expect((await call(world, target, { body, by: 'Bob@example.com' })).status).not.toBe(403);
      }
    },
  );

  it.each(orders)(
    'to %s (%s) is for everybody IAM lets in when nobody is named',
    async (_action, target, body) => {
      const world = await worldOf(serviceFile());
      expect((await call(world, target, { body })).status).not.toBe(403);
    },
  );

  it('goes by the policy of the newest deployment when the service file is gone or cannot be read', async () => {
    const world = createWorld();
    world.configure(allow('rollback: [bob@example.com]'));
    await runDeployment(world, 'v1');
    await runDeployment(world, 'v2');
    world.configure('service: hello');
    expect((await call(world, 'POST /rollback', { body: { ...place, reason: 'x' } })).status).toBe(403);
    world.objects.list = async () => {
      throw new Fault('unavailable', 'the bucket does not answer');
    };
    expect((await call(world, 'POST /rollback', { body: { ...place, reason: 'x' } })).status).toBe(403);
    const answer = world.finish(
      call(world, 'POST /rollback', { body: { ...place, reason: 'x' }, by: 'bob@example.com' }),
    );
    expect((await answer).status).toBe(200);
  });
});
