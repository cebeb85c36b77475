import { describe, expect, it } from 'vitest';
import { shares } from '#shared/domain/traffic.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import type { CloudRun } from '#shared/ports.ts';
import { handleStep } from '#functions/step.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { connect, runDeployment, steps } from '#test/support/engine.ts';
import { createWorld, delivery } from '#test/support/world.ts';

/**
 * A function stops for a long time in the middle of its work. Its execution is found dead, another one takes the deployment
 * over, undoes it and reports. Then the function wakes up: it must not change Cloud Run any more.
 */
const moments = ['before the read', 'after the read', 'after the check'] as const;
const sleepers = [
  { step: 'deploy', phase: 'candidate' },
  { step: 'shift-traffic', phase: 'traffic-50' },
  { step: 'shift-traffic', phase: 'traffic-100' },
  { step: 'shift-traffic', phase: 'after' },
];

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

describe.each(sleepers)(
  'a function that sleeps in $step ($phase) while its deployment is taken over',
  ({ step, phase }) => {
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
        engine.cancel(executionId);
        return undefined;
      });
      await runDeployment(world, 'v2', engine);
      await world.finish(reconcile(world.deps));
      await engine.idle();
      await world.pass(60);
      const settled = await world.newest();
      expect(settled).toMatchObject({ status: 'finished', mode: 'recover' });
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
