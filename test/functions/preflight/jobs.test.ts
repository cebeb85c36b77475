import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { establish } from '#test/support/dispatch.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';
import { named, preflightOf, saidBy } from './looking.ts';

/** The fake has one job, `migrate`, whatever it is run for. */
const suiteOf = (check: string): string =>
  serviceFile().replace(/^traffic:/m, `  - { title: Tests, checks: [${check}] }\ntraffic:`);
const test = (more = ''): string => suiteOf(`{ name: e2e, kind: job, job: migrate${more} }`);
const missing = suiteOf('{ name: e2e, kind: job, job: nowhere }');
const tester = 'tester@slipway-local.iam.gserviceaccount.com';

function worldWith(first: boolean): World | Promise<World> {
  const world = createWorld();
  world.release('v1');
  world.jobs.job.serviceAccount = tester;
  return first ? world : establish(world).then(() => world);
}

describe('a test job', () => {
  it('that is not there is told before anything is built, once', async () => {
    const result = await preflightOf(await worldWith(true), missing);
    const exists = named(result, 'Jobs / nowhere/exists');
    expect(exists).toMatchObject({
      outcome: 'fail',
      severity: 'required',
      evidence: { asked: 'nowhere, named by suites: Tests / e2e' },
    });
    expect(saidBy(exists)).toBe('there is no job nowhere in us-central1');
    const bad = result.checks.filter(
      ({ severity, outcome }) => severity === 'required' && outcome !== 'pass',
    );
    expect(bad).toEqual([exists]);
    for (const name of ['Jobs / nowhere/invoke', 'Permissions / validate-job-nowhere'])
      expect(named(result, name)).toMatchObject({ outcome: 'not-run', severity: 'advisory' });
  });

  it('of an advisory check holds nobody up when it is not there', async () => {
    const text = missing.replace('kind: job', 'kind: job, severity: advisory');
    const result = await preflightOf(await worldWith(true), text);
    expect(named(result, 'Jobs / nowhere/exists')).toMatchObject({ outcome: 'fail', severity: 'advisory' });
  });

  it.each<[string, string, string, RegExp]>([
    [
      'run',
      'me run.jobs.runWithOverrides',
      test(),
      /^missing on .*jobs\/migrate: run\.jobs\.runWithOverrides$/,
    ],
    ['change', 'me run.jobs.update', test(', image: release'), /jobs\/migrate: run\.jobs\.update$/],
  ])('that validate may not %s', async (_what, denied, text, observed) => {
    const world = await worldWith(true);
    world.lookUps.denied.add(denied);
    const check = named(await preflightOf(world, text), 'Permissions / validate-job-migrate');
    expect(check).toMatchObject({ outcome: 'fail', severity: 'required' });
    expect(saidBy(check)).toMatch(observed);
  });

  it('is changed by who may act as its account, when it gets the image, and else not', async () => {
    const world = await worldWith(true);
    const asked: string[] = [];
    override(world.lookUps.iam, 'mine', (mine) => (resource, permissions) => {
      if (permissions.includes('iam.serviceAccounts.actAs')) asked.push(resource);
      return mine(resource, permissions);
    });
    const own = await preflightOf(world, test());
    expect(named(own, 'Permissions / validate-job-migrate-act-as')).toBeUndefined();
    expect(asked.join()).not.toContain(tester);
    const replaced = await preflightOf(world, test(', image: release'));
    expect(named(replaced, 'Permissions / validate-job-migrate-act-as')?.outcome).toBe('pass');
    expect(asked).toContain(`//iam.googleapis.com/projects/slipway-local/serviceAccounts/${tester}`);
  });

  it('of two containers cannot be given the image', async () => {
    const world = await worldWith(true);
    world.jobs.job.containers = 2;
    const exists = 'Jobs / migrate/exists';
    expect(named(await preflightOf(world, test()), exists)?.outcome).toBe('pass');
    const result = named(await preflightOf(world, test(', image: release')), exists);
    expect(result?.outcome).toBe('fail');
    expect(saidBy(result)).toBe(`2 containers, runs as ${tester}`);
  });

  it('that cannot be looked at is inconclusive, and its permissions are asked all the same', async () => {
    const world = await worldWith(true);
    override(world.jobs, 'get', () => async () => {
      throw new Fault(
        'permission-denied',
        'GET https://run.googleapis.com/v2/projects/p/locations/l/jobs/migrate answered 403: no',
      );
    });
    const result = await preflightOf(world, test());
    const exists = named(result, 'Jobs / migrate/exists');
    expect(exists).toMatchObject({ outcome: 'inconclusive', severity: 'advisory' });
    expect(saidBy(exists)).toBe(
      'run.jobs.get answered 403: no. To let it be looked at, grant roles/run.viewer.',
    );
    expect(named(result, 'Permissions / validate-job-migrate')?.outcome).toBe('pass');
    expect(result.faults).toEqual([]);
  });
});

describe('the account of a test job', () => {
  const invoke = 'Jobs / migrate/invoke';

  it('is asked about on the project while there is no service, and may call it', async () => {
    const check = named(await preflightOf(await worldWith(true), test()), invoke);
    expect(check).toMatchObject({ outcome: 'pass', severity: 'required' });
    expect(saidBy(check)).toBe(`${tester} may, by what is granted on the project slipway-local`);
  });

  it.each([
    ['on the project', true, test(), 'the project slipway-local'],
    ['on the service', false, test().replace('access: public', 'access: private'), 'the service'],
  ])('that may not is told what to grant, %s', async (_what, first, text, on) => {
    const world = await worldWith(first);
    world.lookUps.denied.add(`${tester} run.routes.invoke`);
    const check = named(await preflightOf(world, text), invoke);
    expect(check).toMatchObject({ outcome: 'fail', severity: 'required' });
    expect(saidBy(check)).toBe(`${tester} may not: grant it roles/run.invoker on ${on}`);
  });

  it('that nobody can tell about is inconclusive and holds nobody up', async () => {
    const world = await worldWith(true);
    world.lookUps.hidden.add(`${tester} run.routes.invoke`);
    const check = named(await preflightOf(world, test()), invoke);
    expect(check).toMatchObject({ outcome: 'inconclusive', severity: 'advisory' });
  });

  it('is the default compute account when the job names none', async () => {
    const world = await worldWith(true);
    delete world.jobs.job.serviceAccount;
    world.lookUps.denied.add('424242424242-compute@developer.gserviceaccount.com run.routes.invoke');
    expect(named(await preflightOf(world, test()), invoke)?.outcome).toBe('fail');
  });

  it('is not asked about for a service that is open, nor for a migration', async () => {
    expect(named(await preflightOf(await worldWith(false), test()), invoke)).toBeUndefined();
    const migration = serviceFile('migration: { job: migrate }\n');
    const result = await preflightOf(await worldWith(true), migration);
    expect(named(result, 'Jobs / migrate/exists')?.outcome).toBe('pass');
    expect(named(result, invoke)).toBeUndefined();
  });
});

describe('figures of users’ requests', () => {
  const metrics = suiteOf('{ name: errors, kind: metrics, errorRatio: 1% }');
  const analysis = serviceFile(
    'analysis: { errorRatio: { maximum: 1% }, serverErrorLogs: { maximum: 3 } }\n',
  );

  it.each([
    ['a metrics check', metrics, 'monitoring', 'validate-metrics', 'monitoring.timeSeries.list'],
    ['an analysis', analysis, 'monitoring', 'health-probe-metrics', 'monitoring.timeSeries.list'],
    ['an analysis of the log', analysis, 'logging', 'health-probe-log', 'logging.logEntries.list'],
  ])('for %s need an API and a permission', async (_what, text, api, id, permission) => {
    const world = await worldWith(true);
    world.lookUps.off.add(`${api}.googleapis.com`);
    world.lookUps.denied.add(`me ${permission}`);
    const result = await preflightOf(world, text);
    expect(named(result, `APIs / ${api}.googleapis.com`)).toMatchObject({
      outcome: 'fail',
      severity: 'required',
    });
    expect(saidBy(named(result, `Permissions / ${id}`))).toBe(
      `missing on projects/slipway-local: ${permission}`,
    );
  });

  it('are not asked about where nothing looks at them', async () => {
    const { checks } = await preflightOf(await worldWith(true), serviceFile());
    expect(checks.map(({ id }) => id).filter((id) => /monitoring|logging|metrics/.test(id))).toEqual([]);
  });
});

it('who may call a service is not asked when it is open', async () => {
  const open = await preflightOf(await worldWith(false), serviceFile());
  expect(open.checks.filter(({ id }) => id.endsWith('-invoke'))).toEqual([]);
  const closed = await preflightOf(await worldWith(true), serviceFile());
  expect(named(closed, 'Permissions / health-probe-invoke')?.outcome).toBe('pass');
});
