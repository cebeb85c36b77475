import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { parseDocument } from 'yaml';
import { readNetraInputs } from '#cli/commands/local/netra.ts';
import { examplesDirectory } from '#cli/commands/local/service-files.ts';
import { pushFolder } from '#local/build/push-folder.ts';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import type { Check } from '#shared/domain/check.ts';

const { file, fileBefore, change } = await readNetraInputs();
/** By path in the service file; undefined takes a key away. */
type Edits = Record<string, string | number | undefined>;

/** The service's configuration with some inputs changed. */
function configOf(edits: Edits = {}, from = file) {
  const document = parseDocument(from);
  for (const [path, value] of Object.entries(edits)) {
    if (value === undefined) document.deleteIn(path.split('.'));
    else document.setIn(path.split('.'), value);
  }
  const read = parseServiceFile(document.toString(), 'netra-backend.yaml');
  if (read.status === 'invalid') throw new Error(JSON.stringify(read.problems));
  return read.configs[0]!;
}

/** What the rules say in a deployment, where the connector was looked at and the database set no limit of its own. */
function judge(edits?: Edits): Check[] {
  const seen = {
    sqlInstances: { 'slipway-local:us-central1:netra-postgres': { maxConnections: undefined } },
    connector: { maxThroughput: 1000 },
  };
  return ruleChecks({ config: configOf(edits), others: [], seen }, '2026-01-01T00:00:00.000Z');
}

/** Undefined where the file cannot be without it. */
function judgeUnlessRefused(edits: Edits): Check[] | undefined {
  try {
    return judge(edits);
  } catch {
    return undefined;
  }
}

/** Every key of the section `app`, with what is inside of it. */
function factsOf(value: unknown = parseDocument(file).toJS(), path = ''): string[] {
  if (path !== '' && !path.startsWith('app')) return [];
  const inside = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return [
    ...(path.includes('.') ? [path] : []),
    ...Object.entries(inside).flatMap(([key, one]) => factsOf(one, path === '' ? key : `${path}.${key}`)),
  ];
}

const passed = (checks: Check[], suite: string): string => {
  const own = checks.filter((check) => check.suite === suite);
  return `${own.filter(({ outcome }) => outcome === 'pass').length}/${own.length}`;
};
const failing = (checks: Check[]): string[] =>
  checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id);
const adviceOf = (checks: Check[], id: string): string | undefined => {
  const check = checks.find((one) => one.id === id);
  return check?.outcome === 'fail' ? check.recommendation?.change : undefined;
};

describe('the inputs of examples/netra', () => {
  it('are those of the scenario', () => {
    const { runtime, app } = configOf();
    const secrets = Object.values(runtime.secrets);
    expect([secrets.length, new Set(secrets).size]).toEqual([24, 20]);
    expect(runtime).toMatchObject({
      memory: '512Mi',
      maxInstances: 10,
      vpc: { connector: 'netra-connector' },
    });
    expect(runtime.cloudSql).toHaveLength(1);
    expect(runtime.env).toMatchObject({
      DATABASE_POOL_SIZE: '12',
      DATABASE_MAX_OVERFLOW: '18',
      WEBSOCKET_IDLE_SECONDS: '32',
    });
    expect(app?.database?.connectionLimit).toBe(500);
    expect(change.id).toBe('#1278');
  });

  it('were others before the change where it claims to have changed them', () => {
    const before = configOf(undefined, fileBefore);
    expect(before.runtime.env['DATABASE_TIMEOUT_SECONDS']).toBe('30');
    expect(before.runtime.startupProbe?.failureThreshold).toBe(6);
    // Everything beside is as it is now.
    expect(before.runtime.secrets).toEqual(configOf().runtime.secrets);
  });

  it('say the database timeout to the rules as to the service', () => {
    for (const config of [configOf(), configOf(undefined, fileBefore)])
      expect(config.app?.database?.timeout).toEqual({ env: 'DATABASE_TIMEOUT_SECONDS' });
  });
});

describe('what the rules make of them', () => {
  it('is 6 of 9 for the configuration and 6 of 9 for the timeouts', () => {
    const checks = judge();
    expect(passed(checks, 'Configuration validation')).toBe('6/9');
    expect(passed(checks, 'Infrastructure timeouts')).toBe('6/9');
    expect(failing(checks)).toEqual([
      'database-pool-usual-load',
      'database-overflow-startup',
      'liveness-missing',
      'vpc-direct-egress',
      'websocket-request-timeout',
      'websocket-idle-delays',
      'component-timeouts-startup',
    ]);
  });

  it('is a recommendation with what is declared, for each that failed', () => {
    const checks = judge();
    expect(adviceOf(checks, 'database-pool-usual-load')).toBe(
      'Raise app.database.pool from 12 to 15: 437 ÷ 11 instances (1 of the candidate) = 39 each, less overflow 18 → 21',
    );
    const failed = checks.filter((check) => check.outcome === 'fail');
    const said = failed.map(({ recommendation }) => [
      recommendation?.rule,
      recommendation?.measured,
      recommendation?.limit,
    ]);
    expect(said).toEqual(failed.map(({ id, evidence }) => [id, evidence.observed, evidence.expected]));
    for (const { evidence } of failed) expect(evidence.observed).toMatch(/^declared: /);
  });

  it('is one failure fewer with a pool of 15', () => {
    const checks = judge({ 'runtime.env.DATABASE_POOL_SIZE': '15' });
    expect(failing(judge()).filter((id) => !failing(checks).includes(id))).toEqual([
      'database-pool-usual-load',
    ]);
    expect(failing(checks)).toHaveLength(failing(judge()).length - 1);
    expect(passed(checks, 'Configuration validation')).toBe('7/9');
  });

  it.each([
    [
      410,
      'Do not raise app.database.pool to 15: 347 ÷ 11 instances (1 of the candidate) = 31 each, less overflow 18 → the safe maximum is 13',
    ],
    [
      380,
      'Do not raise app.database.pool: 317 ÷ 11 instances (1 of the candidate) = 28 each, less overflow 18 → the safe maximum is 10',
    ],
  ])('with a connection limit of %i advises against a larger pool', (limit, words) => {
    const checks = judge({ 'app.database.connectionLimit': limit });
    expect(adviceOf(checks, 'database-pool-usual-load')).toContain(words);
  });
});

describe('without a fact the statement that stood on it is not made', () => {
  it.each([
    ['app.database.usualConnections', ['database-pool-usual-load']],
    ['app.database.startupConnections', ['database-overflow-startup']],
    ['app.database.connectionsPerRequest', ['database-pool-concurrency']],
    ['app.database.connectionLimit', ['database-connection-budget', 'database-rollout-budget']],
    [
      'app.database.timeout',
      ['database-startup-timeout', 'component-timeouts-request', 'component-timeouts-startup'],
    ],
    [
      'app.database',
      [
        'database-connection-budget',
        'database-rollout-budget',
        'database-instance-connections',
        'database-pool-usual-load',
        'database-pool-concurrency',
        'database-overflow-startup',
        'database-startup-timeout',
        'component-timeouts-request',
        'component-timeouts-startup',
      ],
    ],
    [
      'app.webSocket',
      [
        'liveness-missing',
        'websocket-min-instances',
        'websocket-capacity',
        'websocket-request-timeout',
        'websocket-idle-delays',
        'load-balancer-websocket',
      ],
    ],
    ['app.webSocket.idleTimeout', ['websocket-idle-delays']],
    ['app.webSocket.longestConnection', ['websocket-request-timeout', 'load-balancer-websocket']],
    ['app.webSocket.connections', ['websocket-capacity']],
    ['app.loadBalancer.timeout', ['load-balancer-request-timeout', 'load-balancer-websocket']],
    ['app.egress', ['connector-throughput']],
  ])('%s', (path, ids) => {
    const before = judge();
    const checks = judge({ [path]: undefined });
    const open = checks.filter(({ outcome }) => outcome === 'not-run');
    expect(open.map(({ id }) => id)).toEqual(ids);
    for (const check of open)
      expect(check).toMatchObject({ reason: expect.stringContaining(' is not declared') });
    expect(before.filter(({ outcome }) => outcome === 'not-run')).toEqual([]);
  });

  /** Nothing else in the file says that there are such things: without them they are not missing. */
  const nowhereElse: Record<string, string[]> = {
    // Documented to be 0 unless told, and counted as that.
    'app.database.overflow': ['database-connection-budget', 'database-rollout-budget'],
    'app.loadBalancer': ['load-balancer-request-timeout', 'load-balancer-websocket'],
    'app.memory': ['memory-concurrency'],
    ...Object.fromEntries(
      ['', '.cache', '.auth', '.analytics'].map((part) => [
        `app.timeouts${part}`,
        ['component-timeouts-startup'],
      ]),
    ),
  };

  const worlds = [
    {},
    { 'app.database.connectionLimit': 300, 'app.loadBalancer.timeout': '60s', 'runtime.memory': '256Mi' },
  ].map((given) => ({ given, failed: failing(judge(given)) }));

  it.each(factsOf())('what failed with it does not pass, and is not passed over, without %s', (path) => {
    for (const { given, failed } of worlds) {
      const checks = judgeUnlessRefused({ ...given, [path]: undefined });
      // A file that is refused says nothing at all.
      if (checks === undefined) continue;
      const outcomes = failed.map((id) => checks.find((check) => check.id === id)?.outcome ?? 'absent');
      const lost = failed.filter((_, index) => !['fail', 'not-run'].includes(outcomes[index]!));
      expect((nowhereElse[path] ?? []).filter((id) => failed.includes(id))).toEqual(lost);
    }
  });

  it('and a larger pool is not promised room that nobody knows of', () => {
    const checks = judge({ 'app.database.connectionLimit': undefined });
    expect(adviceOf(checks, 'database-pool-usual-load')).toContain(
      'if the database has room for it; that is not known: app.database.connectionLimit is not declared',
    );
  });
});

test('the service does not start without its settings, and says which are missing but no value', async () => {
  const server = join(import.meta.dirname, '../../examples/netra/server.mjs');
  const env = { JWT_SECRET_KEY: 'of-no-use', DATABASE_POOL_SIZE: 'many' };
  const child = spawn(process.execPath, [server], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = text(child.stderr);
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(await said).toMatch(
    /not in the environment: POSTGRES_HOST, .*DATABASE_POOL_SIZE, DATABASE_MAX_OVERFLOW/,
  );
  expect(await said).not.toMatch(/of-no-use|many/);
});

it('is not pushed by a builder that installs nothing, and the folder says why', async () => {
  const pushed = pushFolder({
    directory: join(examplesDirectory, 'netra'),
    endpoint: 'http://127.0.0.1:1',
    token: '',
    name: 'slipway-local/apps/netra-backend',
    tag: 'v1',
  });
  await expect(pushed).rejects.toThrow(
    'package.json declares dependencies (ws); the embedded builder installs none: bundle them into the source',
  );
});

it('names the version of each package that the demo bundles', async () => {
  const read = async (path: string): Promise<{ dependencies: Record<string, string> }> =>
    JSON.parse(await readFile(join(examplesDirectory, path), 'utf8')) as never;
  const { dependencies } = await read('netra/package.json');
  expect((await read('../package.json')).dependencies).toMatchObject(dependencies);
});
