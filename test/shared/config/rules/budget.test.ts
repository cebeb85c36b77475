import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import type { Seen } from '#shared/config/rules/rule.ts';
import type { Check } from '#shared/domain/check.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { configsOf, file } from '#test/shared/config/hello-file.ts';

const instance = 'my-project:us-central1:main';
const database = (more: string): string => `app: { database: { instance: '${instance}', ${more} } }`;

const configOf = (text: string, service = 'hello'): ServiceConfig =>
  configsOf(file(text).replace('service: hello', `service: ${service}`))[0]!;

function check(
  id: string,
  config: ServiceConfig,
  more: { others?: ServiceConfig[]; seen?: Seen } = {},
): Check {
  const { others = [], seen } = more;
  const facts = { config, others, ...(seen === undefined ? {} : { seen }) };
  return ruleChecks(facts, '2026-01-01T00:00:00.000Z').find((one) => one.id === id)!;
}
const adviceOf = (one: Check): string | undefined =>
  one.outcome === 'fail' ? one.recommendation?.change : undefined;
const seeing = (maxConnections: number | undefined): Seen => ({
  sqlInstances: { [instance]: { maxConnections } },
  connector: undefined,
});

describe('the connection budget', () => {
  const own = configOf(
    `runtime: { maxInstances: 4 }\n${database('pool: 5, overflow: 5, connectionLimit: 100')}`,
  );

  it('counts pool and overflow of every instance', () => {
    const found = check('database-connection-budget', own);
    expect(found).toMatchObject({
      outcome: 'pass',
      evidence: {
        source: 'service file',
        observed: '(5 + 5) × 4 instances = 40 connections; the largest safe pool + overflow is 24',
        expected: 'at most 97 (100 − 3 reserved)',
      },
    });
  });

  it('counts what other services of the same instance take, by their files', () => {
    const auth = configOf(`runtime: { maxInstances: 6 }\n${database('pool: 10')}`, 'auth');
    const elsewhere = configOf(
      `app: { database: { instance: 'my-project:us-central1:other', pool: 1000 } }`,
      'far',
    );
    expect(check('database-connection-budget', own, { others: [own, auth, elsewhere] })).toMatchObject({
      outcome: 'fail',
      evidence: { expected: 'at most 37 (100 − 3 reserved − 60 auth)' },
      recommendation: {
        change: 'Lower pool + overflow to at most 9 per instance, or runtime.maxInstances to at most 3.',
      },
    });
  });

  it('believes a file more than what another file says of it', () => {
    const sharing = configOf(
      database(
        `pool: 1, connectionLimit: 100, sharedWith: [{ service: auth, connections: 7 }, { service: jobs, connections: 9 }]`,
      ),
    );
    const auth = configOf(`runtime: { maxInstances: 6 }\n${database('pool: 10')}`, 'auth');
    expect(check('database-connection-budget', sharing)).toMatchObject({
      evidence: { expected: 'at most 81 (100 − 3 reserved − 7 auth − 9 jobs)' },
    });
    expect(check('database-connection-budget', sharing, { others: [auth] })).toMatchObject({
      evidence: { expected: 'at most 28 (100 − 3 reserved − 60 auth − 9 jobs)' },
    });
  });

  it('counts the other environments of a file that use the same instance', () => {
    const [staging, production] = configsOf(
      `${file()}  production: { project: other-project, region: us-central1 }\nruntime: { maxInstances: 4 }\n${database('pool: 10, connectionLimit: 100')}`,
    );
    expect(check('database-connection-budget', staging!, { others: [staging!, production!] })).toMatchObject({
      evidence: { expected: 'at most 57 (100 − 3 reserved − 40 hello in production)' },
    });
  });

  it('is not judged while a service that shares the instance says nothing of itself', () => {
    const silent = configOf(`runtime: { cloudSql: ['${instance}'] }`, 'silent');
    expect(check('database-connection-budget', own, { others: [silent] })).toMatchObject({
      outcome: 'not-run',
      reason: `app.database is not declared by silent, which uses ${instance} too`,
    });
  });

  it('takes the limit from Cloud SQL where it tells, and says when the file has another', () => {
    expect(check('database-connection-budget', own, { seen: seeing(25) })).toMatchObject({
      outcome: 'fail',
      evidence: {
        source: `service file and Cloud SQL ${instance}`,
        expected: 'at most 22 (25 (not 100 as declared) − 3 reserved)',
      },
    });
    expect(check('database-connection-budget', own, { seen: seeing(undefined) })).toMatchObject({
      evidence: { source: 'service file' },
    });
  });

  it('has no advice on pools when there is not one connection for each instance', () => {
    const poor = configOf(`runtime: { maxInstances: 40 }\n${database('pool: 1, connectionLimit: 30')}`);
    expect(adviceOf(check('database-connection-budget', poor))).toMatch(
      /^Let the database take more connections/,
    );
  });

  it('leaves room for a candidate beside the instances that serve', () => {
    const full = configOf(`runtime: { maxInstances: 4 }\n${database('pool: 24, connectionLimit: 100')}`);
    expect(check('database-connection-budget', full).outcome).toBe('pass');
    expect(adviceOf(check('database-rollout-budget', full))).toMatch(/at most 19 per instance/);
  });
});

describe('advice to raise a pool of 12 with an overflow of 18', () => {
  const withLimit = (limit: number | undefined, maxInstances = 10): ServiceConfig =>
    configOf(
      `runtime: { maxInstances: ${maxInstances} }\n${database(
        `pool: 12, overflow: 18, usualConnections: 15, startupConnections: 20${limit === undefined ? '' : `, connectionLimit: ${limit}`}`,
      )}`,
    );
  const cases: { name: string; limit: number | undefined; pool: string; overflow: string }[] = [
    {
      name: 'is given when the database has room for it',
      limit: 503,
      pool: 'Raise app.database.pool from 12 to 15: the database has room for 27.',
      overflow: 'Raise app.database.overflow from 18 to 20: the database has room for 33.',
    },
    {
      name: 'says what is not known',
      limit: undefined,
      pool: 'Raise app.database.pool from 12 to 15, if the database has room for it; that is not known: app.database.connectionLimit is not declared.',
      overflow:
        'Raise app.database.overflow from 18 to 20, if the database has room for it; that is not known: app.database.connectionLimit is not declared.',
    },
    {
      name: 'becomes the safe maximum when there is room for less',
      limit: 355,
      pool: 'Do not raise app.database.pool to 15: 11 instances, a candidate among them, share 352 connections. The safe maximum is 14; lower runtime.maxInstances first.',
      overflow: 'Raise app.database.overflow from 18 to 20: the database has room for 20.',
    },
    {
      name: 'becomes advice against it when there is no room',
      limit: 103,
      pool: 'Do not raise app.database.pool: 11 instances, a candidate among them, share 100 connections, which is 9 each, and the safe maximum is 0. Lower runtime.maxInstances, or let the database take more connections, first.',
      overflow:
        'Do not raise app.database.overflow: 11 instances, a candidate among them, share 100 connections, which is 9 each, and the safe maximum is 0. Lower runtime.maxInstances, or let the database take more connections, first.',
    },
  ];
  it.each(cases)('$name', ({ limit, pool, overflow }) => {
    expect(adviceOf(check('database-pool-usual-load', withLimit(limit)))).toBe(pool);
    expect(adviceOf(check('database-overflow-startup', withLimit(limit)))).toBe(overflow);
  });

  it('never leads to more connections than the database has, and never stops short of what it has', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 2000 }),
        fc.integer({ min: 1, max: 60 }),
        (limit, maxInstances) => {
          const advice = adviceOf(check('database-pool-usual-load', withLimit(limit, maxInstances))) ?? '';
          const fits = (pool: number): boolean => (pool + 18) * (maxInstances + 1) <= limit - 3;
          const safe = Number(/room for (\d+)|safe maximum is (\d+)/.exec(advice)?.slice(1).find(Boolean));
          expect(advice.startsWith('Raise')).toBe(fits(15));
          expect(safe === 0 || fits(safe)).toBe(true);
          expect(fits(safe + 1)).toBe(false);
        },
      ),
    );
  });
});
