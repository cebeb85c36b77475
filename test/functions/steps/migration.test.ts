import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { buildReport } from '#shared/report/report.ts';
import { signalDeployment } from '#shared/ledger/signals.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { establish } from '#test/support/dispatch.ts';
import { connect, pushed, runDeployment, type Engine } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { override } from '#test/support/override.ts';
import { createWorld, digestOf, image, serviceFile, type World } from '#test/support/world.ts';

/** A job that must succeed before traffic: what runs it, what ends it, what is said of it. */
async function migrating(
  options: { migration?: string; job?: Partial<World['jobs']['job']>; behaviour?: Partial<Behaviour> } = {},
): Promise<World> {
  const world = createWorld();
  world.configure(serviceFile(`migration: { job: migrate${options.migration ?? ''} }\n`));
  await establish(world);
  Object.assign(world.jobs.job, options.job);
  world.release('v1', options.behaviour);
  return world;
}
const check = ({ checks }: Deployment) => checks.filter(({ suite }) => suite === 'Migration');
const candidates = (world: World): number =>
  world.run.exposed.flat().filter(({ revision }) => revision !== 'hello-stable').length;
const ended = (world: World): boolean[] =>
  world.jobs.executions.map(({ cancelledMs }) => cancelledMs !== undefined);

/** Begins a deployment and does something while its migration runs; `act` is told of the deployment. */
async function whileItRuns(
  world: World,
  engine: Engine,
  act: (deployment: Deployment) => Promise<void> | void,
): Promise<Deployment> {
  override(world.jobs, 'run', (run) => async (ref, options) => {
    const execution = await run(ref, options);
    await act(await world.newest());
    return execution;
  });
  return runDeployment(world, 'v1', engine);
}

describe('a migration', () => {
  it('runs once with the image of the release, by digest, before any traffic, and is a required check', async () => {
    const world = await migrating();
    let before: Deployment | undefined;
    const done = await whileItRuns(world, connect(world), (deployment) => {
      before = deployment;
    });
    expect(before).toMatchObject({ trafficMoved: false, migration: { job: 'migrate', status: 'starting' } });
    expect(done.result?.outcome).toBe('live');
    expect(world.jobs.executions).toEqual([
      expect.objectContaining({ key: done.id, image: `${image}@${digestOf('v1')}` }),
    ]);
    expect(done.migration).toMatchObject({ status: 'succeeded', execution: world.jobs.executions[0]!.name });
    expect(check(done)).toEqual([
      {
        id: 'job:migrate',
        title: 'Job migrate succeeds',
        suite: 'Migration',
        severity: 'required',
        step: 'validate',
        phase: 'candidate',
        outcome: 'pass',
        evidence: {
          source: 'Cloud Run job migrate, execution migrate-1',
          asked: `one run for this deployment, with image ${digestOf('v1').slice(7, 19)}`,
          observed: 'job migrate succeeded in 3 s',
          expected: 'succeeds within 1800 s',
          at: expect.any(String),
          durationMs: 3000,
          logUri: expect.stringContaining('https://console.cloud.google.com/'),
        },
      },
    ]);
    expect(buildReport(done).warnings).toEqual([]);
  });

  it.each([
    [', args: [--to, "7"], image: own', { args: ['--to', '7'], image: undefined }],
    [', args: []', { args: [], image: `${image}@${digestOf('v1')}` }],
  ])('is run as the service file says (%s)', async (migration, expected) => {
    const world = await migrating({ migration });
    await runDeployment(world, 'v1');
    expect(world.jobs.executions.map(({ args, image }) => ({ args, image }))).toEqual([expected]);
  });

  it('is not run when a required check did not pass, and the report says so', async () => {
    const world = await migrating({
      behaviour: { answer: ({ path }) => ({ status: path === '/' ? 500 : 200 }) },
    });
    const done = await runDeployment(world, 'v1');
    expect(world.jobs.executions).toEqual([]);
    expect(done.migration).toBeUndefined();
    const suite = buildReport(done).suites.find(({ title }) => title === 'Migration');
    expect(suite?.rounds[0]?.checks).toMatchObject([{ outcome: 'not-run', id: 'job:migrate' }]);
  });

  it('is not judged by answers that the candidate gives while the data change', async () => {
    let changing = false;
    const world = await migrating({
      job: { seconds: 40 },
      behaviour: { answer: () => (changing ? { status: 500 } : { status: 200, body: 'hello' }) },
    });
    override(world.jobs, 'run', (run) => async (ref, options) => {
      changing = true;
      return run(ref, options);
    });
    override(world.jobs, 'execution', (execution) => async (name) => {
      const state = await execution(name);
      changing = state.status === 'running';
      return state;
    });
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('live');
    expect(done.steps.find(({ step }) => step === 'validate')?.summary).toBe(
      '2 of 2 checks passed; job migrate succeeded in 40 s',
    );
  });

  it('that fails ends the deployment before traffic, and says that nothing of it is undone', async () => {
    const world = await migrating({ job: { fails: true } });
    const done = await runDeployment(world, 'v1');
    expect(done.result).toMatchObject({ outcome: 'failed', verdict: { status: 'fail' } });
    expect(done.failure).toMatchObject({
      ending: 'rejected',
      message: 'Migration: job migrate failed, NON_ZERO_EXIT_CODE: exit code 1',
    });
    expect(candidates(world)).toBe(0);
    expect(done.result?.serving).toEqual([{ revision: 'hello-stable', percent: 100 }]);
    expect(buildReport(done).warnings).toContain(
      'The migration (job migrate, execution migrate-1) failed; what it changed until then was not undone.',
    );
  });

  it('that does not end in time is cancelled, and has ended before the deployment has', async () => {
    const world = await migrating({ migration: ', timeout: 30s', job: { seconds: 3600 } });
    const done = await runDeployment(world, 'v1');
    expect(done.failure?.message).toBe(
      'Migration: job migrate failed, TIMEOUT: it did not end within 30 s and is cancelled',
    );
    expect(check(done)).toMatchObject([
      { outcome: 'fail', evidence: { observed: expect.stringContaining('TIMEOUT') } },
    ]);
    expect(done).toMatchObject({ migration: { status: 'stopped' }, result: { outcome: 'failed' } });
    expect(ended(world)).toEqual([true]);
  });

  it('that takes long is looked at ever less often', async () => {
    const world = await migrating({ migration: ', timeout: 3h', job: { seconds: 2 * 3600 } });
    const engine = connect(world);
    expect((await runDeployment(world, 'v1', engine)).result?.outcome).toBe('live');
    const looks = engine.dispatched.filter((name) => name === 'validate/candidate').length;
    expect(looks).toBeGreaterThan(100);
    expect(looks).toBeLessThan(250);
  });

  it('is not run twice when Cloud Run does not answer at once', async () => {
    const world = await migrating();
    let lost = 2;
    override(world.jobs, 'run', (run) => async (ref, options) => {
      const execution = await run(ref, options);
      if ((lost -= 1) >= 0) throw new Fault('unavailable', 'the answer was lost');
      return execution;
    });
    expect((await runDeployment(world, 'v1')).result?.outcome).toBe('live');
    expect(world.jobs.executions).toHaveLength(1);
  });

  it('whose job is not there ends the deployment before anything is made', async () => {
    const world = await migrating();
    world.configure(serviceFile('migration: { job: other }\n'));
    const done = await runDeployment(world, 'v1');
    expect(done.failure).toMatchObject({
      step: 'preflight',
      message: expect.stringContaining('there is no job other'),
    });
    expect(world.run.writes).toEqual([]);
  });

  it('whose job is taken away before it is run ends the deployment before traffic', async () => {
    const world = await migrating();
    world.configure(serviceFile('migration: { job: other }\n'));
    override(world.jobs, 'get', () => async () => ({ serviceAccount: undefined, containers: 1 }));
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('failed');
    expect(done.failure).toMatchObject({ ending: 'fault', code: 'not-found' });
    expect(done.rollback?.result).toBe('verified');
    expect(buildReport(done).warnings).toContain(
      'The migration (job other) was about to be run; no execution was found.',
    );
  });

  it('whose execution vanishes is never taken for a success', async () => {
    const world = await migrating({ job: { seconds: 60 } });
    const done = await whileItRuns(world, connect(world), () => {
      override(world.jobs, 'execution', () => async () => {
        throw new Fault('not-found', 'there is no execution migrate-1');
      });
    });
    expect(done.result?.outcome).toBe('failed');
    expect(done.rollback?.result).toBe('verified');
    expect(buildReport(done).warnings.join()).toContain('may still run: nobody saw its end');
  });

  it('is cancelled with its deployment, and has ended before the next one begins', async () => {
    const world = await migrating({ job: { seconds: 600 } });
    const engine = connect(world);
    const running: number[] = [];
    const done = await whileItRuns(world, engine, async ({ id }) => {
      const { clock, jobs } = world;
      running.push(
        jobs.executions.filter(({ cancelledMs }) => !cancelledMs || clock.now() < cancelledMs + 2000).length,
      );
      if (jobs.executions.length > 1) {
        jobs.job.seconds = 1;
        return;
      }
      engine.publish('gcr', pushed('v2', world.release('v2')));
      const word = {
        kind: 'cancel' as const,
        by: 'ada@example.com',
        reason: 'wrong',
        at: '2026-01-01T00:00:00Z',
      };
      await signalDeployment(world.deps.ledger, id, word);
    });
    const [second, first] = await world.deps.ledger.list('deployments', {}, 2);
    expect(done.id).toBe(second!.id);
    expect(first).toMatchObject({ migration: { status: 'stopped' }, result: { outcome: 'cancelled' } });
    expect(second?.result?.outcome).toBe('live');
    expect(running).toEqual([1, 1]);
    expect(buildReport(first!).warnings.join()).toContain('was cancelled; what it changed until then');
  });

  it('of a deployment whose execution died is cancelled by the one that recovers it', async () => {
    const world = await migrating({ job: { seconds: 600 } });
    const engine = connect(world);
    const work = whileItRuns(world, engine, ({ executionId }) => engine.cancel(executionId!));
    await work;
    await world.finish(reconcile(world.deps));
    await engine.idle();
    const done = await world.newest();
    expect(done).toMatchObject({ mode: 'recover', migration: { status: 'stopped' } });
    expect(done.result?.outcome).toBe('failed');
    expect(ended(world)).toEqual([true]);
    expect(candidates(world)).toBe(0);
  });

  it('that cannot be cancelled does not keep the way back for ever, and is named', async () => {
    const world = await migrating({ migration: ', timeout: 5s', job: { seconds: 36_000 } });
    let calls = 0;
    override(world.jobs, 'cancel', (cancel) => async (name) => {
      if ((calls += 1) === 1) return cancel(name);
      throw new Fault('unavailable', 'no answer');
    });
    override(world.jobs, 'execution', () => async () => ({ status: 'running' }));
    const done = await runDeployment(world, 'v1');
    expect(done).toMatchObject({ migration: { status: 'running' }, rollback: { result: 'verified' } });
    expect(calls).toBeGreaterThan(2);
    expect(buildReport(done).warnings.join()).toContain('may still run');
  });

  it('stays done when the release is rolled back later, and the report says so', async () => {
    const world = await migrating({
      behaviour: { answer: ({ percent }) => ({ status: percent > 0 ? 503 : 200, body: 'hello' }) },
    });
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('rolled-back');
    const said = 'The migration (job migrate, execution migrate-1) was run and was not undone.';
    expect(buildReport(done).warnings).toContain(said);
    expect(JSON.stringify(world.slack.roots())).toContain(said);
  });
});
