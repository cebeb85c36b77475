import { describe, expect, it } from 'vitest';
import { openDrift } from '#shared/ledger/drift.ts';
import { takeIdleFence } from '#shared/ledger/idle-fence.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, digestOf, image, type World } from '#test/support/world.ts';

const warnings = (world: World) =>
  world.logs
    .filter(([, , fields]) => fields?.metric === 'drift')
    .map(([severity, text]) => `${severity} ${text}`);
const at = (world: World) => new Date(world.clock.now()).toISOString();
const revisionTarget = (revision: string, percent: number) => ({
  type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  revision,
  percent,
});

/** Two live releases, one after the other. */
async function twoReleases() {
  const world = createWorld();
  const first = await runDeployment(world, 'v1');
  const second = await runDeployment(world, 'v2');
  expect([first.result?.outcome, second.result?.outcome]).toEqual(['live', 'live']);
  return { world, first, second };
}

describe('a service that is as it was left', () => {
  it('has no drift, whatever tags people set', async () => {
    const { world, first } = await twoReleases();
    world.run.edit((service) =>
      service.traffic.push({ ...revisionTarget(`hello-${first.id}`, 0), tag: 'mine' }),
    );
    await reconcile(world.deps);
    expect(await world.deps.ledger.list('drift')).toEqual([]);
    expect(warnings(world)).toEqual([]);
  });

  it('has none either when LATEST is what was left', async () => {
    const { world } = await twoReleases();
    world.run.edit((service) => {
      service.traffic = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }];
    });
    await reconcile(world.deps);
    expect(await openDrift(world.deps.ledger)).toEqual([]);
  });
});

describe('drift', () => {
  it('of traffic that a person rolled back is said once, kept while it lasts, ended, and never undone', async () => {
    const { world, first, second } = await twoReleases();
    world.run.edit((service) => {
      service.traffic = [revisionTarget(`hello-${first.id}`, 100)];
    });
    const since = at(world);
    await reconcile(world.deps);
    await world.pass(60);
    await reconcile(world.deps);
    await reconcile(world.deps);
    const drift = {
      service: 'hello',
      environment: 'staging',
      deploymentId: second.id,
      kind: 'traffic',
      expected: `hello-${second.id} 100 %`,
      observed: `hello-${first.id} 100 %`,
      since,
    };
    expect(await openDrift(world.deps.ledger)).toEqual([{ ...drift, at: at(world), open: true }]);
    expect(warnings(world)).toEqual([
      `WARNING hello → staging is not as ${second.id} left it: hello-${first.id} 100 %, not hello-${second.id} 100 %`,
    ]);
    expect(world.run.service()?.traffic).toMatchObject([{ revision: `hello-${first.id}`, percent: 100 }]);

    const seenLast = at(world);
    world.run.edit((service) => {
      service.traffic = [revisionTarget(`hello-${second.id}`, 100)];
    });
    await world.pass(60);
    await reconcile(world.deps);
    await reconcile(world.deps);
    expect(await openDrift(world.deps.ledger)).toEqual([]);
    expect(await world.deps.ledger.list('drift')).toEqual([
      { ...drift, at: seenLast, open: false, endedAt: at(world) },
    ]);
    expect(world.logs.filter(([, text]) => text.endsWith('is over'))).toHaveLength(1);
  });

  it('of the template is what a failed deployment leaves there', async () => {
    const { world, second } = await twoReleases();
    world.release('v3', { answer: () => ({ status: 500 }) });
    const bad = await runDeployment(world, 'v3');
    expect(bad.result?.outcome).toBe('failed');
    await reconcile(world.deps);
    expect(await openDrift(world.deps.ledger)).toMatchObject([
      {
        kind: 'template',
        deploymentId: second.id,
        expected: `template with ${image}@${digestOf('v2')}`,
        observed: `template of hello-${bad.id} with ${image}@${digestOf('v3')}`,
      },
    ]);
    // The next release puts it right.
    await runDeployment(world, 'v4');
    await reconcile(world.deps);
    expect(await openDrift(world.deps.ledger)).toEqual([]);
  });

  it('begins anew when another release is what should be there', async () => {
    const { world, first, second } = await twoReleases();
    const { ledger } = world.deps;
    override(world.run, 'getService', () => async () => undefined);
    await reconcile(world.deps);
    await ledger.transaction(async (tx) => {
      const live = await tx.get('live', 'hello.staging');
      await tx.put('live', 'hello.staging', { ...live!, deploymentId: first.id });
    });
    await world.pass(60);
    await reconcile(world.deps);
    expect(await openDrift(ledger)).toMatchObject([{ deploymentId: first.id, since: at(world) }]);
    expect(warnings(world).map((text) => text.includes(second.id))).toEqual([true, false]);
  });

  it('of a service that is gone is only that', async () => {
    const { world } = await twoReleases();
    override(world.run, 'getService', () => async () => undefined);
    await reconcile(world.deps);
    expect(await openDrift(world.deps.ledger)).toMatchObject([
      { kind: 'missing', expected: 'service hello', observed: 'there is no service hello' },
    ]);
  });

  it.each<{ name: string; meanwhile: (world: World) => unknown }>([
    {
      name: 'a deployment has the lock',
      meanwhile: (world) =>
        world.deps.ledger.transaction(async (tx) => {
          const lock = await tx.get('locks', 'hello.staging');
          await tx.put('locks', 'hello.staging', { ...lock!, active: 'd00000000009' });
        }),
    },
    {
      name: 'a deployment came and went during the look',
      meanwhile: (world) =>
        override(world.run, 'getService', (getService) => async (ref) => {
          const seen = await getService(ref);
          await takeIdleFence(world.deps.ledger, { service: 'hello', environment: 'staging' });
          return seen;
        }),
    },
    {
      name: 'a change is being rolled out',
      meanwhile: (world) =>
        override(world.run, 'getService', (getService) => async (ref) => {
          const seen = await getService(ref);
          return seen && { ...seen, reconciling: true };
        }),
    },
  ])('is not looked for while $name', async ({ meanwhile }) => {
    const { world, first } = await twoReleases();
    world.run.edit((service) => {
      service.traffic = [revisionTarget(`hello-${first.id}`, 100)];
    });
    await meanwhile(world);
    await reconcile(world.deps);
    expect(await world.deps.ledger.list('drift')).toEqual([]);
  });
});
