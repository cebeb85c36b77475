import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { signalDeployment } from '#shared/ledger/signals.ts';
import { buildReport } from '#shared/report/report.ts';
import { rollBackNow, type RollbackAnswer, type RollbackOrder } from '#functions/emergency-rollback.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { establish } from '#test/support/dispatch.ts';
import { connect, runDeployment, type Engine } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

/** Releases that are marked as not safe to roll back. */
const breaks: Partial<Behaviour> = {
  answer: ({ percent }) => ({ status: percent > 0 ? 503 : 200, body: 'hello' }),
};
const never = serviceFile().replace('policy: {', 'policy: { rollBack: never,');
type Mark = 'file' | 'image' | 'both';
const marks: Record<Mark, string> = {
  file: 'policy.rollBack is never',
  image: 'its image has the label dev.slipway.rollback: never',
  both: 'policy.rollBack is never and its image has the label dev.slipway.rollback: never',
};

function mark(world: World, tag: string, how: Mark): void {
  world.configure(how === 'image' ? serviceFile() : never);
  const label = world.registry.images.get(tag)!.labels;
  if (how === 'file') delete label['dev.slipway.rollback'];
  else label['dev.slipway.rollback'] = 'never';
}

async function marked(how: Mark = 'file', behaviour: Partial<Behaviour> = breaks): Promise<World> {
  const world = createWorld();
  await establish(world);
  world.release('v1', behaviour);
  mark(world, 'v1', how);
  return world;
}
const traffic = (world: World) =>
  world.run.service()?.traffic.map(({ revision, percent, tag = '' }) => [revision, percent, tag]);
/** Acts once, just before that dispatch is worked on. */
function actAt(world: World, moment: string, act: () => Promise<unknown> | void): Engine {
  let done = false;
  return connect(world, async (target, message, work) => {
    if (!done && `${target}/${(message as { phase?: string }).phase}` === moment) {
      done = true;
      await act();
    }
    await work(world.deps);
  });
}
const cancel = async (world: World): Promise<void> => {
  const at = new Date(world.clock.now()).toISOString();
  const word = { kind: 'cancel' as const, by: 'ada@example.com', reason: 'looks odd', at };
  await signalDeployment(world.deps.ledger, (await world.newest()).id, word);
};

describe('a release that is marked as not safe to roll back', () => {
  it.each<[string, Mark]>([
    ['the service file', 'file'],
    ['its image', 'image'],
    ['both', 'both'],
  ])('by %s stays where it is when it fails under traffic, and a person is called', async (_, how) => {
    const world = await marked(how);
    const done = await runDeployment(world, 'v1');
    const revision = `hello-${done.id}`;
    expect(world.run.writes).toHaveLength(2);
    expect(new Set(traffic(world))).toEqual(
      new Set([
        ['hello-stable', 50, ''],
        [revision, 50, ''],
        [revision, 0, done.id],
      ]),
    );
    expect(done.result).toMatchObject({
      outcome: 'rollback-failed',
      explanation: expect.stringContaining('not rolled back: this release is marked'),
    });
    expect(new Set(done.result?.serving)).toEqual(
      new Set([
        { revision, percent: 50 },
        { revision: 'hello-stable', percent: 50 },
      ]),
    );
    expect(done.rollback).toMatchObject({
      result: 'failed',
      withheld: marks[how],
      observed: expect.stringMatching(
        /^not rolled back: this release is marked as not safe to roll back \(.*\); Cloud Run: /,
      ),
      remains: [`revision ${revision}, with its share of the traffic and the tag ${done.id}`],
    });
    const report = buildReport(done);
    expect(report.headline).toBe('NOT ROLLED BACK: hello in staging needs a person');
    expect(report.action).toEqual({
      needed: true,
      sentence: expect.stringMatching(
        /^A person must decide now: .*puts the traffic back as it was, which may do harm: /,
      ),
      command: expect.objectContaining({
        line: 'gcloud run services update-traffic hello --project slipway-local --region us-central1 --to-revisions=hello-stable=100',
      }),
    });
    expect(report.exposure).toMatchObject({ percent: 50, until: null });
    const [root] = world.slack.roots();
    expect(root?.text).toContain('NOT ROLLED BACK');
    expect(JSON.stringify(root)).toContain('--to-revisions=hello-stable=100');
  });

  it('stays where it is when a person cancels it under traffic', async () => {
    const world = await marked('file', {});
    const engine = actAt(world, 'health-probe/traffic-50', () => cancel(world));
    const done = await runDeployment(world, 'v1', engine);
    expect(done.failure?.ending).toBe('cancelled');
    expect(done.result?.outcome).toBe('rollback-failed');
    expect(traffic(world)).toContainEqual([`hello-${done.id}`, 50, '']);
  });

  it.each<[string, Partial<Behaviour>, string]>([
    ['that fails', { answer: () => ({ status: 500 }) }, 'failed'],
    ['that is cancelled', {}, 'cancelled'],
  ])('%s before traffic is undone as always', async (_, behaviour, outcome) => {
    const world = await marked('both', behaviour);
    const moment = outcome === 'cancelled' ? 'validate/candidate' : 'never';
    const done = await runDeployment(
      world,
      'v1',
      actAt(world, moment, () => cancel(world)),
    );
    expect(done.result?.outcome).toBe(outcome);
    expect(done.rollback?.result).toBe('verified');
    expect(traffic(world)).toEqual([['hello-stable', 100, '']]);
  });

  it('from which a person took the share meanwhile is cleaned up as always', async () => {
    const world = await marked('file', {});
    const engine = actAt(world, 'health-probe/traffic-50', async () => {
      world.run.edit((service) => {
        const [target] = service.traffic;
        service.traffic = [{ ...target!, revision: 'hello-stable', percent: 100 }];
      });
      await cancel(world);
    });
    const done = await runDeployment(world, 'v1', engine);
    expect(done.rollback).toMatchObject({ result: 'verified' });
    expect(traffic(world)).toEqual([['hello-stable', 100, '']]);
  });

  it('that is the first one stays open, and the report does not say that nobody is served', async () => {
    const world = createWorld();
    world.release('v1', { answer: ({ candidate }) => ({ status: candidate ? 200 : 503, body: 'hello' }) });
    mark(world, 'v1', 'image');
    const done = await runDeployment(world, 'v1');
    expect(done.result).toMatchObject({
      outcome: 'rollback-failed',
      serving: [{ revision: `hello-${done.id}`, percent: 100 }],
    });
    expect(world.run.service()?.isPublic).toBe(true);
    expect(buildReport(done).action.command?.line).toContain('--invoker-iam-check');
  });

  it('whose execution died is left, and only the fence is raised', async () => {
    const world = await marked('file', {});
    const engine: Engine = actAt(world, 'health-probe/traffic-50', async () =>
      engine.cancel((await world.newest()).executionId!),
    );
    await runDeployment(world, 'v1', engine);
    const before = traffic(world);
    world.run.writes = [];
    await world.finish(reconcile(world.deps));
    await engine.idle();
    expect((await world.newest()).result?.outcome).toBe('rollback-failed');
    expect(traffic(world)).toEqual(before);
    expect(world.run.writes.map(({ mask }) => mask)).toEqual([['annotations']]);
    expect(world.run.service()?.annotations['slipway.dev/fence']).toBe('2');
  });

  it('is followed by a mended one, which takes all of its traffic', async () => {
    const world = await marked();
    await runDeployment(world, 'v1');
    world.release('v2');
    const mended = await runDeployment(world, 'v2');
    expect(mended.result?.outcome).toBe('live');
    expect(world.run.exposed.at(-1)).toEqual([{ revision: `hello-${mended.id}`, percent: 100 }]);
  });

  it('is none when its image has a word that nobody knows: that is refused', async () => {
    const world = await marked('image', {});
    world.registry.images.get('v1')!.labels['dev.slipway.rollback'] = 'nevr';
    const done = await runDeployment(world, 'v1');
    expect(done.failure?.message).toBe(
      `the image's label dev.slipway.rollback is "nevr": expected never or automatic`,
    );
    expect(traffic(world)).toEqual([['hello-stable', 100, '']]);
  });
});

describe('an emergency rollback', () => {
  const order = { service: 'hello', environment: 'staging', by: 'ana@example.com', reason: 'broken' };
  const rollBack = (world: World, more: Partial<RollbackOrder> = {}): Promise<RollbackAnswer> =>
    world.finish(rollBackNow(world.deps, { ...order, ...more }));
  /** v1 (unmarked), v2 (marked), v3 (unmarked), all of them live one after the other. */
  async function three(): Promise<{ world: World; ids: string[] }> {
    const world = createWorld();
    const done: Deployment[] = [];
    for (const tag of ['v1', 'v2', 'v3']) {
      world.release(tag);
      if (tag === 'v2') mark(world, tag, 'image');
      done.push(await runDeployment(world, tag));
      await world.pass(1);
    }
    expect(done.map(({ result }) => result?.outcome)).toEqual(['live', 'live', 'live']);
    return { world, ids: done.map(({ id }) => id) };
  }

  it('from a marked release is refused, changes nothing, and is done by force', async () => {
    const world = await marked('image', {});
    const done = await runDeployment(world, 'v1');
    const writes = world.run.writes.length;
    expect(await rollBack(world)).toEqual({
      status: 'refused',
      reason: `${done.id} is marked as not safe to roll back (${marks.image}): see that what ran before can work with the data as it is now, then order it with force`,
    });
    expect(world.run.writes).toHaveLength(writes);
    expect(await rollBack(world, { force: true })).toMatchObject({ status: 'done', tookBack: done.id });
    expect(world.run.exposed.at(-1)).toEqual([{ revision: 'hello-stable', percent: 100 }]);
  });

  it('goes from an unmarked release to the marked one before it, but not past that without force', async () => {
    const { world, ids } = await three();
    const past = await rollBack(world, { to: `hello-${ids[0]}` });
    expect(past).toMatchObject({ status: 'refused', reason: expect.stringContaining(ids[1]!) });
    expect(await rollBack(world, { to: `hello-${ids[1]}` })).toMatchObject({ status: 'done' });
    expect(await rollBack(world, { to: `hello-${ids[0]}`, force: true })).toMatchObject({ status: 'done' });
  });

  it('in the middle of a marked canary needs force, and then the canary ends as rolled back', async () => {
    const world = await marked('file', {});
    const answers: RollbackAnswer[] = [];
    const engine = actAt(world, 'health-probe/traffic-50', async () => {
      answers.push(await rollBackNow(world.deps, order));
      answers.push(await rollBackNow(world.deps, { ...order, force: true }));
    });
    const done = await runDeployment(world, 'v1', engine);
    expect(answers.map(({ status }) => status)).toEqual(['refused', 'done']);
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.rollback?.withheld).toBeUndefined();
  });

  it('of a marked release that has no traffic yet needs no force', async () => {
    const world = await marked('file', {});
    await runDeployment(
      world,
      'v1',
      actAt(world, 'shift-traffic/traffic-50', async () => {
        expect(await rollBackNow(world.deps, order)).toMatchObject({ status: 'done' });
      }),
    );
    expect((await world.newest()).result?.outcome).toBe('cancelled');
  });

  it('says of a release with a migration that this is not undone', async () => {
    const world = createWorld();
    await establish(world);
    world.configure(serviceFile('migration: { job: migrate }\n'));
    await runDeployment(world, 'v1');
    expect(await rollBack(world)).toMatchObject({
      observed: expect.stringContaining('its migration (job migrate) is not undone'),
    });
  });
});
