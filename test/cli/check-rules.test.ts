import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rulesPage } from '#shared/config/rules/page.ts';
import { file } from '#test/shared/config/hello-file.ts';
import { runHere, type Finished } from './run-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-rules-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function check(texts: Record<string, string>, ...options: string[]): Promise<Finished> {
  const names = await Promise.all(
    Object.entries(texts).map(async ([name, text]) => {
      const path = join(directory, `${name}.yaml`);
      await writeFile(path, text.replace('service: hello', `service: ${name}`));
      return path;
    }),
  );
  const finished = await runHere(['check', ...names, ...options]);
  return { ...finished, stdout: finished.stdout.replaceAll(`${directory}/`, '') };
}

const shared = `runtime: { maxInstances: 5, cloudSql: ['my-project:us-central1:main'] }
app: { database: { pool: 12, connectionLimit: 100, usualConnections: 12, connectionsPerRequest: 0.1, startupConnections: 0, timeout: 30s } }`;

describe('slipway check', () => {
  it('gives recommendations with what is declared, the limit and the rule, and ends with 0', async () => {
    const { code, stdout } = await check({ hello: file('app: { shutdownTime: 30s, webSocket: {} }') });
    expect(code).toBe(0);
    expect(stdout).toBe(`✓ hello.yaml: hello in staging
  ! Declare runtime.livenessProbe with a path that answers without other services
    declared: no liveness probe; limit: a liveness probe; rule: liveness-missing
  ! Set runtime.minInstances to 1
    declared: minInstances: 0, with WebSockets; limit: at least 1; rule: websocket-min-instances
  ! Finish or hand on within 10 s of SIGTERM
    declared: it stops in 30 s; limit: at most 10 s; rule: shutdown-time
  – websocket-capacity was not judged: app.webSocket.connections is not declared
  – websocket-request-timeout was not judged: app.webSocket.longestConnection is not declared
  – websocket-idle-delays was not judged: app.webSocket.idleTimeout is not declared
`);
  });

  it('ends with 1 for recommendations when it is to be strict, not for what could not be judged', async () => {
    const advised = { hello: file('app: { shutdownTime: 30s }') };
    const unjudged = { hello: file('runtime: { livenessProbe: { path: /live } }') };
    expect((await check(advised, '--strict')).code).toBe(1);
    expect((await check(unjudged, '--strict')).code).toBe(0);
  });

  it('ends with 1 for what Cloud Run refuses, and says it first', async () => {
    const { code, stdout } = await check({
      hello: file('runtime: { memory: 8Gi }\napp: { shutdownTime: 30s }'),
    });
    expect(code).toBe(1);
    expect(stdout.split('\n')[1]).toMatch(/✗ Lower runtime.memory to 4096Mi, or raise runtime.cpu to 2/);
  });

  it('counts services whose files are given together at one database', async () => {
    const alone = await check({ hello: file(shared) });
    expect(alone.stdout).toBe('✓ hello.yaml: hello in staging\n');
    const together = await check({ hello: file(shared), auth: file(shared) });
    expect(together.code).toBe(0);
    expect(together.stdout).toMatch(
      /limit: at most 37 \(100 − 3 reserved − 60 auth\); rule: database-connection-budget/,
    );
    expect(together.stdout).toMatch(/limit: at most 37 \(100 − 3 reserved − 60 hello\)/);
  });

  it('reckons with no budget while a file that is given with it has problems', async () => {
    const { code, stdout } = await check({ hello: file(shared), auth: file('runtime: { memory: lots }') });
    expect(code).toBe(1);
    for (const rule of ['database-connection-budget', 'database-rollout-budget'])
      expect(stdout).toContain(
        `${rule} was not judged: the other services at my-project:us-central1:main are not known: there are problems in auth.yaml`,
      );
  });

  it('says once what is so in every environment, and where what is not', async () => {
    const { stdout } = await check({
      hello: `${file()}  production: { project: other-project, region: us-central1, app: { shutdownTime: 20s } }
app: { infrastructureDelay: 45s, webSocket: { idleTimeout: 32s, connections: 1, longestConnection: 1s } }
runtime: { minInstances: 1, livenessProbe: { path: /live } }`,
    });
    expect(stdout.match(/rule: websocket-idle-delays(.*)/g)).toEqual(['rule: websocket-idle-delays']);
    expect(stdout.match(/rule: shutdown-time(.*)/g)).toEqual(['rule: shutdown-time (production)']);
  });

  it('gives machines the checks of every environment, those that pass too', async () => {
    const { stdout } = await check({ hello: file('app: { shutdownTime: 8s }') }, '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        valid: true,
        rules: [
          {
            environment: 'staging',
            checks: [
              { id: 'cpu-memory', outcome: 'pass' },
              { id: 'shutdown-time', outcome: 'pass' },
            ],
          },
        ],
      },
    ]);
  });
});

describe('slipway check --explain', () => {
  it('says why a rule is there, where its limit is from, and shows examples', async () => {
    const { code, stdout } = await runHere(['check', '--explain', 'shutdown-time']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/kills an instance 10 s after SIGTERM/);
    expect(stdout).toMatch(/https:\/\/cloud\.google\.com\/run\/docs\/container-contract.*documentation/);
    expect(stdout).toMatch(/Fails:[^]*shutdownTime: 30s[^]*Passes:[^]*shutdownTime: 8s/);
  });

  it('without a name is the page of all rules', async () => {
    expect((await runHere(['check', '--explain'])).stdout).toBe(`${rulesPage()}\n`);
  });

  it('of a rule that is misspelt says which was meant', async () => {
    const { code, stderr } = await runHere(['check', '--explain', 'shutdwn-time']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no rule shutdwn-time\. Did you mean shutdown-time\?/);
  });

  it('is the only way to give no file', async () => {
    expect(await runHere(['check'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/service file/),
    });
  });
});
