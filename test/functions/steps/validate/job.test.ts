import { describe, expect, it } from 'vitest';
import { countedOf } from '#shared/domain/check.ts';
import { signalDeployment } from '#shared/ledger/signals.ts';
import { dispatch } from '#test/support/dispatch.ts';
import { jobOf, outcomes, validating } from './validating.ts';

const suites = (keys: string, more = '') =>
  `[{ title: Tests, checks: [{ name: smoke, kind: job, job: migrate, ${keys} }${more}] }]`;
const place = 'results/d00000000001/candidate/1-smoke';

describe('a job that tests', () => {
  it('is run once with what it has to know, and its results are checks', async () => {
    const { validate, world } = await validating(suites('results: tap, args: [--all]'), undefined, 'private');
    await world.objects.write(
      `${place}.tap`,
      'ok 1 - opens\nok 2 - left out # SKIP no time\n1..2\n',
      'text/plain',
    );
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(world.jobs.executions).toHaveLength(1);
    expect(jobOf(world)).toMatchObject({
      key: 'd00000000001/candidate/Tests/smoke',
      args: ['--all'],
      env: {
        SLIPWAY_URL: expect.stringContaining('d00000000001---'),
        SLIPWAY_PHASE: 'candidate',
        SLIPWAY_AUDIENCE: expect.stringContaining('https://hello-'),
        SLIPWAY_RESULTS: `gs://slipway/${place}.tap`,
      },
    });
    expect(record.checks.filter(({ step }) => step === 'validate')).toMatchObject([
      {
        id: 'smoke',
        outcome: 'pass',
        evidence: {
          source: 'Cloud Run job migrate, execution migrate-1',
          observed: 'job migrate succeeded in 3 s; 1 of 2 tests passed, 0 failed, 1 skipped',
          expected: 'succeeds within 1800 s, and every test passes',
        },
      },
      { id: 'smoke/opens', title: 'opens', outcome: 'pass', severity: 'required' },
      { id: 'smoke/left out', outcome: 'not-run', severity: 'advisory', reason: 'no time' },
    ]);
  });

  const junit = (cases: string) => `<testsuite>${cases}</testsuite>`;
  it.each<[string, string | undefined, boolean, string, string]>([
    [
      'fails with a test',
      junit('<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>'),
      false,
      'fail',
      '1 of 2 tests passed, 1 failed',
    ],
    [
      'fails by its exit, though every test passed',
      junit('<testcase name="a"/>'),
      true,
      'fail',
      'job migrate failed, NON_ZERO_EXIT_CODE',
    ],
    [
      'says nothing without results',
      undefined,
      false,
      'inconclusive',
      `no results in gs://slipway/${place}.xml`,
    ],
    [
      'says nothing with broken ones',
      '<testsuite>\n<testcase>',
      false,
      'inconclusive',
      `broken results in gs://slipway/${place}.xml:2:11: `,
    ],
    ['says nothing without a test', junit(''), false, 'inconclusive', `no test in gs://slipway/${place}.xml`],
    [
      'says nothing when every test was left out',
      junit('<testcase name="a"><skipped/></testcase>'),
      false,
      'inconclusive',
      '0 of 1 tests passed, 0 failed, 1 skipped',
    ],
    [
      'says nothing with results of more than 8 MiB',
      junit(`<testcase name="${'x'.repeat(8 * 1024 * 1024)}"/>`),
      false,
      'inconclusive',
      'job migrate succeeded in 3 s; no results: ',
    ],
    [
      'fails by its exit, though its results cannot be read',
      junit(`<testcase name="${'x'.repeat(8 * 1024 * 1024)}"/>`),
      true,
      'fail',
      'job migrate failed, NON_ZERO_EXIT_CODE',
    ],
    [
      'fails by what its suite says of itself',
      '<testsuite name="Db" errors="1"><testcase name="a"/></testsuite>',
      false,
      'fail',
      '1 of 2 tests passed, 1 failed',
    ],
  ])('%s', async (_, results, fails, outcome, observed) => {
    const { validate, world } = await validating(suites('results: junit'));
    world.jobs.job.fails = fails;
    if (results !== undefined) await world.objects.write(`${place}.xml`, results, 'text/xml');
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'rejected', reason: expect.stringContaining(observed) });
    expect(outcomes(record)[0]).toEqual(['smoke', outcome]);
  });

  const two = junit('<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>');
  it.each<[string, string, { fails?: boolean; reason?: string }, [string, string][]]>([
    ['says no more than its tests', junit('<testcase name="a"/>'), {}, [['smoke/a', 'pass']]],
    [
      'says no more than one that failed',
      two,
      {},
      [
        ['smoke/b', 'fail'],
        ['smoke/a', 'pass'],
      ],
    ],
    [
      'exits as runners do when a test failed',
      two,
      { fails: true },
      [
        ['smoke/b', 'fail'],
        ['smoke/a', 'pass'],
      ],
    ],
    [
      'fails, which no test says',
      junit('<testcase name="a"/>'),
      { fails: true },
      [
        ['smoke', 'fail'],
        ['smoke/a', 'pass'],
      ],
    ],
    [
      'fails otherwise than by a test',
      two,
      { fails: true, reason: 'CANCELLED' },
      [
        ['smoke', 'fail'],
        ['smoke/b', 'fail'],
        ['smoke/a', 'pass'],
      ],
    ],
    [
      'has no test that ran',
      junit('<testcase name="a"><skipped/></testcase>'),
      {},
      [
        ['smoke', 'inconclusive'],
        ['smoke/a', 'not-run'],
      ],
    ],
  ])('is shown, and counted where it says more than its tests: it %s', async (_, results, job, counted) => {
    const { validate, world } = await validating(suites('results: junit'));
    Object.assign(world.jobs.job, job);
    await world.objects.write(`${place}.xml`, results, 'text/xml');
    const { record } = await validate();
    expect(outcomes({ checks: countedOf(record.checks) })).toEqual(counted);
    expect(outcomes(record)[0]?.[0]).toBe('smoke');
  });

  it('tells each test at the time that the results name, and else at its own end', async () => {
    const { validate, world } = await validating(suites('results: junit'));
    const startedMs = world.clock.now();
    const after = (ms: number): string => new Date(startedMs + ms).toISOString();
    const cases = `<testcase name="a"/><testcase name="b" timestamp="${after(2000)}"/>
      <testcase name="elsewhen" timestamp="1970-01-01T00:00:00Z"/>`;
    const unknown = `<testcase name="no zone" timestamp="${after(0).replace('Z', '')}"/>`;
    const suite = `<testsuite timestamp="${after(1000).replace('Z', '+00:00')}">${cases}</testsuite>`;
    await world.objects.write(
      `${place}.xml`,
      `<testsuites>${suite}<testsuite>${unknown}</testsuite></testsuites>`,
      'text/xml',
    );
    // It has ended when it is looked at.
    await validate();
    const { record } = await validate();
    const at = record.checks.flatMap((check) =>
      check.step === 'validate' && check.outcome !== 'not-run' ? [[check.id, check.evidence.at]] : [],
    );
    expect(Object.fromEntries(at)).toEqual({
      smoke: after(3000),
      'smoke/a': after(1000),
      'smoke/b': after(2000),
      'smoke/elsewhen': after(3000),
      'smoke/no zone': after(3000),
    });
  });

  it('without results counts by its end', async () => {
    const { validate } = await validating(suites('image: release'));
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(outcomes(record)).toEqual([['smoke', 'pass']]);
  });

  it('with many tests shows the failures first and sums up the rest', async () => {
    const { validate, world } = await validating(suites('results: tap'));
    const lines = Array.from({ length: 1000 }, (_, index) => `${index === 900 ? 'not ok' : 'ok'} - same`);
    await world.objects.write(`${place}.tap`, [...lines, '1..1000'].join('\n'), 'text/plain');
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'rejected' });
    const checks = outcomes(record);
    expect(checks).toHaveLength(201);
    expect(checks.slice(0, 3)).toEqual([
      ['smoke', 'fail'],
      ['smoke/same', 'fail'],
      ['smoke/same (2)', 'pass'],
    ]);
    expect(checks.at(-1)).toEqual(['smoke/801 more tests', 'pass']);
    expect(new Set(checks.map(([id]) => id)).size).toBe(201);
  });

  it('does not tell what looks like a secret', async () => {
    const { validate, world } = await validating(suites('results: tap'));
    await world.objects.write(
      `${place}.tap`,
      'not ok 1 - logs in # TODO password=hunter2!\n1..1\n',
      'text/plain',
    );
    const { record } = await validate();
    expect(JSON.stringify(record)).not.toContain('hunter2');
  });

  it('that takes long is waited for without a function, and asked nothing else twice', async () => {
    const { toTheEnd, world, asked } = await validating(suites('within: 10m', ', { name: http, path: / }'));
    world.jobs.job.seconds = 300;
    const { reply, record, dispatches } = await toTheEnd();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(dispatches).toBeGreaterThan(5);
    expect(world.jobs.executions).toHaveLength(1);
    expect(asked).toHaveLength(1);
    expect(new Map(outcomes(record) as [string, string][])).toEqual(
      new Map([
        ['http', 'pass'],
        ['smoke', 'pass'],
      ]),
    );
  });

  it('that takes too long is cancelled and has failed', async () => {
    const { toTheEnd, world } = await validating(suites('within: 30s'));
    world.jobs.job.seconds = 300;
    expect((await toTheEnd()).reply).toMatchObject({
      status: 'rejected',
      reason: 'Tests: smoke: it did not end within 30 s and was cancelled',
    });
    expect(jobOf(world).cancelledMs).toBeDefined();
  });

  it('is cancelled when another required check fails', async () => {
    const { validate, world } = await validating(suites('within: 10m', ', { name: http, path: / }'), () => ({
      status: 500,
    }));
    world.jobs.job.seconds = 300;
    expect((await validate()).reply).toMatchObject({ status: 'rejected', reason: 'Tests: http: status 500' });
    expect(jobOf(world).cancelledMs).toBeDefined();
  });

  it('is cancelled on the way back when a person says stop', async () => {
    const { validate, world } = await validating(suites('within: 10m'));
    world.jobs.job.seconds = 300;
    expect((await validate()).reply).toMatchObject({ status: 'pending' });
    const stop = {
      kind: 'cancel',
      by: 'ada',
      reason: 'enough',
      at: new Date(world.clock.now()).toISOString(),
    } as const;
    await signalDeployment(world.deps.ledger, 'd00000000001', stop);
    expect((await validate()).reply).toMatchObject({ status: 'rejected' });
    expect(jobOf(world).cancelledMs).toBeUndefined();
    await dispatch(world, 'rollback', 9, 'after');
    expect(jobOf(world).cancelledMs).toBeDefined();
  });

  it('that is not there says nothing', async () => {
    const { validate } = await validating(
      '[{ title: Tests, checks: [{ name: smoke, kind: job, job: other, severity: advisory }] }]',
    );
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(record.checks.at(-1)).toMatchObject({
      outcome: 'inconclusive',
      evidence: { observed: 'there is no job other' },
    });
  });
});
