import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { previousOf } from '#shared/report/changes.ts';
import { buildReport } from '#shared/report/report.ts';
import { at, checkOf, configOf, deploymentOf, evidenceOf } from '#test/support/deployment.ts';

const claiming = (claim: string, more: Partial<Deployment>): Deployment =>
  deploymentOf({
    ...more,
    request: { ...deploymentOf().request, change: { id: '#1278', title: 'Longer timeout', claims: [claim] } },
  });
const judged = (claim: string, more: Partial<Deployment>) =>
  buildReport(claiming(claim, more)).change?.claims[0];

/** A revision with the configuration became ready. */
const ready = checkOf({ step: 'deploy', id: 'ready', suite: 'Cloud Run service' });

describe('a claim that is bound to a check', () => {
  it.each<[string, Deployment['checks'], string]>([
    ['is not verified without a check of that id', [checkOf()], 'not-verified'],
    [
      'is verified when its check passed each time',
      [checkOf({ id: 'timeout' }), checkOf({ id: 'timeout', phase: 'traffic-25' })],
      'verified',
    ],
    [
      'is contradicted when its check failed once',
      [checkOf({ id: 'timeout' }), checkOf({ id: 'timeout', outcome: 'fail', evidence: evidenceOf() })],
      'contradicted',
    ],
    [
      'is not verified when its check has no answer',
      [
        checkOf({ id: 'timeout' }),
        checkOf({ id: 'timeout', outcome: 'inconclusive', evidence: evidenceOf() }),
      ],
      'not-verified',
    ],
    [
      'is not verified when its check was not run',
      [checkOf({ id: 'timeout', outcome: 'not-run', reason: 'no key' })],
      'not-verified',
    ],
  ])('%s', (_, checks, status) => {
    const deployed = { checks: [...checks, ready] };
    expect(judged('timeout', deployed)).toMatchObject({ claim: 'timeout', status });
    expect(judged('30 s → 90 s => check:timeout', deployed)).toMatchObject({
      claim: '30 s → 90 s',
      status,
    });
  });

  it('is not verified when no revision became ready: it was not tried', () => {
    expect(judged('timeout', { checks: [checkOf({ id: 'timeout' })] })).toMatchObject({
      status: 'not-verified',
      reason: 'no revision with this configuration became ready',
    });
  });

  it.each([
    ['what is only declared', '15s', 'service file', 'not-verified'],
    [
      'what is only declared with a limit that was looked up',
      '15s',
      'service file and Cloud SQL',
      'not-verified',
    ],
    ['a variable that is deployed', { env: 'WAIT' }, 'service file', 'verified'],
  ])('that compares %s is judged by it', (_, timeout, source, status) => {
    const config = configOf({
      app: { database: { pool: 1, timeout } },
      runtime: { env: { WAIT: '15' } },
    });
    const evidence = {
      ...evidenceOf(),
      source,
      asked: 'app.database.timeout, runtime.startupProbe',
    };
    const checks = [ready, checkOf({ id: 'timeout', title: 'A start outlasts it', evidence })];
    expect(judged('it waits => check:timeout', { config, checks })).toMatchObject(
      status === 'verified'
        ? { status, by: 'A start outlasts it' }
        : { status, reason: 'its check rests on what is only declared: app.database.timeout' },
    );
  });

  it('that is there under no name is said to have none', () => {
    expect(judged('faster', {})).toMatchObject({ reason: 'no check is bound to it' });
    expect(judged('faster => check:speed', {})).toMatchObject({
      claim: 'faster',
      reason: 'there was no check speed',
    });
  });
});

describe('a claim that is bound to a setting', () => {
  const before = deploymentOf({
    id: 'd1f3k0000aaa',
    config: configOf({
      healthProbe: { timeout: '5s' },
      runtime: { memory: '512Mi', env: { WAIT: '30' } },
      app: { database: { pool: 1, timeout: { env: 'WAIT' } }, timeouts: { cache: '1s' } },
    }),
  });
  const config = configOf({
    healthProbe: { timeout: '9s' },
    runtime: { memory: '512Mi', env: { WAIT: '90' } },
    app: { database: { pool: 1, timeout: { env: 'WAIT' } }, timeouts: { cache: '9s' } },
  });
  const now = deploymentOf({ config });
  const deployed = { checks: [ready], config, previous: previousOf(before, at(0), now) };

  it.each<[string, string, string, string]>([
    ['has another value', 'config:healthProbe.timeout', 'verified', '5 → 9'],
    ['has the value, as a duration', 'config:healthProbe.timeout=9s', 'verified', '5 → 9'],
    ['has another than is claimed', 'config:healthProbe.timeout=90s', 'contradicted', '5 → 9; it is not 90s'],
    ['is as before', 'config:runtime.memory=1Gi', 'contradicted', 'as before; it is not 1Gi'],
    ['is said by a variable', 'config:app.database.timeout=90s', 'verified', '30 → 90'],
    [
      'is as claimed, without being shown',
      'config:runtime.env.WAIT=90',
      'verified',
      '(not shown) → (not shown)',
    ],
  ])('that %s: %s is %s', (_, binding, status, observed) => {
    expect(judged(`it changed => ${binding}`, deployed)).toMatchObject({
      claim: 'it changed',
      status,
      evidence: [{ observed, source: 'services/hello.yaml#3, and the configuration of d1f3k0000aaa' }],
    });
  });

  it.each<[string, string, Partial<Deployment>, string]>([
    ['that is not in the file', 'config:runtime.memori', deployed, 'no setting runtime.memori'],
    ['that was so before', 'config:runtime.memory=512Mi', deployed, 'was so before, in d1f3k0000aaa'],
    ['that is only declared', 'config:app.timeouts.cache=9s', deployed, 'only declared'],
    ['that nothing ran with', 'config:healthProbe.timeout', { ...deployed, checks: [] }, 'no revision'],
    [
      'of a first deployment',
      'config:healthProbe.timeout',
      { ...deployed, previous: { status: 'none', reason: 'this is the first deployment' } },
      'this is the first deployment',
    ],
  ])('%s is not verified', (_, binding, more, reason) => {
    expect(judged(`x => ${binding}`, more)).toMatchObject({
      status: 'not-verified',
      reason: expect.stringContaining(reason),
    });
  });
});

describe('what the image says that it is for', () => {
  const change = { id: 'A-1', title: 'From the image', claims: ['answers => check:names-itself'] };
  const release = { ...deploymentOf().release!, change };
  const checks = [ready, checkOf({ id: 'names-itself' })];

  it('counts when the request says nothing', () => {
    expect(buildReport(deploymentOf({ release, checks })).change).toMatchObject({
      id: 'A-1',
      title: 'From the image',
      claims: [{ claim: 'answers', status: 'verified' }],
    });
  });

  it('claims what it claims when the request names another change', () => {
    const asked = claiming('faster', { release, checks });
    expect(buildReport(asked).change).toMatchObject({
      id: '#1278',
      claims: [{ claim: 'faster' }, { claim: 'answers', status: 'verified' }],
    });
  });
});
