import { describe, expect, it } from 'vitest';
import { progressTitle, tasksOf } from '#shared/slack/progress.ts';
import { deploymentOf, start, stepOf } from '#test/support/deployment.ts';
import { runDeployment } from '#test/support/engine.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { createWorld } from '#test/support/world.ts';
import { withPeople } from './gallery.ts';

const drawn = (deployment: Parameters<typeof tasksOf>[0]): string[] =>
  tasksOf(deployment).map(({ id, status }) => `${id} ${status}`);

describe('the tasks of a deployment', () => {
  it('are forecast as the workflow then makes them', async () => {
    const finished = await runDeployment(createWorld(), '1.1.0');
    expect(finished.result?.outcome).toMatch(/^live/);
    const forecast = tasksOf({ ...finished, steps: [] }).map(({ id }) => id);
    const happened = tasksOf(finished);
    expect(happened.map(({ id }) => id)).toEqual(forecast);
    expect(happened.map(({ status }) => status)).toEqual(forecast.map(() => 'complete'));
  });

  it('show a share of the traffic as under way until its last check is made', () => {
    const under = (...more: Parameters<typeof stepOf>[]) =>
      withPeople(deploymentOf({ steps: [...deploymentOf().steps, ...more.map((run) => stepOf(...run))] }));
    const at25 = { phase: 'traffic-25' };
    const shifted = under(['shift-traffic', 6, at25], ['health-probe', 7, at25]);
    expect(drawn(shifted)).toEqual([
      'preflight complete',
      'push complete',
      'deploy complete',
      'health-probe complete',
      'validate complete',
      'traffic-25 in_progress',
      'traffic-100 pending',
      'settle pending',
    ]);
    expect(progressTitle(shifted, tasksOf(shifted), start + 12_000)).toBe('Traffic 25 %, running for 10 s');
    const validated = under(['shift-traffic', 6, at25], ['health-probe', 7, at25], ['validate', 8, at25]);
    expect(drawn(validated)).toContain('traffic-25 complete');
  });

  it('show what failed, the way back, and leave untouched what was never begun', () => {
    const failed = withPeople(finishedAs('rolled-back'));
    expect(drawn(failed).slice(5)).toEqual([
      'traffic-25 error',
      'traffic-100 pending',
      'settle pending',
      'rollback complete',
    ]);
    expect(progressTitle(failed, tasksOf(failed), 0)).toBe('Failed in health-probe at 25 %, ran for 39 s');
  });

  it('show a fault that is tried again as under way', () => {
    const steps = [stepOf('preflight', 1), stepOf('push', 2, { status: 'failed', attempt: 3 })];
    expect(drawn(deploymentOf({ steps }))[1]).toBe('push in_progress');
  });

  it('begin with a build where there is no image yet, and are only a rollback after an execution died', () => {
    const { tag: _none, ...request } = deploymentOf().request;
    expect(drawn(deploymentOf({ request, steps: [] }))[1]).toBe('build pending');
    expect(drawn(deploymentOf({ mode: 'recover', steps: [] }))).toEqual(['rollback pending']);
  });

  it('are at most twenty, those that are under way among them', () => {
    const steps = Array.from({ length: 100 }, (_, index) => index + 1);
    const phases = steps
      .slice(0, 60)
      .map((percent, index) => ({ phase: `traffic-${percent}`, seq: index + 6 }));
    const deployment = withPeople(
      deploymentOf({
        steps: [
          ...deploymentOf().steps,
          ...phases.map(({ phase, seq }) => stepOf('validate', seq, { phase })),
          stepOf('health-probe', 70, { phase: 'traffic-61', status: 'running' }),
        ],
      }),
      { traffic: { steps } },
    );
    const shown = drawn(deployment);
    expect(shown).toHaveLength(20);
    expect(shown).toContain('traffic-61 in_progress');
    expect(tasksOf(deployment).map(({ title }) => title)).toEqual(
      expect.arrayContaining(['61 earlier steps', '27 later steps']),
    );
  });
});
