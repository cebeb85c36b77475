import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readNetraInputs } from '#cli/commands/local/netra.ts';
import { examplesDirectory } from '#cli/commands/local/service-files.ts';
import { parseJunit } from '#shared/checks/junit.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { openServer } from '#test/shared/google/cloud.ts';

const program = (name: string): string => join(examplesDirectory, 'netra', name);

/** The service with the settings of its file, on a port of its own. @returns its origin */
async function startService(): Promise<string> {
  const read = parseServiceFile((await readNetraInputs()).file, 'netra-backend.yaml');
  if (read.status === 'invalid') throw new Error(JSON.stringify(read.problems));
  const { env, secrets } = read.configs[0]!.runtime;
  const values = Object.fromEntries(Object.keys(secrets).map((name) => [name, 'a value']));
  const child = spawn(process.execPath, [program('server.mjs')], { env: { ...env, ...values, PORT: '0' } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return `http://127.0.0.1:${/port (\d+)/.exec(line.toString())?.[1]}`;
}

/** Runs the job once. @returns the names of its tests, and of those that failed */
async function runJob(origin: string, timeoutSeconds: string) {
  const cloud = await openServer(() => ({ body: '{"access_token":"t"}' }));
  const env = {
    SLIPWAY_URL: origin,
    SLIPWAY_RESULTS: 'gs://bucket/results.xml',
    GCE_METADATA_HOST: new URL(cloud.origin).host,
    STORAGE_EMULATOR_HOST: cloud.origin,
  };
  const job = spawn(process.execPath, [program('resilience.mjs'), timeoutSeconds], { env });
  onTestFinished(() => void job.kill('SIGKILL'));
  expect(await once(job, 'exit')).toEqual([0, null]);
  const results = parseJunit(cloud.requests.find(({ method }) => method === 'POST')?.body ?? '');
  if (results.status === 'broken') throw new Error(results.problem);
  const { cases } = results;
  return { count: cases.length, failed: cases.filter(({ outcome }) => outcome === 'fail') };
}

it('the tests of the database hold while others use it, and judge their own queries', async () => {
  const origin = await startService();
  const over = new AbortController();
  let asked = 0;
  async function useIt(): Promise<void> {
    while (!over.signal.aborted) {
      const answer = await fetch(`${origin}/query?milliseconds=20`);
      expect(answer.status).toBe(200);
      asked += 1;
    }
  }
  const others = Array.from({ length: 3 }, useIt);
  const { count, failed } = await runJob(origin, '90');
  over.abort();
  await Promise.all(others);
  expect(failed).toEqual([]);
  expect(count).toBe(10);
  expect(asked).toBeGreaterThan(10);
});

it('a service that is set to wait for another time than it should fails one of them', async () => {
  const { failed } = await runJob(await startService(), '30');
  expect(failed.map(({ name }) => name)).toEqual([
    'the pool is set to wait for a connection as long as it should',
  ]);
});
