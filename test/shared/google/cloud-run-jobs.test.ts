import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRun } from '#local/run/run.ts';
import { createJobs } from '#shared/google/cloud-run-jobs.ts';
import { createRest, type Rest } from '#shared/google/rest.ts';
import type { RawJson } from '#shared/ports/cloud-run.ts';
import { createImages, repository, temporaryDirectory } from '#test/local/run/support.ts';
import { fixedTokens, openCloud, openServer } from './cloud.ts';

const ref = { project: 'slipway-local', region: 'us-central1', name: 'migrate' };
const parent = 'projects/slipway-local/locations/us-central1';
const name = `${parent}/jobs/migrate`;
/** The image's version, what it was given, and the exit code it was asked for. */
const script =
  'const { VERSION, SLIPWAY_DEPLOYMENT, LEVEL, CODE } = process.env; console.log(JSON.stringify([VERSION, SLIPWAY_DEPLOYMENT, LEVEL, ...process.argv.slice(1)])); if (CODE === "hang") setInterval(() => {}, 1000); else process.exit(Number(CODE ?? 0))';

/** A local Cloud Run with one job; `through` may stand between it and the adapter. */
async function openJobs(through: (rest: Rest) => Rest = (rest) => rest) {
  const cloud = await openCloud();
  const service = await createRun({
    ...cloud,
    images: createImages(),
    directory: temporaryDirectory(),
    secretValue: () => undefined,
    propagationMs: 1,
    stopGraceMs: 500,
  });
  onTestFinished(() => service.stop());
  const endpoint = await cloud.listen(service.routes);
  const jobs = createJobs({ endpoint, rest: through(cloud.rest) });
  const send = async (method: string, path: string, body?: object): Promise<RawJson> => {
    const url = `${endpoint}/v2/${path}`;
    const answer = await cloud.rest.call({ url, method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return JSON.parse(answer.body.toString()) as RawJson;
  };
  const container = { image: `${repository}:v1`, command: ['node', '-e', script, '--'], args: ['usual'] };
  const task = { maxRetries: 0, containers: [{ ...container, env: [{ name: 'LEVEL', value: '1' }] }] };
  await send('POST', `${parent}/jobs?jobId=migrate`, { template: { template: task } });
  const ended = (execution: string) =>
    vi.waitFor(
      async () => {
        const state = await jobs.execution(execution);
        expect(state.status).not.toBe('running');
        return state;
      },
      { timeout: 8000, interval: 20 },
    );
  const told = (execution: string) => service.executionLogs(execution.split('/').at(-1) ?? '')[0]?.text;
  const listed = async () => ((await send('GET', `${name}/executions`))['executions'] ?? []) as RawJson[];
  return { jobs, send, ended, told, listed };
}

describe('a job', () => {
  it('is looked up with its account and its containers', async () => {
    const { jobs, send } = await openJobs();
    expect(await jobs.get(ref)).toEqual({
      serviceAccount: '424242424242-compute@developer.gserviceaccount.com',
      containers: 1,
    });
    const serviceAccount = 'tester@slipway-local.iam.gserviceaccount.com';
    const task = { serviceAccount, containers: [{ image: `${repository}:v1` }] };
    await send('POST', `${parent}/jobs?jobId=e2e`, { template: { template: task } });
    expect(await jobs.get({ ...ref, name: 'e2e' })).toEqual({ serviceAccount, containers: 1 });
    expect(await jobs.get({ ...ref, name: 'nowhere' })).toBeUndefined();
  });

  it('runs as it stands, and its execution is told as succeeded', async () => {
    const { jobs, ended, told } = await openJobs();
    const execution = await jobs.run(ref, { key: 'd1' });
    expect(execution).toMatch(/\/jobs\/migrate\/executions\/migrate-\w{5}$/);
    expect(await ended(execution)).toEqual({
      status: 'succeeded',
      seconds: expect.any(Number) as number,
      endedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      logUri: expect.stringContaining('https://console.cloud.google.com/logs/') as string,
    });
    expect(JSON.parse(told(execution) ?? '')).toEqual(['v1', 'd1', '1', 'usual']);
  });

  it('runs another image with other arguments and variables, and keeps what else it is', async () => {
    const { jobs, send, ended, told } = await openJobs();
    const before = await send('GET', name);
    const image = `${repository}:v2`;
    const execution = await jobs.run(ref, { key: 'd1', image, args: ['--to', '7'], env: { LEVEL: '2' } });
    expect((await ended(execution)).status).toBe('succeeded');
    expect(JSON.parse(told(execution) ?? '')).toEqual(['v2', 'd1', '2', '--to', '7']);
    const after = JSON.stringify((await send('GET', name))['template']);
    expect(after).toBe(JSON.stringify(before['template']).replace(':v1', ':v2'));
    // The next one finds the image there, and changes nothing.
    const etag = (await send('GET', name))['etag'];
    await ended(await jobs.run(ref, { key: 'd2', image, args: [] }));
    expect((await send('GET', name))['etag']).toBe(etag);
  });

  it('whose task fails says why', async () => {
    const { jobs, ended } = await openJobs();
    const execution = await jobs.run(ref, { key: 'd1', env: { CODE: '3' } });
    expect(await ended(execution)).toMatchObject({
      status: 'failed',
      reason: 'NON_ZERO_EXIT_CODE',
      message: expect.stringMatching(/-task0 failed with message: The container exited/) as string,
      logUri: expect.any(String) as string,
    });
  });

  it('is run once per key, whatever became of the execution', async () => {
    const { jobs, ended, listed } = await openJobs();
    expect(await jobs.find(ref, 'd1')).toBeUndefined();
    const first = await jobs.run(ref, { key: 'd1', env: { CODE: '3' } });
    await ended(first);
    const other = await jobs.run(ref, { key: 'd1.after' });
    expect(other).not.toBe(first);
    expect(await jobs.run(ref, { key: 'd1', env: { CODE: '3' } })).toBe(first);
    expect(await jobs.find(ref, 'd1.after')).toBe(other);
    expect(await listed()).toHaveLength(2);
  });

  it('is not run again when the answer of the first run was lost', async () => {
    let lose = true;
    const { jobs, ended, listed } = await openJobs((rest) => ({
      ...rest,
      async json(schema, request) {
        const answer = await rest.json(schema, request);
        if (lose && request.url.endsWith(':run')) {
          lose = false;
          throw new Error('connection lost');
        }
        return answer;
      },
    }));
    await expect(jobs.run(ref, { key: 'd1' })).rejects.toThrow('connection lost');
    const execution = await jobs.run(ref, { key: 'd1' });
    expect((await ended(execution)).status).toBe('succeeded');
    expect(await listed()).toHaveLength(1);
  });

  it('that does not take the image is not run', async () => {
    const { jobs, listed } = await openJobs();
    await expect(jobs.run(ref, { key: 'd1', image: `${repository}:missing` })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/^job migrate does not take .*:missing' not found/) as string,
    });
    expect(await listed()).toEqual([]);
  });

  it('changed by somebody else between image and run is a conflict, and not run', async () => {
    const { jobs, send, listed } = await openJobs((rest) => ({
      ...rest,
      async json(schema, request) {
        if (request.url.endsWith(':run')) {
          const job = await send('GET', name);
          await send('PATCH', name, { ...job, labels: { by: 'somebody' } });
        }
        return rest.json(schema, request);
      },
    }));
    const running = jobs.run(ref, { key: 'd1', image: `${repository}:v2` });
    await expect(running).rejects.toMatchObject({ name: 'Fault', code: 'conflict', retryable: true });
    expect(await listed()).toEqual([]);
  });

  it('can be cancelled while it runs, and cancelling it again changes nothing', async () => {
    const { jobs, ended } = await openJobs();
    const execution = await jobs.run(ref, { key: 'd1', env: { CODE: 'hang' } });
    expect(await jobs.execution(execution)).toEqual({ status: 'running' });
    await jobs.cancel(execution);
    const state = await ended(execution);
    expect(state).toMatchObject({ status: 'failed', reason: 'CANCELLED' });
    await jobs.cancel(execution);
    expect(await jobs.execution(execution)).toEqual(state);
  });

  it('that is unknown is not-found, so is its execution', async () => {
    const { jobs } = await openJobs();
    const unknown = { name: 'Fault', code: 'not-found' };
    await expect(jobs.run({ ...ref, name: 'other' }, { key: 'd1' })).rejects.toMatchObject(unknown);
    await expect(jobs.execution(`${name}/executions/migrate-abcde`)).rejects.toMatchObject(unknown);
    await expect(jobs.cancel(`${name}/executions/migrate-abcde`)).rejects.toMatchObject(unknown);
  });
});

describe('an answer of Cloud Run', () => {
  const answering = async (answers: Record<string, object>) => {
    const { origin, requests } = await openServer(({ method, url }) => ({
      body: JSON.stringify(answers[`${method} ${url.replace(/\?.*$|^.*(?=:wait$|:run$)/g, '')}`] ?? {}),
    }));
    const jobs = createJobs({ endpoint: origin, rest: createRest({ tokens: fixedTokens }) });
    return { jobs, requests };
  };
  const one = { name: `${name}/executions/e`, createTime: '2026-01-01T00:00:00Z' };
  const failed = { type: 'Completed', state: 'CONDITION_FAILED', message: 'no' };

  it.each([
    ['without conditions means running', {}, { status: 'running' }],
    [
      'that reconciles means running',
      { conditions: [{ ...failed, state: 'CONDITION_RECONCILING' }] },
      { status: 'running' },
    ],
    [
      'with times, but not completed, means running',
      { completionTime: '2026-01-01T00:00:05Z', failedCount: 1 },
      { status: 'running' },
    ],
    [
      'that failed before any task gives the common reason',
      { conditions: [{ ...failed, reason: 'CONTAINER_MISSING' }] },
      { status: 'failed', reason: 'CONTAINER_MISSING', message: 'no' },
    ],
    [
      'without a reason is told so',
      { conditions: [failed] },
      { status: 'failed', reason: 'UNKNOWN', message: 'no' },
    ],
    [
      'takes as long as its tasks did',
      {
        startTime: '2026-01-01T00:00:02Z',
        completionTime: '2026-01-01T00:00:05.5Z',
        conditions: [{ ...failed, state: 'CONDITION_SUCCEEDED' }],
      },
      { status: 'succeeded', seconds: 3.5, endedAt: '2026-01-01T00:00:05.500Z' },
    ],
  ])('%s', async (_, execution, expected) => {
    const { jobs } = await answering({ [`GET /v2/${one.name}`]: { ...one, ...execution } });
    expect(await jobs.execution(one.name)).toEqual(expected);
  });

  it('with two executions of one key means the older one', async () => {
    const template = { containers: [{ env: [{ name: 'SLIPWAY_DEPLOYMENT', value: 'd1' }] }] };
    const executions = ['new', 'old'].map((id) => ({ ...one, name: `${name}/executions/${id}`, template }));
    const { jobs } = await answering({ [`GET /v2/${name}/executions`]: { executions } });
    expect(await jobs.find(ref, 'd1')).toBe(`${name}/executions/old`);
  });

  it('that shows an execution token and unknown fields is sent back without the one and with the others', async () => {
    const task = { containers: [{ image: 'a', novelty: 1 }], novelty: 2 };
    const job = {
      etag: 'e1',
      runExecutionToken: 't',
      startExecutionToken: 't',
      novelty: 3,
      template: { template: task },
    };
    const { jobs, requests } = await answering({
      [`GET /v2/${name}`]: job,
      [`PATCH /v2/${name}`]: { name: 'o' },
      'POST :wait': { name: 'o', done: true, response: { etag: 'e2' } },
      'POST :run': { metadata: { name: one.name } },
    });
    expect(await jobs.run(ref, { key: 'd1', image: 'b', args: [] })).toBe(one.name);
    const sent = (method: string, end: string) =>
      JSON.parse(
        requests.find((one) => one.method === method && one.url.endsWith(end))?.body ?? '',
      ) as object;
    expect(sent('PATCH', '/migrate')).toEqual({
      etag: 'e1',
      novelty: 3,
      template: { template: { containers: [{ image: 'b', novelty: 1 }], novelty: 2 } },
    });
    const env = [{ name: 'SLIPWAY_DEPLOYMENT', value: 'd1' }];
    expect(sent('POST', ':run')).toEqual({
      etag: 'e2',
      overrides: { containerOverrides: [{ clearArgs: true, env }] },
    });
  });

  it.each([
    ['a change that is not done in time is a timeout', [{}], { name: 'o' }, 'timeout'],
    ['a job of two containers is unsupported', [{}, {}], {}, 'unsupported'],
  ])('%s', async (_, containers, operation, code) => {
    const { jobs } = await answering({
      [`GET /v2/${name}`]: { etag: 'e1', template: { template: { containers } } },
      [`PATCH /v2/${name}`]: { name: 'o' },
      'POST :wait': operation,
    });
    await expect(jobs.run(ref, { key: 'd1', image: 'b' })).rejects.toMatchObject({ name: 'Fault', code });
  });
});
