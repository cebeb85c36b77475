import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rules } from '#shared/config/rules/index.ts';
import { rulesPage } from '#shared/config/rules/page.ts';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import type { Judgement, Rule } from '#shared/config/rules/rule.ts';
import { Check } from '#shared/domain/check.ts';
import { configsOf, file } from '#test/shared/config/hello-file.ts';

const judge = (rule: Rule, sections: string): Judgement | undefined => {
  const [config] = configsOf(file(sections));
  return rule.judge({ config: config!, others: [] });
};

/** Keys as `docs/service-file.md` has them; the schema's test holds it to the schema. */
const documented = [...readFileSync('docs/service-file.md', 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map(
  ([, key = '']) => key,
);
const sections = ['app', 'analysis', 'runtime', 'traffic', 'healthProbe'];

describe.each(rules.map((rule) => ({ rule, id: rule.id })))('$id', ({ rule }) => {
  it('fails its firing example and says what to do', () => {
    expect(judge(rule, rule.examples.firing)).toMatchObject({
      outcome: 'fail',
      change: expect.stringMatching(/^[A-Z].*[^.]$/s),
    });
  });

  it('passes its silent example', () => {
    expect(judge(rule, rule.examples.silent)).toMatchObject({ outcome: 'pass' });
  });

  it('says something only where the keys that it compares are', () => {
    // The smallest file has one CPU with 512 Mi, which Cloud Run has.
    expect(judge(rule, '')?.outcome).toBe(rule.id === 'cpu-memory' ? 'pass' : undefined);
  });

  it('names keys of the service file', () => {
    const known = new Set([...sections, ...documented]);
    expect(rule.keys.filter((key) => !known.has(key))).toEqual([]);
  });

  it('has a name that tells, a reason in sentences, and its source on Google’s pages', () => {
    expect(rule.id).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(rule.why).toMatch(/^[A-Z].*\.\)?$/s);
    expect(rule.title).not.toMatch(/\.$/);
    expect(rule.docs?.url ?? 'https://cloud.google.com/').toMatch(/^https:\/\/cloud\.google\.com\//);
  });
});

describe('all rules', () => {
  it('have different names', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  });

  it('use every key of the section app', () => {
    const used = new Set(rules.flatMap(({ keys }) => keys));
    const keys = documented.filter((key) => key.startsWith('app.') && !/\.env$|\[\]/.test(key));
    expect(keys.length).toBeGreaterThan(20);
    const isUsed = (key: string): boolean =>
      [...used].some((one) => one === key || one.startsWith(`${key}.`));
    expect(keys.filter((key) => !isUsed(key))).toEqual([]);
  });

  it('say nothing but passes of the example that everybody starts from', () => {
    const [config] = configsOf(readFileSync('examples/services/hello.yaml', 'utf8'));
    const checks = ruleChecks({ config: config!, others: [] }, '2026-01-01T00:00:00.000Z');
    expect(checks.map(({ outcome }) => outcome)).toEqual(['pass']);
  });
});

describe('docs/rules.md', () => {
  it('is what the rules say', () => {
    const renew = 'npm run --silent slipway -- check --explain > docs/rules.md';
    const isFresh = readFileSync('docs/rules.md', 'utf8') === `${rulesPage()}\n`;
    expect(isFresh ? 'fresh' : `docs/rules.md is stale; renew it: ${renew}`).toBe('fresh');
  });
});

describe('the check of a rule', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const checksOf = (text: string): Check[] => {
    const [config] = configsOf(file(text));
    return ruleChecks({ config: config!, others: [] }, at);
  };

  it.each(rules.flatMap(({ id, examples }) => Object.values(examples).map((text) => ({ id, text }))))(
    'is one that a record can hold: $id',
    ({ id, text }) => {
      const checks = checksOf(text);
      expect(checks.map((check) => Check.parse(check))).toEqual(checks);
      expect(checks.map((check) => check.id)).toContain(id);
    },
  );

  it('carries what is declared, the limit, the rule and where to read about it', () => {
    const check = checksOf('app: { shutdownTime: 30s }').find(({ id }) => id === 'shutdown-time');
    expect(check).toEqual({
      id: 'shutdown-time',
      title: 'An instance stops within the time it is given',
      suite: 'Infrastructure timeouts',
      severity: 'advisory',
      step: 'preflight',
      phase: 'candidate',
      outcome: 'fail',
      evidence: {
        source: 'service file',
        asked: 'app.shutdownTime',
        observed: 'declared: it stops in 30 s',
        expected: 'at most 10 s',
        at,
      },
      recommendation: {
        change: 'Finish or hand on within 10 s of SIGTERM',
        measured: 'declared: it stops in 30 s',
        limit: 'at most 10 s',
        rule: 'shutdown-time',
        link: 'https://cloud.google.com/run/docs/container-contract',
      },
    });
  });
});

describe('a fact that is missing', () => {
  const cases: { name: string; text: string; id: string; lacks: string }[] = [
    {
      name: 'the database’s limit',
      text: 'app: { database: { pool: 5 } }',
      id: 'database-connection-budget',
      lacks: 'app.database.connectionLimit',
    },
    {
      name: 'the usual load',
      text: 'app: { database: { pool: 5 } }',
      id: 'database-pool-usual-load',
      lacks: 'app.database.usualConnections',
    },
    {
      name: 'the load of a start',
      text: 'app: { database: { pool: 5 } }',
      id: 'database-overflow-startup',
      lacks: 'app.database.startupConnections',
    },
    {
      name: 'what a request holds',
      text: 'app: { database: { pool: 5 } }',
      id: 'database-pool-concurrency',
      lacks: 'app.database.connectionsPerRequest',
    },
    {
      name: 'the database timeout',
      text: 'app: { database: { pool: 5 } }',
      id: 'database-startup-timeout',
      lacks: 'app.database.timeout',
    },
    {
      name: 'how long a WebSocket lives',
      text: 'app: { webSocket: {} }',
      id: 'websocket-request-timeout',
      lacks: 'app.webSocket.longestConnection',
    },
    {
      name: 'how many WebSockets there are',
      text: 'app: { webSocket: {} }',
      id: 'websocket-capacity',
      lacks: 'app.webSocket.connections',
    },
    {
      name: 'when a WebSocket is idle',
      text: 'app: { webSocket: { pingInterval: 5s } }',
      id: 'websocket-ping',
      lacks: 'app.webSocket.idleTimeout',
    },
    {
      name: 'any delay',
      text: 'app: { webSocket: { idleTimeout: 32s } }',
      id: 'websocket-idle-delays',
      lacks: 'app.infrastructureDelay',
    },
    {
      name: 'the timeout in front',
      text: 'app: { loadBalancer: { host: api.example.com } }',
      id: 'load-balancer-request-timeout',
      lacks: 'app.loadBalancer.timeout',
    },
    {
      name: 'what an instance sends',
      text: 'runtime: { vpc: { connector: main } }',
      id: 'connector-throughput',
      lacks: 'app.egress.megabitsPerInstance',
    },
    {
      name: 'what a liveness probe has to outlast',
      text: 'runtime: { livenessProbe: { path: /live } }',
      id: 'liveness-tolerance',
      lacks: 'app.startTime',
    },
  ];
  const socket = "runtime: { cloudSql: ['my-project:us-central1:main'], livenessProbe: { path: / } }";
  const later: { name: string; text: string; id: string; lacks: string }[] = [
    {
      name: 'of a sum the database timeout',
      text: 'app: { database: { pool: 5 }, timeouts: { cache: 10s } }',
      id: 'component-timeouts-startup',
      lacks: 'app.database.timeout',
    },
    {
      name: 'of the longest wait the database timeout',
      text: 'app: { database: { pool: 5 }, timeouts: { cache: 10s } }',
      id: 'component-timeouts-request',
      lacks: 'app.database.timeout',
    },
    {
      name: 'of the longest pause the database timeout',
      text: 'app: { database: { pool: 5 }, webSocket: { idleTimeout: 32s }, infrastructureDelay: 10s }',
      id: 'websocket-idle-delays',
      lacks: 'app.database.timeout',
    },
    {
      name: 'of what a liveness probe has to outlast the database timeout',
      text: 'runtime: { livenessProbe: { path: / } }\napp: { startTime: 5s, database: { pool: 5 } }',
      id: 'liveness-tolerance',
      lacks: 'app.database.timeout',
    },
    {
      name: 'what an instance sends directly',
      text: 'runtime: { vpc: { network: default, subnetwork: default } }',
      id: 'direct-egress-throughput',
      lacks: 'app.egress.megabitsPerInstance',
    },
  ];
  it.each([
    ['component-timeouts-request', 'app: { database: { pool: 5 }, timeouts: { model: 400s } }'],
    [
      'websocket-idle-delays',
      'app: { database: { pool: 5 }, webSocket: { idleTimeout: 32s }, infrastructureDelay: 45s }',
    ],
    [
      'liveness-tolerance',
      'runtime: { livenessProbe: { path: / } }\napp: { startTime: 45s, database: { pool: 5 } }',
    ],
  ])('excuses nothing that fails without it: %s', (id, text) => {
    expect(
      judge(
        rules.find((one) => one.id === id)!,
        text,
      )?.outcome,
    ).toBe('fail');
  });

  const ofDatabase =
    'app.database is not declared, although runtime.cloudSql names my-project:us-central1:main: declare its pool';
  const webSocket = 'suites: [{ title: Chat, checks: [{ name: a, kind: websocket, path: / }] }]';
  const ofWebSocket = 'app.webSocket is not declared, although a check of the suite "Chat" opens a WebSocket';
  const balanced =
    'suites: [{ title: Public, through: load-balancer, address: "https://api.example.com", checks: [{ name: a, kind: websocket, path: / }] }]';
  const ofBalancer =
    'app.loadBalancer is not declared, although the suite "Public" is asked through one: declare its host';
  const sections: [text: string, reason: string, ids: string[]][] = [
    [
      socket,
      ofDatabase,
      [
        'database-connection-budget',
        'database-rollout-budget',
        'database-instance-connections',
        'database-pool-usual-load',
        'database-pool-concurrency',
        'database-overflow-startup',
        'database-startup-timeout',
        'component-timeouts-request',
      ],
    ],
    [
      `${socket}\napp: { startTime: 5s, timeouts: { cache: 1s } }`,
      ofDatabase,
      ['component-timeouts-startup', 'liveness-tolerance'],
    ],
    [
      webSocket,
      ofWebSocket,
      [
        'liveness-missing',
        'websocket-min-instances',
        'websocket-capacity',
        'websocket-request-timeout',
        'websocket-idle-delays',
      ],
    ],
    [`runtime: { cpuIdle: false }\n${webSocket}`, ofWebSocket, ['cpu-always-allocated']],
    [balanced, ofBalancer, ['load-balancer-request-timeout', 'load-balancer-websocket']],
    [
      'runtime: { ingress: internal-and-cloud-load-balancing }',
      'app.loadBalancer is not declared, although runtime.ingress is internal-and-cloud-load-balancing: declare its host',
      ['load-balancer-request-timeout'],
    ],
  ];
  it.each(sections)('is a whole section that another part of the file shows: %s', (text, reason, ids) => {
    const judged = ids.map((id) => [
      id,
      judge(
        rules.find((one) => one.id === id)!,
        text,
      ),
    ]);
    expect(judged).toEqual(ids.map((id) => [id, { outcome: 'not-run', reason }]));
  });

  it.each([...cases, ...later])('is named, and no pass: $name', ({ text, id, lacks }) => {
    const rule = rules.find((one) => one.id === id);
    expect(judge(rule!, text)).toEqual({ outcome: 'not-run', reason: `${lacks} is not declared` });
  });
});

describe('what was looked up', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const checksOf = (text: string, maxThroughput: number | undefined): Check[] => {
    const [config] = configsOf(file(text));
    const seen = { sqlInstances: {}, connector: { maxThroughput } };
    return ruleChecks({ config: config!, others: [], seen }, at);
  };
  const text =
    'runtime: { vpc: { connector: main }, maxInstances: 20 }\napp: { egress: { megabitsPerInstance: 25, connectorMegabits: 1000 } }';

  it('goes before what the file says of a connector, and is named as the source', () => {
    expect(checksOf(text, 300)).toContainEqual(
      expect.objectContaining({
        id: 'connector-throughput',
        outcome: 'fail',
        evidence: expect.objectContaining({
          source: 'service file and VPC connector main',
          observed: 'declared: 25 × 20 instances = 500 Mbit/s',
          expected: 'at most 300 Mbit/s; looked up: VPC connector main',
        }),
        recommendation: expect.objectContaining({
          change: 'Let the connector grow further, or lower runtime.maxInstances to 12',
        }),
      }),
    );
    expect(checksOf(text, undefined)).toContainEqual(
      expect.objectContaining({ id: 'connector-throughput', outcome: 'pass' }),
    );
  });

  it('leaves secrets at latest to preflight, which can name their versions', () => {
    const checks = checksOf("runtime: { secrets: { A: 'a:latest' } }", undefined);
    expect(checks.map(({ id }) => id)).not.toContain('secrets-pinned');
  });
});

describe('Cloud Run’s table of CPU and memory', () => {
  const cases: [cpu: string, memory: string, change: string | undefined][] = [
    ['"1"', '128Mi', undefined],
    ['"1"', '64Mi', 'Raise runtime.memory to 128Mi'],
    ['"1"', '4Gi', undefined],
    ['"1"', '4097Mi', 'Lower runtime.memory to 4096Mi, or raise runtime.cpu to 2'],
    ['"2"', '9Gi', 'Lower runtime.memory to 8192Mi, or raise runtime.cpu to 4'],
    ['"4"', '1Gi', 'Raise runtime.memory to 2048Mi'],
    ['"4"', '16Gi', undefined],
    ['"6"', '25Gi', 'Lower runtime.memory to 24576Mi, or raise runtime.cpu to 8'],
    ['"8"', '32Gi', undefined],
    ['"8"', '33Gi', 'Lower runtime.memory to 32768Mi'],
    ['80m', '512Mi', undefined],
    ['400m', '513Mi', 'Lower runtime.memory to 512Mi, or raise runtime.cpu to 0.5'],
    ['500m', '1Gi', undefined],
    ['70m', '128Mi', 'Set runtime.cpu to 1'],
    ['"3"', '2Gi', 'Set runtime.cpu to 4'],
    ['"1.5"', '2Gi', 'Set runtime.cpu to 2'],
    ['"16"', '32Gi', 'Set runtime.cpu to 8'],
  ];
  it.each(cases)('%s CPU with %s: %s', (cpu, memory, change) => {
    const rule = rules.find(({ id }) => id === 'cpu-memory')!;
    const judgement = judge(rule, `runtime: { cpu: ${cpu}, memory: ${memory}, concurrency: 1 }`);
    expect(judgement).toMatchObject(change === undefined ? { outcome: 'pass' } : { outcome: 'fail', change });
  });
});
