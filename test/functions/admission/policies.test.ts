import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { quarantineId } from '#shared/domain/quarantine.ts';
import { admit } from '#functions/triggers/admit.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { admitted } from '#test/support/dispatch.ts';
import { connect, pushed, runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, delivery, image, serviceFile, type World } from '#test/support/world.ts';
import { call } from './call.ts';

const ada = 'ada@example.com';
const file = (policy: string): string =>
  serviceFile().replace("policy: { autoDeploy: ['*'] }", `policy: ${policy}`);
const ask = (world: World, requestId: string, change: object = {}, as = ada) =>
  admit(
    world.deps,
    delivery('admit', {
      version: 1,
      kind: 'deploy',
      requestId,
      service: 'hello',
      environment: 'staging',
      requestedBy: as,
      requestedAt: '2026-01-01T00:00:00.000Z',
      ...change,
    }),
  );
const recordOf = async (world: World, requestId: string) =>
  (await world.deps.ledger.list('requests', { requestId }))[0];
/** The release says of itself when its source was made. */
const dated = (world: World, tag: string, created: string): string => {
  const digest = world.release(tag);
  const found = { ...world.registry.images.get(tag)!, createdAt: created };
  world.registry.images.set(tag, found).set(digest, found);
  return digest;
};

describe('a tag', () => {
  it('that is asked for is fixed to its digest when the request is decided', async () => {
    const world = createWorld();
    const digest = world.release('v1');
    await ask(world, 'r-1', { tag: 'v1' });
    expect((await world.newest()).request).toMatchObject({ tag: 'v1', digest });
    await ask(world, 'r-2', { tag: 'v1' });
    expect(await recordOf(world, 'r-2')).toMatchObject({ decision: 'duplicate' });
  });

  it('that the registry does not know is refused; another time it may be there', async () => {
    const world = createWorld();
    await ask(world, 'r-1', { tag: 'v9' });
    expect(await recordOf(world, 'r-1')).toMatchObject({
      decision: 'refused',
      reason: `${image} has no tag v9`,
      service: 'hello',
      environment: 'staging',
    });
    world.release('v9');
    await ask(world, 'r-1', { tag: 'v9' });
    expect(await recordOf(world, 'r-1')).toMatchObject({ decision: 'refused' });
    await ask(world, 'r-2', { tag: 'v9' });
    expect(await recordOf(world, 'r-2')).toMatchObject({ decision: 'admitted' });
  });

  it('of a registry that cannot answer now is decided when it can', async () => {
    const world = createWorld();
    world.registry.resolve = async () => {
      throw new Fault('unavailable', 'the registry answered 503');
    };
    await expect(ask(world, 'r-1', { tag: 'v1' })).rejects.toThrow('503');
    expect(await recordOf(world, 'r-1')).toBeUndefined();
  });

  it('on something that is no image is refused', async () => {
    const world = createWorld();
    world.registry.resolve = async () => {
      throw new Fault('unsupported', 'v1 is a chart');
    };
    await ask(world, 'r-1', { tag: 'v1' });
    expect(await recordOf(world, 'r-1')).toMatchObject({ decision: 'refused', reason: 'v1 is a chart' });
  });

  it('is deployed by itself only where its version is in the range', async () => {
    const world = createWorld();
    world.configure(file(`{ autoDeploy: ['semver:^1.2'] }`));
    for (const tag of ['v2.0.0', '1.3.0']) {
      world.release(tag);
      const engine = connect(world);
      engine.publish('gcr', pushed(tag));
      await engine.idle();
    }
    expect((await world.deps.ledger.list('deployments')).map(({ request }) => request.tag)).toEqual([
      '1.3.0',
    ]);
    expect(await world.deps.ledger.list('requests', { decision: 'ignored' })).toHaveLength(1);
  });
});

describe('an old build that ends after a newer one', () => {
  it('is superseded, by name and criterion; a person may deploy it all the same', async () => {
    const world = createWorld();
    const old = dated(world, 'build-1', '2026-01-01T10:00:00Z');
    dated(world, 'build-2', '2026-01-01T11:00:00Z');
    const newer = await runDeployment(world, 'build-2');
    const engine = connect(world);
    engine.publish('gcr', pushed('build-1', old));
    await engine.idle();
    expect(await world.deps.ledger.list('requests', { decision: 'superseded' })).toMatchObject([
      { reason: expect.stringContaining(`older than ${newer.id} (live) by source time`) as string },
    ]);
    expect((await world.newest()).id).toBe(newer.id);

    await ask(world, 'r-1', { digest: old });
    await engine.idle();
    const done = await world.newest();
    expect(done).toMatchObject({ request: { digest: old, order: { sourceTime: '2026-01-01T10:00:00Z' } } });
    expect(done.result?.outcome).toBe('live');
    expect((await recordOf(world, 'r-1'))?.reason).toContain(`asked for by ${ada}`);
  });

  it('waits for a registry that is down, and then is compared', async () => {
    const world = createWorld();
    dated(world, 'build-1', '2026-01-01T10:00:00Z');
    dated(world, 'build-2', '2026-01-01T11:00:00Z');
    await runDeployment(world, 'build-2');
    let down = 3;
    override(world.registry, 'resolve', (resolve) => async (...asked) => {
      if ((down -= 1) >= 0) throw new Fault('unavailable', 'the registry answered 503');
      return resolve(...asked);
    });
    await runDeployment(world, 'build-1');
    expect(await world.deps.ledger.list('requests', { decision: 'superseded' })).toHaveLength(1);
  });
});

describe('a deployment that waits', () => {
  it('is decided again when its turn comes: what is locked by then does not start, and Slack is told', async () => {
    const world = createWorld();
    world.release('v1');
    world.release('v2');
    const engine = connect(world);
    engine.publish('gcr', pushed('v1'));
    await world.pass(1);
    engine.publish('gcr', pushed('v2'));
    await world.pass(1);
    const waiter = await world.newest();
    expect(waiter).toMatchObject({ status: 'waiting', request: { tag: 'v2' } });
    await call(world, 'POST /locks', {
      body: { service: 'hello', environment: 'staging', reason: 'release day' },
    });
    await engine.idle();
    const explanation = expect.stringMatching(/^locked by ada@example.com/) as string;
    expect(await world.deps.ledger.get('deployments', waiter.id)).toMatchObject({
      result: { outcome: 'refused', serving: null, explanation },
    });
    expect(world.workflows.executions).toHaveLength(1);
    expect(await world.deps.ledger.get('locks', 'hello.staging')).not.toHaveProperty('active');
    expect((await world.deps.ledger.get('notifications', waiter.id))?.final).toBe(true);
  });

  it('starts at the next look when the word that its turn has come was lost', async () => {
    const world = createWorld();
    const { id } = await admitted(world, { readmit: true, fence: 9 });
    await reconcile(world.deps);
    expect(world.workflows.executions).toMatchObject([{ labels: { deployment: id, fence: '9' } }]);
    expect(await world.deps.ledger.get('deployments', id)).not.toHaveProperty('readmit');
  });

  it('and may not start leaves its turn to the next one, which is started', async () => {
    const world = createWorld();
    const first = await admitted(world, { readmit: true });
    const { digest: wanted = '' } = first.request;
    const id = quarantineId('hello.staging', wanted, first.configHash);
    const next = { ...first, id: 'd00000000002', status: 'waiting' as const, configHash: 'hash-2' };
    await world.deps.ledger.transaction(async (tx) => {
      await tx.put('deployments', next.id, next);
      const { service, environment, configHash } = first;
      await tx.put('locks', 'hello.staging', {
        service,
        environment,
        active: first.id,
        waiting: next.id,
        fence: 1,
      });
      const found = {
        reason: 'bad',
        deploymentId: first.id,
        owner: ada,
        at: first.createdAt,
        holds: true,
        releases: [],
      };
      await tx.put('quarantine', id, { id, service, environment, digest: wanted, configHash, ...found });
    });
    await admit(world.deps, delivery('admit', { version: 1, kind: 'start', deploymentId: first.id }));
    expect(await world.deps.ledger.get('deployments', first.id)).toMatchObject({
      result: { outcome: 'refused' },
    });
    expect(world.workflows.executions).toMatchObject([{ labels: { deployment: next.id, fence: '2' } }]);
  });

  it('but may not start does not at the next look either', async () => {
    const world = createWorld();
    const { id } = await admitted(world, { readmit: true });
    await call(world, 'POST /locks', {
      body: { service: 'hello', environment: 'staging', reason: 'release day' },
      by: 'bob@example.com',
    });
    await reconcile(world.deps);
    expect(world.workflows.executions).toEqual([]);
    expect(await world.deps.ledger.get('deployments', id)).toMatchObject({ result: { outcome: 'refused' } });
  });
});

describe('a release that failed its checks', () => {
  it('is in quarantine until a person lets it go', async () => {
    const world = createWorld();
    await runDeployment(world, 'v1');
    world.release('v2', { answer: () => ({ status: 500 }) });
    const failed = await runDeployment(world, 'v2');
    expect(failed.result?.outcome).toBe('failed');
    await ask(world, 'r-1', { tag: 'v2' });
    expect(await recordOf(world, 'r-1')).toMatchObject({ decision: 'refused' });
    const { body } = await call(world, 'GET /quarantine');
    const [{ id }] = (body as { quarantine: [{ id: string }] }).quarantine;
    world.release('v2');
    expect((await call(world, `POST /quarantine/${id}/release`, { body: { reason: 'mended' } })).status).toBe(
      200,
    );
    const engine = connect(world);
    await ask(world, 'r-2', { tag: 'v2' });
    await engine.idle();
    expect((await world.newest()).result?.outcome).toBe('live');
    expect((await call(world, 'GET /quarantine')).body).toEqual({ quarantine: [] });
  });

  it('gets another chance with another configuration', async () => {
    const world = createWorld();
    world.release('v1', { answer: () => ({ status: 500 }) });
    await runDeployment(world, 'v1');
    world.configure(serviceFile().replace('bake: 2s', 'bake: 3s'));
    await ask(world, 'r-1', { tag: 'v1' });
    expect(await recordOf(world, 'r-1')).toMatchObject({ decision: 'admitted' });
  });
});

describe('a freeze', () => {
  const frozen = `{ autoDeploy: ['*'], freeze: [{ name: year’s end, start: 2025-12-20T00:00, end: 2026-01-07T00:00, timeZone: Europe/Berlin }] }`;
  it('stops pushes and people, but not a person with a reason, which the deployment tells', async () => {
    const world = createWorld();
    world.configure(file(frozen));
    world.release('v1');
    const engine = connect(world);
    engine.publish('gcr', pushed('v1'));
    await engine.idle();
    await ask(world, 'r-1', { tag: 'v1' });
    expect((await world.deps.ledger.list('requests')).map(({ decision }) => decision)).toEqual([
      'refused',
      'refused',
    ]);
    await call(world, 'POST /deployments', {
      body: {
        requestId: 'request-0001',
        service: 'hello',
        environment: 'staging',
        tag: 'v1',
        override: { freeze: 'the site is down' },
      },
    });
    await engine.idle();
    expect(await world.newest()).toMatchObject({
      result: { outcome: 'live' },
      overrides: [{ rule: 'freeze', by: ada, reason: 'the site is down' }],
    });
  });
});

describe('approvals', () => {
  const needing = `{ autoDeploy: ['*'], approvals: { required: 2, from: [ada@example.com, bob@example.com, eve@example.com], timeout: 30m } }`;
  const start = async (text = file(needing)) => {
    const world = createWorld();
    world.configure(text);
    world.release('v1');
    const engine = connect(world);
    await ask(world, 'r-1', { tag: 'v1' });
    const id = (await recordOf(world, 'r-1'))!.approvalId!;
    const say = (by: string, word = 'approve') => call(world, `POST /approvals/${id}/${word}`, { by });
    return { world, engine, id, say };
  };

  it('of enough people start the very release that was asked for, and its record names them', async () => {
    const { world, engine, id, say } = await start();
    expect((await call(world, 'GET /approvals')).body).toMatchObject({ approvals: [{ id, status: 'open' }] });
    await say('bob@example.com');
    await say('bob@example.com');
    expect((await say('ada@example.com')).status).toBe(403);
    await engine.idle();
    expect(world.workflows.executions).toEqual([]);
    await Promise.all([say('eve@example.com'), say('eve@example.com')]);
    await engine.idle();
    const [done, ...more] = await world.deps.ledger.list('deployments');
    expect(more).toEqual([]);
    expect(done).toMatchObject({
      result: { outcome: 'live' },
      approvedBy: ['bob@example.com', 'eve@example.com'],
      request: { id: 'r-1', requestedBy: ada },
    });
    expect(await recordOf(world, 'r-1')).toMatchObject({ decision: 'admitted', deploymentId: done!.id });
    const published = world.pubsub.published.length;
    expect(await say('eve@example.com', 'reject')).toMatchObject({
      status: 200,
      body: { status: 'approved', settled: true, deploymentId: done!.id },
    });
    expect(world.pubsub.published).toHaveLength(published);
    expect((await call(world, 'GET /approvals')).body).toEqual({ approvals: [] });
  });

  it('are void when the configuration changes', async () => {
    const { world, engine, say } = await start();
    world.configure(file(needing).replace('bake: 2s', 'bake: 3s'));
    await say('bob@example.com');
    await say('eve@example.com');
    await engine.idle();
    expect(await recordOf(world, 'r-1')).toMatchObject({
      decision: 'refused',
      reason: 'the configuration changed since it was approved',
    });
    expect(await world.deps.ledger.list('deployments')).toEqual([]);
  });

  it('survive an edit of what is not deployed', async () => {
    const { world, engine, say } = await start();
    world.configure(
      file(needing.replace('approvals:', 'freeze: [{ name: x, days: [sun], timeZone: UTC }], approvals:')),
    );
    await say('bob@example.com');
    await say('eve@example.com');
    await engine.idle();
    expect((await world.newest()).result?.outcome).toBe('live');
  });

  it('do not suffice when the policy wants more by the time they are all given', async () => {
    const { world, engine, say } = await start();
    world.configure(file(needing.replace('required: 2', 'required: 3')));
    await say('bob@example.com');
    await say('eve@example.com');
    await engine.idle();
    expect(await recordOf(world, 'r-1')).toMatchObject({
      decision: 'refused',
      reason: expect.stringContaining('the policy changed and now wants 3 of') as string,
    });
  });

  it('that nobody gives in time are a no', async () => {
    const { world, say } = await start();
    await say('bob@example.com');
    await world.pass(1800);
    expect((await call(world, 'GET /approvals')).body).toEqual({ approvals: [] });
    await reconcile(world.deps);
    expect(await recordOf(world, 'r-1')).toMatchObject({
      decision: 'refused',
      reason: '1 of 2 approved within 30m',
    });
    expect((await say('eve@example.com')).body).toMatchObject({ status: 'expired' });
    expect(await world.deps.ledger.list('deployments')).toEqual([]);
  });

  it('whose message was lost start it at the next look', async () => {
    const { world, engine, id, say } = await start();
    await say('bob@example.com');
    const mend = override(world.pubsub, 'publish', () => async () => {
      throw new Fault('unavailable', 'Pub/Sub answered 503');
    });
    await expect(say('eve@example.com')).rejects.toThrow('503');
    mend();
    await reconcile(world.deps);
    await engine.idle();
    expect(await world.deps.ledger.get('approvals', id)).toMatchObject({ settled: true });
    expect((await world.newest()).result?.outcome).toBe('live');
  });

  it('are not believed before they are given', async () => {
    const { world, id } = await start();
    await admit(world.deps, delivery('admit', { version: 1, kind: 'approved', approvalId: id }));
    await admit(world.deps, delivery('admit', { version: 1, kind: 'approved', approvalId: 'a00000000000' }));
    expect((await world.deps.ledger.list('refusals')).map(({ reason }) => reason).sort()).toEqual(
      [`${id} is not approved: open`, 'there is no approval a00000000000'].sort(),
    );
    expect(await world.deps.ledger.list('deployments')).toEqual([]);
  });

  it('delivered again after a crash start what was admitted', async () => {
    const { world, engine, id, say } = await start();
    await say('bob@example.com');
    let tries = 0;
    override(world.workflows, 'create', (create) => async (...asked) => {
      if ((tries += 1) === 1) throw new Fault('unavailable', '503');
      return create(...asked);
    });
    await say('eve@example.com');
    await engine.idle();
    expect(tries).toBe(2);
    expect(await world.deps.ledger.get('approvals', id)).toMatchObject({ settled: true });
    expect((await world.newest()).result?.outcome).toBe('live');
  });
});
