import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { parseDocument } from 'yaml';
import { readNetraInputs } from '#cli/commands/local/netra.ts';
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
    expect(before.app?.database?.timeout).toBe(30);
    expect(before.runtime.startupProbe?.failureThreshold).toBe(6);
    // Everything beside is as it is now.
    expect(before.runtime.secrets).toEqual(configOf().runtime.secrets);
  });

  it('say the database timeout to the rules as to the service', () => {
    for (const config of [configOf(), configOf(undefined, fileBefore)])
      expect(config.runtime.env['DATABASE_TIMEOUT_SECONDS']).toBe(
        JSON.stringify(config.app?.database?.timeout),
      );
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

  it('is a recommendation with what was measured, for each that failed', () => {
    const checks = judge();
    expect(adviceOf(checks, 'database-pool-usual-load')).toBe(
      'Raise app.database.pool from 12 to 15: the database has room for 21.',
    );
    const failed = checks.filter((check) => check.outcome === 'fail');
    const said = failed.map(({ recommendation }) => [
      recommendation?.rule,
      recommendation?.measured,
      recommendation?.limit,
    ]);
    expect(said).toEqual(failed.map(({ id, evidence }) => [id, evidence.observed, evidence.expected]));
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
      'Do not raise app.database.pool to 15: 11 instances, a candidate among them, share 347 connections. The safe maximum is 13',
    ],
    [
      380,
      'Do not raise app.database.pool: 11 instances, a candidate among them, share 317 connections, which is 28 each, and the safe maximum is 10',
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
    ['app.database.timeout', ['database-startup-timeout']],
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
