import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  account,
  numbered,
  startServer,
  until,
  waits,
  type TestServer,
} from '#test/local/executions/server.ts';

const found = spawnSync('gcloud', ['--version'], { encoding: 'utf8' });
const missing = found.status === 0 ? undefined : 'there is no gcloud here: its commands are not tried';
// oxlint-disable-next-line no-console -- a skipped test says why
if (missing !== undefined) console.log(missing);

let at: TestServer;
let directory = '';

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Google's own command line against the local services; each call takes about a second. */
function gcloud(...words: string[]): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    CLOUDSDK_CONFIG: join(directory, 'config'),
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(directory, 'token'),
    CLOUDSDK_CORE_PROJECT: 'slipway-local',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
    CLOUDSDK_WORKFLOWS_LOCATION: 'us-central1',
    // The slash at the end is needed.
    CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWS: `${at.server.origin}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS: `${at.server.origin}/`,
  };
  return new Promise((resolve) => {
    execFile('gcloud', ['workflows', ...words], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}

/** What a command that succeeds prints as JSON. */
async function answer<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await gcloud(...words, '--format=json');
  if (code !== 0) throw new Error(`gcloud workflows ${words.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

beforeAll(async () => {
  at = await startServer();
  directory = await mkdtemp(join(tmpdir(), 'slipway-gcloud-'));
  await writeFile(join(directory, 'token'), at.identity.accessToken(account));
});
afterAll(async () => {
  await at.stop();
  await rm(directory, { recursive: true, force: true });
});

describe.skipIf(missing !== undefined)('gcloud workflows', () => {
  it('deploys, describes and deploys again', async () => {
    const source = await file('w.yaml', 'main: {params: [args], steps: [{a: {return: "${args.n + 1}"}}]}');
    const flags = [
      '--call-log-level=log-errors-only',
      '--execution-history-level=execution-history-detailed',
      '--labels=team=x',
      '--set-env-vars=A=b',
    ];
    const first = await answer('deploy', 'w', `--source=${source}`, ...flags);
    expect(first).toMatchObject({
      revisionId: expect.stringMatching(/^000001-/),
      state: 'ACTIVE',
      callLogLevel: 'LOG_ERRORS_ONLY',
      executionHistoryLevel: 'EXECUTION_HISTORY_DETAILED',
      labels: { team: 'x' },
      userEnvVars: { A: 'b' },
    });
    const again = ['--description=again', '--update-env-vars=C=d'];
    await answer('deploy', 'w', `--source=${source}`, ...again);
    expect(await answer('describe', 'w')).toMatchObject({
      description: 'again',
      userEnvVars: { A: 'b', C: 'd' },
      revisionId: expect.stringMatching(/^000002-/),
    });
  });

  it('is told what is wrong with a source', async () => {
    const source = await file('bad.yaml', '- a: {return: "${x}"}');
    const { code, stderr } = await gcloud('deploy', 'bad', `--source=${source}`);
    expect(code).toBe(1);
    expect(stderr).toContain('failed to build: error in step a');
    expect(stderr).toContain("symbol 'x' is neither a variable nor a sub-workflow name");
  });

  it('runs, and says what came of it', async () => {
    expect(await answer('run', 'w', '--data={"n": 1}')).toMatchObject({ state: 'SUCCEEDED', result: '2' });
    expect(await answer('executions', 'describe-last')).toMatchObject({ state: 'SUCCEEDED', result: '2' });
    const levels = ['--call-log-level=log-all-calls', '--execution-history-level=execution-history-basic'];
    expect(await answer('run', 'w', '--data={"n": 2}', ...levels)).toMatchObject({
      result: '3',
      callLogLevel: 'LOG_ALL_CALLS',
      executionHistoryLevel: 'EXECUTION_HISTORY_BASIC',
    });
    expect(await answer('run', 'w', '--data={}')).toMatchObject({
      state: 'FAILED',
      error: { payload: expect.stringContaining('KeyError') },
    });
  });

  it('executes, waits, lists, cancels and describes', async () => {
    const source = await file('waits.yaml', waits);
    await answer('deploy', 'waits', `--source=${source}`);
    const executed = await answer<{ name: string; state: string }>('execute', 'waits', '--data=1');
    expect(executed.state).toBe('ACTIVE');
    const url = await until(() => at.logs[0]);
    const waiting = answer('executions', 'wait-last');
    expect((await at.call('POST', url, { n: 1 })).status).toBe(200);
    expect(await waiting).toMatchObject({ state: 'SUCCEEDED', result: '{"n":1}' });

    const second = await answer<{ name: string }>('execute', 'waits');
    const id = second.name.split('/').at(-1) ?? '';
    await answer('executions', 'cancel', id, '--workflow=waits');
    expect(await answer('executions', 'describe', id, '--workflow=waits')).toMatchObject({
      name: `${numbered}/waits/executions/${id}`,
      state: 'CANCELLED',
    });
    const list = await answer<{ name: string; state: string }[]>('executions', 'list', 'waits');
    expect(list.map(({ state }) => state)).toEqual(['CANCELLED', 'SUCCEEDED']);
    expect(await answer('executions', 'wait', id, '--workflow=waits')).toMatchObject({ state: 'CANCELLED' });
  });

  it('lists what is deployed, and deletes it', async () => {
    const source = await file('gone.yaml', '- a: {return: 1}');
    await answer('deploy', 'gone', `--source=${source}`);
    const names = async () =>
      (await answer<{ name: string }[]>('list')).map(({ name }) => name.split('/').at(-1));
    expect(await names()).toContain('gone');
    await answer('delete', 'gone', '--quiet');
    expect(await names()).not.toContain('gone');
    expect((await gcloud('describe', 'gone')).stderr).toContain('NOT_FOUND');
    expect((await gcloud('execute', 'gone')).stderr).toContain('NOT_FOUND');
  });
});
