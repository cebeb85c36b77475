import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { admit } from '#functions/triggers/admit.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { admitted, establish, settled } from '#test/support/dispatch.ts';
import { connect, pushed, type Engine } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, delivery, digestOf, type World } from '#test/support/world.ts';

/** Deploys v1 and ends its execution in the console just as that step is about to be worked on, or was. */
async function cancelled(
  world: World,
  dispatch: string,
  when: 'before' | 'after',
): Promise<{ engine: Engine; done: Deployment }> {
  let over = false;
  const engine: Engine = connect(world, async (target, message, work) => {
    const { phase, executionId } = message as { phase?: string; executionId?: string };
    const isIt = !over && `${target}/${phase}` === dispatch && executionId !== undefined;
    if (isIt) over = true;
    if (isIt && when === 'before') engine.cancel(executionId);
    await work(world.deps);
    if (isIt && when === 'after') engine.cancel(executionId);
  });
  engine.publish('gcr', pushed('v1', world.release('v1')));
  await engine.idle();
  await world.finish(reconcile(world.deps));
  await engine.idle();
  await settled(world);
  return { engine, done: await world.newest() };
}

const stepsOfAll = [
  'preflight/candidate',
  'push/candidate',
  'deploy/candidate',
  'health-probe/candidate',
  'validate/candidate',
  'shift-traffic/traffic-50',
  'health-probe/traffic-50',
  'shift-traffic/traffic-100',
  'validate/traffic-100',
  'shift-traffic/after',
  'report/after',
];

describe('an execution that was ended in the console', () => {
  it.each(stepsOfAll.flatMap((step) => (['before', 'after'] as const).map((when) => ({ step, when }))))(
    '$when $step leaves one outcome, the traffic as it was or as it was proven, and no tag of ours',
    async ({ step, when }) => {
      const world = createWorld();
      await establish(world);
      const { done } = await cancelled(world, step, when);
      const moved = /traffic-|after/.test(step) && done.trafficMoved;
      const outcome = done.completed ? 'live' : moved ? 'rolled-back' : 'failed';
      const serves = done.completed ? `hello-${done.id}` : 'hello-stable';
      expect(done.result?.outcome).toBe(outcome);
      expect(world.run.service()?.traffic).toMatchObject([{ revision: serves, percent: 100 }]);
      expect(await world.deps.ledger.list('deployments')).toHaveLength(1);
      expect((await world.deps.ledger.get('locks', 'hello.staging'))?.active).toBeUndefined();
      expect(world.slack.roots()).toHaveLength(1);
      expect((await world.deps.ledger.get('notifications', done.id))?.final).toBe(true);
      expect(done.mode).toBe(step === 'report/after' ? 'deploy' : 'recover');
    },
  );

  it('is not undone by a write of its own that was still under way', async () => {
    const world = createWorld();
    await establish(world);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first = true;
    world.run.beforeWrite = async () => {
      if (!first) return;
      first = false;
      engine.cancel('execution-1');
      await held;
    };
    const engine = connect(world);
    engine.publish('gcr', pushed('v1', world.release('v1')));
    await world.pass(2);
    await world.finish(reconcile(world.deps));
    await world.pass(60);
    expect((await world.newest()).result).toMatchObject({ outcome: 'failed' });
    release();
    await engine.idle();
    await settled(world);
    expect(world.run.service()?.traffic).toMatchObject([{ revision: 'hello-stable', percent: 100 }]);
    expect(world.run.service()?.revisions.map(({ name }) => name)).toEqual(['hello-stable']);
  });
});

describe('reconcile', () => {
  const image = 'us-central1-docker.pkg.dev/slipway-local/apps/hello';
  const request = {
    version: 1,
    kind: 'image',
    requestId: 'm-1',
    image,
    tag: 'v1',
    digest: digestOf('v1'),
    requestedBy: 'topic gcr',
    requestedAt: '2026-01-01T00:00:00.000Z',
  };

  it('leaves a deployment alone whose execution runs', async () => {
    const world = createWorld();
    await admit(world.deps, delivery('admit', request));
    await reconcile(world.deps);
    await reconcile(world.deps);
    expect(world.workflows.executions).toHaveLength(1);
  });

  it('starts one that has no execution, once', async () => {
    const world = createWorld();
    await admitted(world);
    await reconcile(world.deps);
    await reconcile(world.deps);
    expect(world.workflows.executions).toMatchObject([{ argument: { mode: 'deploy' } }]);
  });

  it.each(['failed', 'cancelled', 'succeeded'] as const)(
    'recovers one whose execution %s before its first step, under the next fence',
    async (state) => {
      const world = createWorld();
      await admit(world.deps, delivery('admit', request));
      world.workflows.executions[0]!.state = state;
      await reconcile(world.deps);
      expect(await world.newest()).toMatchObject({ mode: 'recover', fence: 2, status: 'starting' });
      expect(world.workflows.executions).toMatchObject([{ state }, { argument: { mode: 'recover' } }]);
    },
  );

  it('counts on from the newest dispatch, so that none is mistaken for an old one', async () => {
    const world = createWorld();
    await admitted(world, { status: 'active', executionId: 'execution-9', newestSeq: 12 });
    await reconcile(world.deps);
    expect(world.workflows.executions).toMatchObject([{ argument: { after: 12, mode: 'recover' } }]);
    expect((await world.newest()).deadExecutions).toEqual(['execution-9']);
  });

  it('tells the end again until Slack shows it', async () => {
    const world = createWorld();
    await admitted(world, { status: 'finished' });
    await reconcile(world.deps);
    expect(world.pubsub.published).toMatchObject([{ topic: 'deploy-events' }]);
  });

  it('mends the others although one cannot be looked at, and is not acknowledged', async () => {
    const world = createWorld();
    await admitted(world, { id: 'd00000000002', status: 'active', executionId: 'execution-8' });
    await admitted(world, { status: 'active', executionId: 'execution-9' });
    override(world.workflows, 'state', (state) => async (executionId) => {
      if (executionId === 'execution-8') throw new Fault('unavailable', 'in the state "UNAVAILABLE"');
      return state(executionId);
    });
    await expect(reconcile(world.deps)).rejects.toThrow('UNAVAILABLE');
    expect(await world.deps.ledger.get('deployments', 'd00000000001')).toMatchObject({ mode: 'recover' });
  });
});
