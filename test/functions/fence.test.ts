import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { shares } from '#shared/domain/traffic.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import type { CloudRun } from '#shared/ports/cloud-run.ts';
import { handleStep } from '#functions/step.ts';
import { takeOverNow } from '#functions/take-over.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { connect, runDeployment, steps, type Engine } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, delivery, type World } from '#test/support/world.ts';

/**
 * A function stops for a long time in the middle of its work. Its execution is found dead, or a person takes the deployment
 * from it; another one undoes it and reports. Then the function wakes up: it must not change Cloud Run any more.
 */
const moments = ['before the read', 'after the read', 'after the check'] as const;
const sleepers = [
  { step: 'deploy', phase: 'candidate' },
  { step: 'shift-traffic', phase: 'traffic-50' },
  { step: 'shift-traffic', phase: 'traffic-100' },
  { step: 'shift-traffic', phase: 'after' },
];

const word = { by: 'ana@example.com', reason: 'it hangs' };
async function takeOver(world: World): Promise<void> {
  await world.clock.sleep(10_000);
  expect(await takeOverNow(world.deps, await world.newest(), word)).toMatchObject({ status: 'taken' });
}
/** How the execution loses its deployment, and what becomes of it. */
const ways: {
  way: string;
  lose: (world: World, engine: Engine, executionId: string) => Promise<void>;
  ends: string;
  why: string;
}[] = [
  {
    way: 'found dead',
    lose: async (_world, engine, executionId) => engine.cancel(executionId),
    ends: 'cancelled',
    why: 'its workflow execution ended before the deployment did',
  },
  { way: 'taken over', lose: takeOver, ends: 'cancelled', why: 'taken over by ana@example.com: it hangs' },
  {
    way: 'taken over, with an execution that cannot be ended',
    async lose(world) {
      override(world.workflows, 'cancel', () => async () => {
        throw new Fault('unavailable', 'Workflows is out of reach');
      });
      await takeOver(world);
    },
    // It was told that it is not the owner.
    ends: 'succeeded',
    why: 'taken over by ana@example.com: it hangs',
  },
];
const cases = ways.flatMap((way) => sleepers.map((sleeper) => ({ ...way, ...sleeper })));

/** Cloud Run as the sleeping function sees it: it goes no further than `moment` until the gate opens. */
function sleepingAt(run: CloudRun, moment: (typeof moments)[number], gate: Promise<void>): CloudRun {
  return {
    ...run,
    async getService(ref) {
      if (moment === 'before the read') await gate;
      const live = await run.getService(ref);
      if (moment === 'after the read') await gate;
      return live;
    },
    async updateService(...change) {
      if (moment === 'after the check') await gate;
      return run.updateService(...change);
    },
  };
}

describe.each(cases)(
  'a function that sleeps in $step ($phase) while its deployment is $way',
  ({ step, phase, lose, ends, why }) => {
    it.each(moments)('%s, changes nothing when it wakes up', async (moment) => {
      const world = createWorld();
      const first = await runDeployment(world, 'v1');
      const gate = Promise.withResolvers<void>();
      let sleeping: Promise<void> | undefined;
      const engine = connect(world, async (target, message, work) => {
        const { executionId, phase: at } = message as StepMessage;
        if (sleeping !== undefined || target !== step || at !== phase) return work(world.deps);
        const deps = { ...world.deps, run: sleepingAt(world.run, moment, gate.promise) };
        sleeping = handleStep(deps, steps[step]!, delivery(step, message));
        sleeping.catch(() => undefined);
        await lose(world, engine, executionId);
        return undefined;
      });
      await runDeployment(world, 'v2', engine);
      await world.finish(reconcile(world.deps));
      await engine.idle();
      await world.pass(60);
      const settled = await world.newest();
      const outcome = settled.trafficMoved ? 'rolled-back' : 'failed';
      expect(settled).toMatchObject({
        status: 'finished',
        mode: 'recover',
        result: { outcome, explanation: why },
      });
      const [, second, third, ...more] = world.workflows.executions.map(({ state }) => state);
      expect([second, third, more]).toEqual([ends, 'succeeded', []]);
      const before = await world.deps.run.getService({
        project: 'slipway-local',
        region: 'us-central1',
        name: 'hello',
      });

      gate.resolve();
      await world.finish(sleeping!.catch(() => undefined));
      await world.pass(60);
      const after = await world.deps.run.getService({
        project: 'slipway-local',
        region: 'us-central1',
        name: 'hello',
      });
      expect(after).toEqual(before);
      expect(shares(after!.trafficStatuses)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
      expect(await world.newest()).toEqual(settled);
    });
  },
);
