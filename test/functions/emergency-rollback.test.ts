import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { shares } from '#shared/domain/traffic.ts';
import { rollBackNow, type RollbackAnswer } from '#functions/emergency-rollback.ts';
import { connect, pushed, runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, type World } from '#test/support/world.ts';

const order = {
  service: 'hello',
  environment: 'staging',
  by: 'ana@example.com',
  reason: 'checkout is broken',
};
const place = { project: 'slipway-local', region: 'us-central1', name: 'hello' };
const serving = async (world: World) => shares((await world.deps.run.getService(place))!.trafficStatuses);
const rollBack = (world: World, more: Partial<typeof order & { to: string }> = {}): Promise<RollbackAnswer> =>
  world.finish(rollBackNow(world.deps, { ...order, ...more }));

/** Two releases, one after the other, both live. */
async function twoReleases(world: World) {
  const first = await runDeployment(world, 'v1');
  const second = await runDeployment(world, 'v2');
  expect([first.result?.outcome, second.result?.outcome]).toEqual(['live', 'live']);
  return { first, second };
}

describe('an emergency rollback', () => {
  it('puts back what served before the live release, and says what it saw', async () => {
    const world = createWorld();
    const { first, second } = await twoReleases(world);
    const answer = await rollBack(world);
    expect(answer).toMatchObject({ status: 'done', tookBack: second.id });
    expect(answer).toHaveProperty(
      'observed',
      `Cloud Run: hello-${first.id} 100 %; service: GET /healthz answered 200`,
    );
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
  });

  it('keeps the release that was taken back from coming again, and knows what is live now', async () => {
    const world = createWorld();
    const { first } = await twoReleases(world);
    await rollBack(world);
    const again = connect(world);
    again.publish('gcr', pushed('v2', world.registry.images.get('v2')!.digest));
    again.publish('gcr', pushed('v1', world.registry.images.get('v1')!.digest));
    await again.idle();
    const reasons = (await world.deps.ledger.list('requests')).map(
      ({ decision, reason }) => `${decision}: ${reason}`,
    );
    expect(reasons).toContainEqual(
      expect.stringMatching(/^refused: .*rolled back by ana@example.com: checkout is broken/),
    );
    expect(reasons).toContainEqual(
      expect.stringContaining(`duplicate: ${first.id} already made this release live`),
    );
    expect(await world.deps.ledger.list('deployments')).toHaveLength(2);
  });

  it('is seen at the message of the release it took back, which asks for nothing more', async () => {
    const world = createWorld();
    const { first, second } = await twoReleases(world);
    const roots = world.slack.roots().length;
    const engine = connect(world);
    await rollBack(world);
    await engine.idle();
    const { by, reason } = order;
    expect(await world.deps.ledger.get('deployments', second.id)).toMatchObject({
      result: { outcome: 'live' },
      takenBack: { by, reason, to: `hello-${first.id}` },
    });
    const root = world.slack.roots().find(({ subject }) => subject === second.id)!;
    expect(root.text).toMatch(
      /^Taken back: hello v2 to staging\. `hello-\w+` has its traffic since .* checkout is broken\. No action/,
    );
    expect(JSON.stringify(root.blocks)).not.toContain('"roll-back"');
    expect(world.slack.roots()).toHaveLength(roots);
  });

  it('to the release that is live, after somebody moved its traffic, takes nothing back', async () => {
    const world = createWorld();
    const { second } = await twoReleases(world);
    expect(await rollBack(world, { to: `hello-${second.id}` })).toMatchObject({ status: 'done' });
    expect(await world.deps.ledger.get('deployments', second.id)).not.toHaveProperty('takenBack');
    expect(await world.deps.ledger.list('quarantine', { holds: true })).toEqual([]);
    expect(await world.deps.ledger.get('live', 'hello.staging')).toMatchObject({ deploymentId: second.id });
  });

  it('goes to the revision it is told', async () => {
    const world = createWorld();
    const { first } = await twoReleases(world);
    await runDeployment(world, 'v3');
    await rollBack(world, { to: `hello-${first.id}` });
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
  });

  it('needs neither Pub/Sub nor a workflow', async () => {
    const world = createWorld();
    const { first } = await twoReleases(world);
    const down = () => async () => {
      throw new Fault('unavailable', 'down');
    };
    override(world.pubsub, 'publish', down);
    override(world.workflows, 'find', down);
    override(world.workflows, 'create', down);
    expect(await rollBack(world)).toMatchObject({ status: 'done' });
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
  });

  it('looks again when somebody writes the service at the same moment', async () => {
    const world = createWorld();
    const { first } = await twoReleases(world);
    let rivals = 2;
    world.run.beforeWrite = () => {
      rivals -= 1;
      if (rivals >= 0) world.run.edit(() => undefined);
    };
    expect(await rollBack(world)).toMatchObject({ status: 'done' });
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
  });

  it.each([
    'shift-traffic/traffic-50',
    'health-probe/traffic-50',
    'shift-traffic/traffic-100',
    'validate/traffic-100',
  ])('in the middle of a canary (%s) ends it, and it cannot undo it', async (moment) => {
    const world = createWorld();
    const first = await runDeployment(world, 'v1');
    let answer: RollbackAnswer | undefined;
    const engine = connect(world, async (target, message, work) => {
      if (answer === undefined && `${target}/${(message as { phase?: string }).phase}` === moment) {
        answer = await rollBackNow(world.deps, order);
      }
      await work(world.deps);
    });
    const second = await runDeployment(world, 'v2', engine);
    expect(answer).toMatchObject({ status: 'done', tookBack: second.id });
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
    const moved = moment !== 'shift-traffic/traffic-50';
    expect(second.result?.outcome).toBe(moved ? 'rolled-back' : 'cancelled');
    expect(second.failure?.message).toContain('rollback by ana@example.com: checkout is broken');
    expect(second.rollback?.notes).toEqual(['rolled back from outside by ana@example.com']);
    expect(await world.deps.ledger.get('locks', 'hello.staging')).not.toHaveProperty('active');
  });

  it.each([
    { name: 'a service nobody deployed', more: { service: 'nobody' }, reason: 'has no deployment' },
    { name: 'a revision that is not there', more: { to: 'hello-gone' }, reason: 'hello-gone is not there' },
  ])('of $name is refused, and nothing changes', async ({ more, reason }) => {
    const world = createWorld();
    await twoReleases(world);
    const before = await serving(world);
    const writes = world.run.writes.length;
    const answer = await rollBack(world, more);
    expect(answer).toMatchObject({ status: 'refused' });
    expect(answer).toHaveProperty('reason', expect.stringContaining(reason));
    expect(await serving(world)).toEqual(before);
    expect(world.run.writes).toHaveLength(writes);
  });

  it('of a first release is refused: nothing served before it', async () => {
    const world = createWorld();
    const first = await runDeployment(world, 'v1');
    expect(await rollBack(world)).toMatchObject({
      status: 'refused',
      reason: `nothing served before ${first.id}: name a revision to go back to`,
    });
  });
});
