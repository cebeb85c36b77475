import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { newDeploymentId } from '#shared/domain/ids.ts';
import { withoutTags } from '#functions/reconcile/leftovers.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, type World } from '#test/support/world.ts';

const hour = 3600;
const sick = { answer: () => ({ status: 500 }) };
const revisionTarget = (revision: string, percent: number, tag?: string) => ({
  type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  revision,
  percent,
  ...(tag === undefined ? {} : { tag }),
});
const revisions = (world: World) => world.run.service()!.revisions.map(({ name }) => name);
const tags = (world: World) => world.run.service()!.traffic.flatMap(({ tag }) => tag ?? []);

/** v1 live, v2 failed, v3 live. */
async function history() {
  const world = createWorld();
  const first = await runDeployment(world, 'v1');
  world.release('v2', sick);
  const failed = await runDeployment(world, 'v2');
  const live = await runDeployment(world, 'v3');
  expect([first, failed, live].map(({ result }) => result?.outcome)).toEqual(['live', 'failed', 'live']);
  return { world, first, failed, live };
}

/** Puts a tag on the service as a dead execution left it. */
const leave = (world: World, revision: string, tag: string) =>
  world.run.edit((service) => service.traffic.push(revisionTarget(revision, 0, tag)));

async function lockedBy(world: World, active: string): Promise<void> {
  await world.deps.ledger.transaction(async (tx) => {
    const lock = await tx.get('locks', 'hello.staging');
    await tx.put('locks', 'hello.staging', { ...lock!, active });
  });
}

describe('a tag of a finished deployment', () => {
  it('is removed under the next number, and everything else is kept', async () => {
    const { world, failed, live } = await history();
    leave(world, `hello-${failed.id}`, failed.id);
    leave(world, `hello-${live.id}`, 'mine');
    const before = world.run.service()!;
    const kept = before.traffic.filter(({ tag }) => tag !== failed.id);
    const { fence } = (await world.deps.ledger.get('locks', 'hello.staging'))!;
    world.run.writes = [];
    await reconcile(world.deps);
    expect(world.run.service()!.traffic).toEqual(kept);
    expect(world.run.service()!.annotations).toEqual({
      ...before.annotations,
      'slipway.dev/fence': String(fence + 1),
      'slipway.dev/deployment': failed.id,
    });
    expect(world.run.writes).toMatchObject([{ mask: ['traffic', 'annotations'] }]);
    await reconcile(world.deps);
    expect(world.run.writes).toHaveLength(1);
    expect((await world.deps.ledger.get('locks', 'hello.staging'))?.fence).toBe(fence + 1);
  });

  it('is left on the newest one for which a person was called, and goes when another was made', async () => {
    const { world, live } = await history();
    const { deps } = world;
    const called = { ...live, result: { ...live.result!, outcome: 'rollback-failed' as const } };
    await deps.ledger.transaction((tx) => tx.put('deployments', live.id, called));
    leave(world, `hello-${live.id}`, live.id);
    await reconcile(deps);
    expect(tags(world)).toContain(live.id);
    const next = { ...live, id: newDeploymentId(world.clock.now() + 60_000, () => 0) };
    await deps.ledger.transaction((tx) => tx.put('deployments', next.id, next));
    await reconcile(deps);
    expect(tags(world)).not.toContain(live.id);
  });

  it('does not keep the next deployment from its work', async () => {
    const { world, failed } = await history();
    leave(world, `hello-${failed.id}`, failed.id);
    await reconcile(world.deps);
    expect((await runDeployment(world, 'v4')).result?.outcome).toBe('live');
  });

  it('is left when somebody changed the service meanwhile, and removed by the next run', async () => {
    const { world, failed } = await history();
    leave(world, `hello-${failed.id}`, failed.id);
    let edits = 0;
    world.run.beforeWrite = () => {
      if ((edits += 1) === 1) world.run.edit(() => undefined);
    };
    await reconcile(world.deps);
    expect(tags(world)).toContain(failed.id);
    await reconcile(world.deps);
    expect(tags(world)).not.toContain(failed.id);
  });

  it.each<{ name: string; tag: (all: { failed: Deployment; live: Deployment }) => string; locked?: boolean }>(
    [
      { name: 'of a deployment that is not on record', tag: () => newDeploymentId(0, () => 0.5) },
      { name: 'of a person', tag: () => 'previous-good' },
      { name: 'while a deployment has the lock', tag: ({ failed }) => failed.id, locked: true },
    ],
  )('is left: $name', async ({ tag, locked }) => {
    const all = await history();
    const { world, live } = all;
    leave(world, `hello-${live.id}`, tag(all));
    if (locked) await lockedBy(world, live.id);
    world.run.writes = [];
    await reconcile(world.deps);
    expect(tags(world)).toContain(tag(all));
    expect(world.run.writes).toEqual([]);
  });

  it('of another place with the same service is that place’s', async () => {
    const { world, failed } = await history();
    await world.deps.ledger.transaction((tx) =>
      tx.put('deployments', failed.id, { ...failed, environment: 'production' }),
    );
    leave(world, `hello-${failed.id}`, failed.id);
    await reconcile(world.deps);
    expect(tags(world)).toContain(failed.id);
  });

  it('takes neither a share nor LATEST along', () => {
    expect(
      withoutTags(
        [
          { type: 'latest', percent: 60 },
          { type: 'latest', percent: 0, tag: 'd00000000001' },
          { type: 'revision', revision: 'hello-a', percent: 40, tag: 'd00000000002' },
          { type: 'revision', revision: 'hello-b', percent: 0, tag: 'mine' },
        ],
        new Set(['d00000000001', 'd00000000002']),
      ),
    ).toEqual([
      { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 60 },
      { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'hello-a', percent: 40 },
      { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'hello-b', percent: 0, tag: 'mine' },
    ]);
  });
});

describe('the revision of a deployment that went wrong', () => {
  it('is deleted a day after its end, once, and no other', async () => {
    const { world, first, failed, live } = await history();
    await reconcile(world.deps);
    await world.pass(23 * hour);
    await reconcile(world.deps);
    expect(world.run.deleted).toEqual([]);
    await world.pass(hour);
    await reconcile(world.deps);
    await world.pass(hour);
    await reconcile(world.deps);
    expect(world.run.deleted).toEqual([`hello-${failed.id}`]);
    expect(revisions(world)).toEqual([`hello-${first.id}`, `hello-${live.id}`]);
  });

  it('is looked for once an hour', async () => {
    const { world } = await history();
    let looks = 0;
    override(world.run, 'revisions', (revisionsOf) => async (ref) => {
      looks += 1;
      return revisionsOf(ref);
    });
    for (let minutes = 0; minutes <= 60; minutes += 20) {
      await reconcile(world.deps);
      await world.pass(20 * 60);
    }
    expect(looks).toBe(2);
  });

  it('goes after its tag has gone', async () => {
    const { world, failed } = await history();
    leave(world, `hello-${failed.id}`, failed.id);
    await world.pass(24 * hour);
    await reconcile(world.deps);
    expect([tags(world).includes(failed.id), world.run.deleted]).toEqual([false, []]);
    await world.pass(60);
    await reconcile(world.deps);
    expect(world.run.deleted).toEqual([`hello-${failed.id}`]);
  });

  it.each<{ name: string; keep: (world: World, failed: Deployment) => unknown }>([
    {
      name: 'that a person gave a share',
      keep: (world, { id }) =>
        world.run.edit((service) => {
          const [main, ...rest] = service.traffic;
          service.traffic = [{ ...main!, percent: 99 }, revisionTarget(`hello-${id}`, 1), ...rest];
        }),
    },
    {
      name: 'that a person gave a tag',
      keep: (world, { id }) => leave(world, `hello-${id}`, 'mine'),
    },
    {
      name: 'that users still get, whatever was asked for',
      keep: (world, { id }) =>
        override(world.run, 'getService', (getService) => async (ref) => {
          const seen = await getService(ref);
          return seen && { ...seen, trafficStatuses: [{ revision: `hello-${id}`, percent: 100 }] };
        }),
    },
    {
      name: 'that a person has to decide about',
      keep: (world, failed) =>
        world.deps.ledger.transaction((tx) =>
          tx.put('deployments', failed.id, {
            ...failed,
            result: { ...failed.result!, outcome: 'rollback-failed' },
          }),
        ),
    },
    {
      name: 'whose deployment is not on record',
      keep: (world, { id }) =>
        world.run.edit((service) => {
          for (const revision of service.revisions)
            if (revision.name === `hello-${id}`) revision.name = `hello-${newDeploymentId(0, () => 0.5)}`;
        }),
    },
    { name: 'while a deployment has the lock', keep: (world) => lockedBy(world, 'd00000000009') },
  ])('is kept: one $name', async ({ keep }) => {
    const { world, failed } = await history();
    await keep(world, failed);
    await world.pass(24 * hour);
    await reconcile(world.deps);
    expect(world.run.deleted).toEqual([]);
    expect(revisions(world)).toHaveLength(3);
  });

  it('is one of at most ten in one run; the next run goes on, also after one that failed', async () => {
    const { world, failed, live } = await history();
    const ids = Array.from({ length: 14 }, (_, index) => newDeploymentId(index * 1000, () => 0.5));
    await world.deps.ledger.transaction(async (tx) => {
      for (const id of ids) await tx.put('deployments', id, { ...failed, id });
    });
    world.run.edit((service) => {
      for (const id of ids)
        service.revisions.unshift({ name: `hello-${id}`, digest: '', template: '', startedMs: 0 });
    });
    await world.pass(24 * hour);
    const repair = override(world.run, 'deleteRevision', () => async () => {
      throw new Fault('unavailable', 'Cloud Run is down');
    });
    await expect(reconcile(world.deps)).rejects.toThrow('Cloud Run is down');
    repair();
    await reconcile(world.deps);
    expect(world.run.deleted).toHaveLength(10);
    await reconcile(world.deps);
    await reconcile(world.deps);
    expect(world.run.deleted).toHaveLength(15);
    expect(revisions(world)).toHaveLength(2);
    expect(world.run.service()?.traffic).toMatchObject([{ revision: `hello-${live.id}`, percent: 100 }]);
  });
});
