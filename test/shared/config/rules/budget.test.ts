import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import type { Facts, Seen } from '#shared/config/rules/rule.ts';
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
  more: { others?: Facts['others']; seen?: Seen } = {},
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
        observed:
          'declared: (5 + 5) × 4 instances = 40 connections; the largest safe pool + overflow: 97 ÷ 5 instances (1 of the candidate) = 19 each',
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
        change:
          'Lower pool + overflow to at most 7 per instance, as 37 ÷ 5 instances (1 of the candidate) = 7 each, or runtime.maxInstances to at most 2',
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

  it('is not judged while a service that shares the instance does not say by which of its own it counts', () => {
    const open = configOf(
      `runtime: { cloudSql: ['${instance}', 'my-project:us-central1:other'] }\napp: { database: { pool: 1000 } }`,
      'open',
    );
    expect(check('database-connection-budget', own, { others: [open] })).toMatchObject({
      outcome: 'not-run',
      reason: `app.database.instance is not declared by open, which uses ${instance} too`,
    });
    expect(
      check('database-connection-budget', { ...own, runtime: open.runtime, app: open.app }),
    ).toMatchObject({
      outcome: 'not-run',
      reason: 'app.database.instance is not declared, although runtime.cloudSql names several',
    });
  });

  it('is not judged while the other services are not known', () => {
    const others = { unknown: 'there are problems in services/broken.yaml' };
    for (const id of ['database-connection-budget', 'database-rollout-budget'])
      expect(check(id, own, { others })).toMatchObject({
        outcome: 'not-run',
        reason: `the other services at ${instance} are not known: ${others.unknown}`,
      });
    // A database that is no instance of Google’s has no neighbours by file.
    const elsewhere = configOf('app: { database: { pool: 1, connectionLimit: 100 } }');
    expect(check('database-connection-budget', elsewhere, { others }).outcome).toBe('pass');
  });

  it.each([
    [63, 'none, as the database has none left (63 − 3 reserved − 60 auth)', /none is left/],
    [60, 'none, as the database has none left (60 − 3 reserved − 60 auth)', /none is left/],
    [67, 'at most 4 (67 − 3 reserved − 60 auth)', /maxInstances: 4 ÷ 5 instances .* = 0 each/],
  ])('of %i says in words that there is nothing to give', (limit, expected, change) => {
    const shared = configOf(
      `runtime: { maxInstances: 4 }\n${database(`pool: 2, usualConnections: 3, connectionLimit: ${limit}, sharedWith: [{ service: auth, connections: 60 }]`)}`,
    );
    for (const id of ['database-connection-budget', 'database-rollout-budget'])
      expect(check(id, shared)).toMatchObject({
        outcome: 'fail',
        evidence: { expected },
        recommendation: { change: expect.stringMatching(change) },
      });
    const said = JSON.stringify(ruleChecks({ config: shared, others: [] }, '2026-01-01T00:00:00.000Z'));
    expect(said).not.toMatch(/[^−]-\d+ (connections|instances|\()|at most (-\d|0)/);
    expect(adviceOf(check('database-pool-usual-load', shared))).toMatch(
      limit === 67
        ? /less overflow 0 → the safe maximum is 0\. Lower runtime.maxInstances/
        : /less overflow 0 → the safe maximum is 0\. Let the database take more connections, or others fewer/,
    );
  });

  it('takes the limit from Cloud SQL where it tells, and says when the file has another', () => {
    expect(check('database-connection-budget', own, { seen: seeing(25) })).toMatchObject({
      outcome: 'fail',
      evidence: {
        source: `service file and Cloud SQL ${instance}`,
        expected: `at most 22 (25 (not 100 as declared) − 3 reserved); looked up: Cloud SQL ${instance}`,
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
  const unknown =
    'if the database has room for it; that is not known: app.database.connectionLimit is not declared';
  const first = 'Lower runtime.maxInstances, or let the database take more connections, first';
  const cases: { name: string; limit: number | undefined; pool: string; overflow: string }[] = [
    {
      name: 'is given when the database has room for it',
      limit: 503,
      pool: 'Raise app.database.pool from 12 to 15: 500 ÷ 11 instances (1 of the candidate) = 45 each, less overflow 18 → 27',
      overflow:
        'Raise app.database.overflow from 18 to 20: 500 ÷ 11 instances (1 of the candidate) = 45 each, less pool 15 → 30',
    },
    {
      name: 'is given for the pool, and against the overflow, when there is room for one of them',
      limit: 380,
      pool: 'Raise app.database.pool from 12 to 15: 377 ÷ 11 instances (1 of the candidate) = 34 each, less overflow 18 → 16',
      overflow: `Do not raise app.database.overflow to 20: 377 ÷ 11 instances (1 of the candidate) = 34 each, less pool 15 → the safe maximum is 19. ${first}`,
    },
    {
      name: 'says what is not known',
      limit: undefined,
      pool: `Raise app.database.pool from 12 to 15, ${unknown}`,
      overflow: `Raise app.database.overflow from 18 to 20, ${unknown}`,
    },
    {
      name: 'becomes the safe maximum when there is room for less, and that leaves nothing to the overflow',
      limit: 355,
      pool: `Do not raise app.database.pool to 15: 352 ÷ 11 instances (1 of the candidate) = 32 each, less overflow 18 → the safe maximum is 14. ${first}`,
      overflow: `Do not raise app.database.overflow: 352 ÷ 11 instances (1 of the candidate) = 32 each, less pool 14 → the safe maximum is 18. ${first}`,
    },
    {
      name: 'becomes advice against it when there is no room',
      limit: 103,
      pool: `Do not raise app.database.pool: 100 ÷ 11 instances (1 of the candidate) = 9 each, less overflow 18 → the safe maximum is 0. ${first}`,
      overflow: `Do not raise app.database.overflow: 100 ÷ 11 instances (1 of the candidate) = 9 each, less pool 12 → the safe maximum is 0. ${first}`,
    },
  ];
  it.each(cases)('$name', ({ limit, pool, overflow }) => {
    expect(adviceOf(check('database-pool-usual-load', withLimit(limit)))).toBe(pool);
    expect(adviceOf(check('database-overflow-startup', withLimit(limit)))).toBe(overflow);
  });

  it('never leads to more connections than the database has, and never stops short of what it has', () => {
    const base = withLimit(100);
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 2000 }),
        fc.integer({ min: 1, max: 60 }),
        (connectionLimit, maxInstances) => {
          const config = changed(base, { maxInstances }, { connectionLimit });
          const advice = adviceOf(check('database-pool-usual-load', config)) ?? '';
          const fits = (pool: number): boolean => (pool + 18) * (maxInstances + 1) <= connectionLimit - 3;
          const safe = Number(/(?:→|maximum is) (\d+)/.exec(advice)?.[1]);
          expect(advice.startsWith('Raise')).toBe(fits(15));
          expect(safe === 0 || fits(safe)).toBe(true);
          expect(fits(safe + 1)).toBe(false);
        },
      ),
    );
  });
});

type Runtime = ServiceConfig['runtime'];
type Database = NonNullable<NonNullable<ServiceConfig['app']>['database']>;

/** Without a second parse, for properties. */
const changed = (
  config: ServiceConfig,
  runtime: Partial<Runtime>,
  own: Partial<Database>,
): ServiceConfig => ({
  ...config,
  runtime: { ...config.runtime, ...runtime },
  app: { ...config.app, database: { ...config.app!.database!, ...own } },
});

describe('all advice on connections', () => {
  const ids = [
    'database-connection-budget',
    'database-rollout-budget',
    'database-instance-connections',
    'database-pool-usual-load',
    'database-pool-concurrency',
    'database-overflow-startup',
  ];
  const failing = (config: ServiceConfig): { id: string; advice: string }[] =>
    ruleChecks({ config, others: [] }, '2026-01-01T00:00:00.000Z').flatMap((one) =>
      one.outcome === 'fail' && ids.includes(one.id) ? [{ id: one.id, advice: adviceOf(one) ?? '' }] : [],
    );
  const numbers = (advice: string[], pattern: RegExp): number[] =>
    advice.flatMap((one) => pattern.exec(one)?.slice(1).map(Number) ?? []);

  /** As somebody would who does everything that is advised, the lowering of concurrency only if told. */
  function followed(config: ServiceConfig, advice: string[], lowersConcurrency: boolean): ServiceConfig {
    const { pool, overflow } = config.app!.database! as { pool: number; overflow: number };
    const most = Math.min(...numbers(advice, /^Lower pool \+ overflow to at most (\d+)/));
    const newPool = Math.min(
      most,
      Math.max(pool, ...numbers(advice, /^Raise app\.database\.pool from \d+ to (\d+)/)),
    );
    const raised = Math.max(overflow, ...numbers(advice, /^Raise app\.database\.overflow from \d+ to (\d+)/));
    const concurrency = lowersConcurrency
      ? Math.min(config.runtime.concurrency, ...numbers(advice, /lower runtime\.concurrency to (\d+)/))
      : config.runtime.concurrency;
    return changed(config, { concurrency }, { pool: newPool, overflow: Math.min(raised, most - newPool) });
  }

  const count = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
  const perhaps = (max: number): fc.Arbitrary<number | undefined> =>
    fc.option(count(max), { nil: undefined });
  const base = configOf(database('pool: 1'));
  const configs = fc
    .record({
      minInstances: count(4),
      more: count(20),
      concurrency: fc.integer({ min: 1, max: 120 }),
      isSocket: fc.boolean(),
      pool: count(80),
      overflow: count(80),
      usualConnections: perhaps(90),
      startupConnections: perhaps(90),
      connectionsPerRequest: fc.constantFrom(0.1, 0.3, 0.5, 1, 2),
      connectionLimit: fc.option(fc.integer({ min: 1, max: 1500 }), { nil: undefined }),
      reserved: count(60),
    })
    .map(({ minInstances, more, concurrency, isSocket, ...own }) =>
      changed(
        base,
        {
          minInstances,
          maxInstances: Math.max(1, minInstances + more),
          concurrency,
          cloudSql: isSocket ? [instance] : [],
        },
        own as Partial<Database>,
      ),
    );

  it('can be followed at once: no rule fails then, but for what must not be raised', () => {
    fc.assert(
      fc.property(configs, fc.boolean(), (config, lowersConcurrency) => {
        const advice = failing(config).map((one) => one.advice);
        const left = failing(followed(config, advice, lowersConcurrency));
        const refused = left.filter((one) => !/^(Do not raise|Let the database take more)/.test(one.advice));
        expect(refused).toEqual([]);
        const mayLower = numbers(advice, /lower runtime\.concurrency to (\d+)/).length > 0;
        const ofConcurrency = left.filter(({ id }) => id === 'database-pool-concurrency');
        expect(lowersConcurrency && mayLower ? ofConcurrency : []).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('can be followed by fewer instances instead', () => {
    let told = 0;
    fc.assert(
      fc.property(configs, (config) => {
        const advice = failing(config).map((one) => one.advice);
        const [maxInstances] = numbers(advice, /runtime\.maxInstances to at most (\d+)/);
        if (maxInstances === undefined) return;
        told += 1;
        expect(maxInstances).toBeGreaterThanOrEqual(config.runtime.minInstances);
        const left = failing(changed(config, { maxInstances }, {})).map(({ id }) => id);
        expect(left.filter((id) => id.endsWith('-budget'))).toEqual([]);
      }),
      { numRuns: 500 },
    );
    expect(told).toBeGreaterThan(20);
  });

  it('reckons with the same share of an instance', () => {
    const config = configOf(
      `runtime: { maxInstances: 10, concurrency: 80 }\n${database('pool: 12, overflow: 18, usualConnections: 15, startupConnections: 20, connectionsPerRequest: 0.5, connectionLimit: 300')}`,
    );
    const said = JSON.stringify(ruleChecks({ config, others: [] }, '2026-01-01T00:00:00.000Z'));
    const shares = [...said.matchAll(/297 ÷ 11 instances \(1 of the candidate\) = (\d+) each/g)].map(
      ([, share]) => share,
    );
    expect(shares.length).toBeGreaterThan(4);
    expect(new Set(shares)).toEqual(new Set(['27']));
    expect(said).not.toMatch(/÷ 10/);
  });
});
