import { describe, expect, it } from 'vitest';
import { rules } from '#shared/config/rules/index.ts';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import { configsOf, file } from '#test/shared/config/hello-file.ts';

const checkOf = (text: string, id: string) =>
  ruleChecks({ config: configsOf(text)[0]!, others: [] }, '2026-01-01T00:00:00.000Z').find(
    (check) => check.id === id,
  );

const sql = "cloudSql: ['my-project:us-central1:main']";
const direct = 'vpc: { network: default, subnetwork: default }';
const connector = 'vpc: { connector: main }';
const balanced = (timeout: string): string => `loadBalancer: { host: api.example.com, timeout: ${timeout} }`;
const at = (region: string): string => `projects/my-project/locations/${region}/connectors/main`;
/** A socket path of so many characters, by the name of the instance. */
const socketOf = (characters: number): string =>
  `runtime: { cloudSql: ['my-project:us-central1:${'x'.repeat(characters - '/cloudsql/my-project:us-central1:/.s.PGSQL.5432'.length)}'] }`;

/** What Google has documented, or people have met, and the rule that knows of it: at the limit and beyond it. */
const limits: [limit: string, rule: string, within: string, beyond: string][] = [
  [
    'a database takes so many connections, and keeps some for itself',
    'database-connection-budget',
    'runtime: { maxInstances: 97 }\napp: { database: { pool: 1, connectionLimit: 100 } }',
    'runtime: { maxInstances: 98 }\napp: { database: { pool: 1, connectionLimit: 100 } }',
  ],
  [
    'the most instances are so for each revision, and a tagged one has its least without traffic',
    'database-rollout-budget',
    'runtime: { minInstances: 7, maxInstances: 90 }\napp: { database: { pool: 1, connectionLimit: 100 } }',
    'runtime: { minInstances: 8, maxInstances: 90 }\napp: { database: { pool: 1, connectionLimit: 100 } }',
  ],
  [
    'an instance has 100 connections to Cloud SQL',
    'database-instance-connections',
    `runtime: { ${sql} }\napp: { database: { pool: 100 } }`,
    `runtime: { ${sql} }\napp: { database: { pool: 101 } }`,
  ],
  [
    'an instance gets as many requests at once as its concurrency says',
    'database-pool-concurrency',
    'app: { database: { pool: 80, connectionsPerRequest: 1 } }',
    'app: { database: { pool: 79, connectionsPerRequest: 1 } }',
  ],
  ['one CPU has at most 4 GiB', 'cpu-memory', 'runtime: { memory: 4096Mi }', 'runtime: { memory: 4097Mi }'],
  [
    'four CPUs have at least 2 GiB',
    'cpu-memory',
    "runtime: { cpu: '4', memory: 2Gi }",
    "runtime: { cpu: '4', memory: 2047Mi }",
  ],
  [
    'there is no less than 0.08 CPU',
    'cpu-memory',
    'runtime: { cpu: 80m, concurrency: 1 }',
    'runtime: { cpu: 79m, concurrency: 1 }',
  ],
  [
    'there are no more than 8 CPUs',
    'cpu-memory',
    "runtime: { cpu: '8', memory: 32Gi }",
    "runtime: { cpu: '9', memory: 32Gi }",
  ],
  [
    'there is no more than 32 GiB',
    'cpu-memory',
    "runtime: { cpu: '8', memory: 32Gi }",
    "runtime: { cpu: '8', memory: 33Gi }",
  ],
  [
    'below one CPU there is none outside of requests',
    'fractional-cpu',
    'runtime: { cpu: 500m, concurrency: 1 }',
    'runtime: { cpu: 500m, concurrency: 1, cpuIdle: false }',
  ],
  [
    'an instance beyond its memory is killed',
    'memory-concurrency',
    'runtime: { concurrency: 4 }\napp: { memory: { atRest: 112Mi, perRequest: 100Mi } }',
    'runtime: { concurrency: 4 }\napp: { memory: { atRest: 113Mi, perRequest: 100Mi } }',
  ],
  [
    'with cpuIdle there is no CPU outside of requests',
    'background-cpu',
    'runtime: { cpuIdle: false }\napp: { background: true }',
    'runtime: { cpuIdle: true }\napp: { background: true }',
  ],
  [
    'without cpuIdle an instance is billed for its whole life',
    'cpu-always-allocated',
    'runtime: { cpuIdle: false }\napp: { background: true }',
    'runtime: { cpuIdle: false }',
  ],
  [
    'nothing but a liveness probe finds an instance that hangs',
    'liveness-missing',
    'runtime: { livenessProbe: { path: / } }\napp: { background: true }',
    'app: { background: true }',
  ],
  [
    'a variable at latest is read at every start',
    'secrets-pinned',
    "runtime: { secrets: { A: 'a:1' } }",
    "runtime: { secrets: { A: 'a:latest' } }",
  ],
  [
    'without requests the last instance ends',
    'background-min-instances',
    'runtime: { minInstances: 1 }\napp: { background: true }',
    'app: { background: true }',
  ],
  [
    'without instances a WebSocket waits for a start',
    'websocket-min-instances',
    'runtime: { minInstances: 1 }\napp: { webSocket: {} }',
    'app: { webSocket: {} }',
  ],
  [
    'an open WebSocket takes a place of the concurrency',
    'websocket-capacity',
    'runtime: { maxInstances: 2 }\napp: { webSocket: { connections: 160 } }',
    'runtime: { maxInstances: 2 }\napp: { webSocket: { connections: 161 } }',
  ],
  [
    'a request is held for 10 s until an instance has started',
    'slow-start-min-instances',
    'app: { startTime: 10s }',
    'app: { startTime: 11s }',
  ],
  [
    'only with the boost a start has more CPU',
    'startup-cpu-boost',
    'app: { startTime: 1s }',
    'runtime: { startupCpuBoost: false }\napp: { startTime: 1s }',
  ],
  [
    'from 0 to 100 % a candidate starts cold',
    'traffic-cold-start',
    'app: { startTime: 11s }\ntraffic: { steps: [99, 100] }',
    'app: { startTime: 11s }\ntraffic: { steps: [100] }',
  ],
  [
    'Google wants Cloud SQL in the region of the service',
    'cloud-sql-region',
    `runtime: { ${sql} }`,
    "runtime: { cloudSql: ['my-project:us-central1:main', 'my-project:us-east1:other'] }",
  ],
  ['a socket has a path of 108 characters', 'cloud-sql-socket-path', socketOf(108), socketOf(109)],
  [
    'with all traffic in the VPC Cloud SQL has to be met at its private address',
    'egress-cloud-sql',
    `runtime: { ${sql}, ${direct} }`,
    `runtime: { ${sql}, vpc: { connector: main, egress: all-traffic } }`,
  ],
  [
    'a connector is in the region of the service',
    'vpc-region',
    `runtime: { vpc: { connector: ${at('us-central1')} } }`,
    `runtime: { vpc: { connector: ${at('us-east1')} } }`,
  ],
  [
    'a subnetwork is in the region of the service',
    'vpc-region',
    'runtime: { vpc: { network: n, subnetwork: projects/my-project/regions/us-central1/subnetworks/s } }',
    'runtime: { vpc: { network: n, subnetwork: projects/my-project/regions/us-east1/subnetworks/s } }',
  ],
  ['a connector never shrinks', 'vpc-direct-egress', `runtime: { ${direct} }`, `runtime: { ${connector} }`],
  [
    'a connector has one throughput for all instances',
    'connector-throughput',
    `runtime: { ${connector}, maxInstances: 10 }\napp: { egress: { megabitsPerInstance: 30, connectorMegabits: 300 } }`,
    `runtime: { ${connector}, maxInstances: 11 }\napp: { egress: { megabitsPerInstance: 30, connectorMegabits: 300 } }`,
  ],
  [
    'direct egress may take a minute to be there',
    'direct-egress-startup-probe',
    `runtime: { ${direct}, startupProbe: { path: /, period: 10s, failureThreshold: 6 } }`,
    `runtime: { ${direct}, startupProbe: { path: /, period: 10s, failureThreshold: 5 } }`,
  ],
  [
    'direct egress is found out by HTTP, not by TCP',
    'direct-egress-startup-probe',
    `runtime: { ${direct}, startupProbe: { path: /, period: 10s, failureThreshold: 12 } }`,
    `runtime: { ${direct}, startupProbe: { period: 10s, failureThreshold: 12 } }`,
  ],
  [
    'direct egress carries 1 Gbit/s of an instance',
    'direct-egress-throughput',
    `runtime: { ${direct} }\napp: { egress: { megabitsPerInstance: 1000 } }`,
    `runtime: { ${direct} }\napp: { egress: { megabitsPerInstance: 1001 } }`,
  ],
  [
    'a start that waits for its database is cut when its probe gives up',
    'database-startup-timeout',
    'runtime: { startupProbe: { failureThreshold: 10 } }\napp: { database: { pool: 1, timeout: 99s } }',
    'runtime: { startupProbe: { failureThreshold: 10 } }\napp: { database: { pool: 1, timeout: 101s } }',
  ],
  [
    'delay and probing together are no longer than 240 s',
    'startup-budget-cap',
    'runtime: { startupProbe: { initialDelay: 120s, period: 10s, failureThreshold: 12 } }',
    'runtime: { startupProbe: { initialDelay: 121s, period: 10s, failureThreshold: 12 } }',
  ],
  [
    'without a probe of its own a start has 240 s',
    'startup-probe-budget',
    'app: { startTime: 240s }',
    'app: { startTime: 241s }',
  ],
  [
    'a WebSocket is cut at the request timeout',
    'websocket-request-timeout',
    'app: { webSocket: { longestConnection: 300s } }',
    'app: { webSocket: { longestConnection: 301s } }',
  ],
  [
    'what stands in front gives up by itself',
    'load-balancer-request-timeout',
    `app: { ${balanced('300s')} }`,
    `app: { ${balanced('299s')} }`,
  ],
  [
    'a load balancer of Google’s keeps a WebSocket for an hour, whatever is declared',
    'load-balancer-websocket',
    `app: { webSocket: { longestConnection: 3600s }, ${balanced('2h')} }`,
    `app: { webSocket: { longestConnection: 3601s }, ${balanced('2h')} }`,
  ],
  [
    'a request ends with 504 at the request timeout',
    'component-timeouts-request',
    'runtime: { requestTimeout: 31s }\napp: { timeouts: { model: 30s } }',
    'runtime: { requestTimeout: 29s }\napp: { timeouts: { model: 30s } }',
  ],
  [
    'all waits of a start have to fit into 240 s',
    'component-timeouts-startup',
    'app: { timeouts: { cache: 120s, auth: 120s } }',
    'app: { timeouts: { cache: 120s, auth: 121s } }',
  ],
  [
    'a liveness probe restarts an instance that only waits',
    'liveness-tolerance',
    'runtime: { livenessProbe: { path: / } }\napp: { startTime: 30s }',
    'runtime: { livenessProbe: { path: / } }\napp: { startTime: 31s }',
  ],
  [
    'an instance is killed 10 s after SIGTERM',
    'shutdown-time',
    'app: { shutdownTime: 10s }',
    'app: { shutdownTime: 11s }',
  ],
  [
    'figures come every minute, three minutes late',
    'analysis-bake',
    'analysis: { latencyP95: { maximum: 1s } }\ntraffic: { bake: 300s }',
    'analysis: { latencyP95: { maximum: 1s } }\ntraffic: { bake: 299s }',
  ],
  [
    'figures that a suite requires come no sooner',
    'analysis-bake',
    'suites: [{ title: T, checks: [{ name: a, kind: metrics, errorRatio: 1% }] }]\ntraffic: { bake: 300s }',
    'suites: [{ title: T, checks: [{ name: a, kind: metrics, errorRatio: 1% }] }]\ntraffic: { bake: 299s }',
  ],
];

describe('a rule knows that', () => {
  it.each(limits)('%s (%s)', (_limit, rule, within, beyond) => {
    expect(checkOf(file(within), rule)?.outcome).toBe('pass');
    expect(checkOf(file(beyond), rule)?.outcome).toBe('fail');
  });

  it('and every rule whose limit is Google’s is among them', () => {
    const held = new Set(limits.map(([, rule]) => rule));
    expect(rules.filter(({ id, docs }) => docs !== undefined && !held.has(id)).map(({ id }) => id)).toEqual(
      [],
    );
  });
});
