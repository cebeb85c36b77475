import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';

/** Users' requests decide: real requests through the real proxy, figures as late as Monitoring's, only faster. */
let test: TestStack;
let url = '';

/** The service file with half of the traffic first and these lines as its analysis. */
const withAnalysis = (...lines: string[]) =>
  test.serviceFile((text) =>
    text
      .replace('bake: 1s', 'bake: 3s')
      .replace('policy:', `analysis:\n${lines.map((line) => `  ${line}\n`).join('')}policy:`),
  );

/** On a busy machine requests come slowly: it looks again every second until there are enough. */
const patience = ['minimumRequests: 40', 'extendBy: 1s', 'maximumExtensions: 20'];

beforeAll(async () => {
  test = await openTestStack();
  await test.serviceFile();
  const first = await test.deployment(await test.pushHello({ version: '1.0.0' }, 'v1'));
  url = first.serviceUrl!;
});
afterAll(() => test?.close());

async function underLoad<T>(work: () => Promise<T>): Promise<T> {
  const load = setInterval(() => void fetch(url).then((answer) => answer.text()), 10);
  try {
    return await work();
  } finally {
    clearInterval(load);
  }
}

const ofUsers = (deployment: Deployment, phase: string): Check[] =>
  deployment.checks.filter((check) => check.suite === 'Users’ requests' && check.phase === phase);
const outcomes = (checks: Check[]): Record<string, string> =>
  Object.fromEntries(checks.map((check) => [check.id, check.outcome]));
const observed = (checks: Check[], id: string): string => {
  const check = checks.find((known) => known.id === id);
  return check && check.outcome !== 'not-run' ? check.evidence.observed : 'no such check';
};

describe('a canary', () => {
  it('that is good for its users goes live, and says what their requests looked like', async () => {
    await withAnalysis(
      'errorRatio: { maximum: 1%, aboveStable: 1% }',
      'latencyP95: { maximum: 2s, timesStable: 100 }',
      'serverErrorLogs: { maximum: 5 }',
      ...patience,
    );
    const done = await underLoad(async () =>
      test.deployment(await test.pushHello({ version: '2.0.0' }, 'v2')),
    );
    expect(done.result?.outcome).toMatch(/^live/);
    const half = ofUsers(done, 'traffic-50');
    expect(outcomes(half)).toEqual({
      'enough-requests': 'pass',
      'error-ratio': 'pass',
      'error-ratio-above-stable': 'pass',
      'latency-p95': 'pass',
      'latency-p95-times-stable': 'pass',
      'server-errors-in-log': 'pass',
    });
    expect(observed(half, 'error-ratio')).toMatch(/^0 of \d+ requests \(0 %\)$/);
    // Nothing beside it at the end: there is nothing to compare with.
    expect(outcomes(ofUsers(done, 'traffic-100'))).toEqual({
      'enough-requests': 'pass',
      'error-ratio': 'pass',
      'latency-p95': 'pass',
      'server-errors-in-log': 'pass',
    });
  });

  it('that fails a fifth of its users while its health check is good is rolled back at 50 %, by Monitoring', async () => {
    await withAnalysis('errorRatio: { maximum: 5%, aboveStable: 5% }', ...patience);
    const done = await underLoad(async () =>
      test.deployment(await test.pushHello({ version: '3.0.0', fault: 'fails-some-requests' }, 'v3')),
    );
    expect(done.result).toMatchObject({ outcome: 'rolled-back' });
    expect(done.failure).toMatchObject({ step: 'health-probe', phase: 'traffic-50', ending: 'rejected' });
    expect(outcomes(ofUsers(done, 'traffic-50'))).toEqual({
      'enough-requests': 'pass',
      'error-ratio': 'fail',
      'error-ratio-above-stable': 'fail',
    });
    const [, errors, requests] = /^(\d+) of (\d+) requests/.exec(
      observed(ofUsers(done, 'traffic-50'), 'error-ratio'),
    )!;
    // Own probes do not dilute it: a fifth of the users' requests is seen as a fifth.
    expect(Number(errors) / Number(requests)).toBeCloseTo(0.2, 1);
    const healthy = done.checks.find((check) => check.id === 'healthy' && check.phase === 'traffic-50');
    expect(healthy?.outcome).toBe('pass');
    expect(await (await fetch(url)).json()).toMatchObject({ version: '2.0.0' });
  });

  it('of that kind ends before its bake is over when the request log is watched', async () => {
    await test.serviceFile((text) =>
      text
        .replace('bake: 1s', 'bake: 8s')
        .replace('policy:', 'analysis: { serverErrorLogs: { maximum: 5 } }\npolicy:'),
    );
    const done = await underLoad(async () =>
      test.deployment(await test.pushHello({ version: '4.0.0', fault: 'fails-some-requests' }, 'v4')),
    );
    expect(done.result).toMatchObject({ outcome: 'rolled-back' });
    const [check] = ofUsers(done, 'traffic-50');
    expect(check).toMatchObject({ id: 'server-errors-in-log', outcome: 'fail' });
    expect(observed([check!], 'server-errors-in-log')).toMatch(
      /^more than 5; .* answered 500, trace [0-9a-f]{32}$/,
    );
  }, 40_000);

  it('without users is extended, and then goes on and says what is not known', async () => {
    await withAnalysis('errorRatio: { maximum: 1% }', 'extendBy: 1s', 'maximumExtensions: 1');
    const done = await test.deployment(await test.pushHello({ version: '5.0.0' }, 'v5'));
    expect(done.result?.outcome).toBe('live-with-recommendations');
    const [enough, ratio] = ofUsers(done, 'traffic-50');
    expect([enough, ratio]).toMatchObject([
      { id: 'enough-requests', outcome: 'inconclusive', severity: 'advisory' },
      { id: 'error-ratio', outcome: 'inconclusive', severity: 'advisory' },
    ]);
    expect(observed([ratio!], 'error-ratio')).toMatch(/^\d requests?, 50 needed$/);
    const bake = done.steps.find((run) => run.step === 'health-probe' && run.phase === 'traffic-50')!;
    expect(Date.parse(bake.endedAt!) - Date.parse(bake.startedAt)).toBeGreaterThan(4000);
  });

  it('without users is rolled back when the service file says so', async () => {
    await withAnalysis('errorRatio: { maximum: 1% }', 'inconclusive: roll-back');
    const done = await test.deployment(await test.pushHello({ version: '6.0.0' }, 'v6'));
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.failure?.message).toContain('50 needed');
  });
});
