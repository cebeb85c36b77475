import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import { configsOf, file } from '#test/shared/config/hello-file.ts';

const checkOf = (text: string, id: string) =>
  ruleChecks({ config: configsOf(text)[0]!, others: [] }, '2026-01-01T00:00:00.000Z').find(
    (check) => check.id === id,
  );

/** What a service whose database, VPC and WebSockets are slow can be advised, with what is said then. */
const recommendations: [about: string, rule: string, text: string, change: RegExp][] = [
  [
    'a pool of 12 where 15 connections are in use',
    'database-pool-usual-load',
    'app: { database: { pool: 12, usualConnections: 15 } }',
    /^Raise app.database.pool from 12 to 15/,
  ],
  [
    'an overflow of 18 where a start takes 20',
    'database-overflow-startup',
    'app: { database: { pool: 12, overflow: 18, startupConnections: 20 } }',
    /^Raise app.database.overflow from 18 to 20/,
  ],
  [
    'WebSockets of 32 s where the infrastructure pauses for 45',
    'websocket-idle-delays',
    'app: { webSocket: { idleTimeout: 32s }, infrastructureDelay: 45s }',
    /45 s/,
  ],
  [
    'pings that come too late for that',
    'websocket-ping',
    'app: { webSocket: { idleTimeout: 32s, pingInterval: 32s } }',
    /^Ping at least every 16 s/,
  ],
  [
    'a part that is waited for longer than the request',
    'component-timeouts-request',
    'runtime: { requestTimeout: 60s }\napp: { timeouts: { model: 90s } }',
    /model/,
  ],
  [
    'parts that add up to more than a start may take',
    'component-timeouts-startup',
    'app: { database: { pool: 5, timeout: 90s }, timeouts: { cache: 100s, auth: 100s } }',
    /by 50 s in all/,
  ],
  [
    'a health endpoint that needs a longer start',
    'startup-probe-budget',
    'runtime: { startupProbe: { path: /health } }\napp: { startTime: 90s }',
    /^Raise runtime.startupProbe to 90 s/,
  ],
  [
    'a health probe that gives up before that',
    'health-probe-grace',
    'app: { startTime: 90s }',
    /^Raise healthProbe.startupGrace to 90s/,
  ],
  [
    'a start that is noticed late',
    'startup-detection',
    'runtime: { startupProbe: { path: /health, period: 60s, failureThreshold: 3 } }\napp: { startTime: 70s }',
    /period to 17s, and failureThreshold to 11, so/,
  ],
  [
    'a delay that is longer than the start',
    'startup-detection',
    'runtime: { startupProbe: { path: /health, initialDelay: 60s } }\napp: { startTime: 8s }',
    /^Leave runtime.startupProbe.initialDelay out/,
  ],
  [
    'a load balancer that gives up first',
    'load-balancer-request-timeout',
    `app: { loadBalancer: { host: api.example.com, timeout: 30s } }`,
    /to 300 s, or lower runtime.requestTimeout/,
  ],
  [
    'a connector that carries less than all instances send',
    'connector-throughput',
    `runtime: { vpc: { connector: main } }\napp: { egress: { megabitsPerInstance: 25, connectorMegabits: 300 } }`,
    /runtime.maxInstances to 12/,
  ],
  [
    'memory that is too little for all requests',
    'memory-concurrency',
    'app: { memory: { atRest: 200Mi, perRequest: 5Mi } }',
    /runtime.memory/,
  ],
];

describe('a recommendation is made about', () => {
  it.each(recommendations)('%s (%s)', (_about, rule, text, change) => {
    expect(checkOf(file(text), rule)).toMatchObject({
      outcome: 'fail',
      severity: 'advisory',
      recommendation: { change: expect.stringMatching(change), rule },
    });
  });
});

it('advice on when a start is noticed can be followed, and is enough', () => {
  const seconds = fc.integer({ min: 1, max: 240 });
  fc.assert(
    fc.property(seconds, seconds, fc.integer({ min: 1, max: 240 }), (startTime, period, threshold) => {
      fc.pre(period * threshold <= 240);
      const textOf = (every: number | string, times: number | string): string =>
        file(
          `runtime: { startupProbe: { path: /, period: ${every}s, failureThreshold: ${times} } }\napp: { startTime: ${startTime}s }`,
        );
      const check = checkOf(textOf(period, threshold), 'startup-detection');
      if (check?.outcome !== 'fail') return;
      const advice = /period to (\d+)s, and failureThreshold to (\d+),/.exec(
        check.recommendation?.change ?? '',
      );
      const [, every = '', times = ''] = advice ?? [];
      expect(checkOf(textOf(every, times), 'startup-detection')?.outcome).toBe('pass');
    }),
    { numRuns: 50 },
  );
});
