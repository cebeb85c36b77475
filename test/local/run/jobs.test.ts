import { ExecutionsClient, JobsClient } from '@google-cloud/run';
import { OAuth2Client } from 'google-auth-library';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Execution, Job } from '#local/run/job-messages.ts';
import { caller, parent, repository, startCloud, temporaryDirectory, type Cloud } from './support.ts';

const jobs = `${parent}/jobs`;
const migrate = `${jobs}/migrate`;

/** Tells what it was given. */
const tell =
  "const { env, argv } = process; console.log(JSON.stringify({ env, args: argv.slice(1).filter((one) => one !== '--') }))";
const hang = "console.log('pid', process.pid); setInterval(() => {}, 1000)";
const attempt = "console.log('attempt', process.env.CLOUD_RUN_TASK_ATTEMPT);";

/** A job of image v1 whose tasks run `script`. */
const jobOf = (script: string, task: object = {}, template: object = {}, container: object = {}) => ({
  template: {
    template: {
      maxRetries: 0,
      containers: [{ image: `${repository}:v1`, command: ['node', '-e', script, '--'], ...container }],
      ...task,
    },
    ...template,
  },
});

interface Answer<Resource> {
  name: string;
  done: boolean;
  error?: { code: number; message: string };
  metadata: Resource;
  response: Resource;
}

function via(cloud: Cloud) {
  const ask = async (method: string, path: string, body?: object) => {
    const { status, json } = await cloud.api(method, path, body);
    return { status, json: json as unknown };
  };
  const settle = async <T>(method: string, path: string, body?: object) =>
    (await cloud.settle(method, path, body)) as unknown as Answer<T>;
  return {
    ask,
    create: (job: object) => settle<Job>('POST', `${jobs}?jobId=migrate`, job),
    update: (job: object) => settle<Job>('PATCH', migrate, job),
    run: (body: object = {}) => settle<Execution>('POST', `${migrate}:run`, body),
    /** Runs without waiting. */
    start: async (body: object = {}) =>
      (await ask('POST', `${migrate}:run`, body)).json as Answer<Execution & { name: string }>,
    settled: async <T>(operation: string) => (await ask('POST', `${operation}:wait`, {})).json as Answer<T>,
    get: async <T>(path: string) => (await ask('GET', path)).json as T,
    lines: (execution: Execution) =>
      cloud.run.executionLogs((execution.name ?? '').split('/').at(-1) ?? '').map(({ text }) => text),
  };
}

const completed = ({ conditions = [] }: Execution) => conditions.find(({ type }) => type === 'Completed');

async function pidOf(cloud: Cloud, execution: Execution): Promise<number> {
  await expect.poll(() => via(cloud).lines(execution)[0], { timeout: 5000 }).toMatch(/^pid/);
  return Number(via(cloud).lines(execution)[0]?.slice(4));
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('tasks find the rest of the cloud as the account the job names, or else as the default one', async () => {
  const cloud = await startCloud({ surroundings: async (account) => ({ ACCOUNT: account }) });
  const job = (task: object) => jobOf('console.log(process.env.ACCOUNT)', task);
  const { create, update, run, lines } = via(cloud);
  await create(job({ serviceAccount: 'tests@slipway-local.iam.gserviceaccount.com' }));
  expect(lines((await run()).response)[0]).toBe('tests@slipway-local.iam.gserviceaccount.com');
  await update(job({}));
  expect(lines((await run()).response)[0]).toMatch(/^\d+-compute@developer\.gserviceaccount\.com$/);
});

test('the official client creates a job, runs it with overrides and reads its execution', async () => {
  const cloud = await startCloud({ secretValue: (name, version) => `${name}@${version}` });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: cloud.identity.accessToken(caller) });
  const where = { apiEndpoint: '127.0.0.1', port: cloud.port, projectId: 'slipway-local', authClient };
  const options = { ...where, fallback: true, protocol: 'http' };
  const client = new JobsClient(options);
  const env = [
    { name: 'LEVEL', value: '1' },
    { name: 'KEPT', value: 'yes' },
    { name: 'PASSWORD', valueSource: { secretKeyRef: { secret: 'db', version: '3' } } },
  ];
  const container = {
    image: `${repository}:v1`,
    command: ['node', '-e', tell, '--'],
    args: ['plain'],
    env,
  };
  const job = { template: { template: { containers: [container] } } };
  const [creation] = await client.createJob({ parent, jobId: 'migrate', job });
  await creation.promise();
  const [created] = await client.getJob({ name: migrate });
  expect(created).toMatchObject({
    name: migrate,
    creator: caller,
    terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
    template: { taskCount: 1, template: { maxRetries: 3 } },
  });

  const [operation] = await client.runJob({
    name: migrate,
    etag: created.etag!,
    overrides: {
      containerOverrides: [{ args: ['--to', '42'], env: [{ name: 'LEVEL', value: '2' }] }],
      timeout: { seconds: 20 },
    },
  });
  expect(operation.metadata).toMatchObject({ name: expect.stringMatching(/\/executions\/migrate-\w{5}$/) });
  const [ran] = await operation.promise();
  const [read] = await new ExecutionsClient(options).getExecution({ name: ran.name! });
  expect(read).toMatchObject({
    taskCount: 1,
    succeededCount: 1,
    failedCount: 0,
    runningCount: 0,
    retriedCount: 0,
    conditions: [{ type: 'Completed', state: 'CONDITION_SUCCEEDED' }],
    logUri: expect.stringContaining('https://console.cloud.google.com/logs/'),
  });
  expect(Number(read.template?.timeout?.seconds)).toBe(20);
  expect(Number(read.completionTime?.seconds)).toBeGreaterThan(1.7e9);
  const execution = ran.name!.split('/').at(-1)!;
  const [told, end] = cloud.run.executionLogs(execution);
  const seen = JSON.parse(told!.text) as { env: object; args: string[] };
  expect(seen.args).toEqual(['--to', '42']);
  expect(seen.env).toEqual({
    VERSION: 'v1',
    LEVEL: '2',
    KEPT: 'yes',
    PASSWORD: 'db@3',
    CLOUD_RUN_JOB: 'migrate',
    CLOUD_RUN_EXECUTION: execution,
    CLOUD_RUN_TASK_INDEX: '0',
    CLOUD_RUN_TASK_ATTEMPT: '0',
    CLOUD_RUN_TASK_COUNT: '1',
  });
  expect(end).toMatchObject({ stream: 'system', text: 'Container called exit(0).' });

  const [again] = await client.getJob({ name: migrate });
  expect(again).toMatchObject({
    etag: created.etag,
    executionCount: 1,
    latestCreatedExecution: { name: ran.name, completionStatus: 'EXECUTION_SUCCEEDED' },
  });
  expect(cloud.errors).toEqual([]);
});

test('a task that exits with an error is retried, then fails the execution and its operation', async () => {
  const cloud = await startCloud();
  const { create, run, get, lines } = via(cloud);
  await create(jobOf(`${attempt} process.exit(3)`, { maxRetries: 1 }));
  const { error, metadata } = await run();
  const id = metadata.name?.split('/').at(-1);
  const message = `Task ${id}-task0 failed with message: The container exited with an error.`;
  expect(error).toEqual({ code: 9, message });
  const execution = await get<Execution>(metadata.name ?? '');
  expect(execution).toMatchObject({ failedCount: 1, retriedCount: 1, succeededCount: 0, reconciling: false });
  expect(completed(execution)).toMatchObject({
    state: 'CONDITION_FAILED',
    executionReason: 'NON_ZERO_EXIT_CODE',
    message,
  });
  const end = 'Container called exit(3).';
  expect(lines(execution)).toEqual(['attempt 0', end, 'attempt 1', end]);
  expect((await get<Job>(migrate)).latestCreatedExecution?.completionStatus).toBe('EXECUTION_FAILED');
});

test('a task that succeeds at its second attempt has succeeded, and is counted as retried', async () => {
  const cloud = await startCloud();
  const { create, run } = via(cloud);
  await create(jobOf('process.exit(process.env.CLOUD_RUN_TASK_ATTEMPT === "0" ? 1 : 0)', { maxRetries: 1 }));
  const { response } = await run();
  expect(response).toMatchObject({ succeededCount: 1, retriedCount: 1, failedCount: 0 });
});

test('every task has its index, and a task count of the run replaces that of the job', async () => {
  const cloud = await startCloud();
  const { create, run, lines } = via(cloud);
  const script = 'const { env } = process; console.log(env.CLOUD_RUN_TASK_INDEX, env.CLOUD_RUN_TASK_COUNT)';
  await create(jobOf(script, {}, { parallelism: 2, taskCount: 2 }));
  const { response } = await run({ overrides: { taskCount: 3 } });
  expect(response).toMatchObject({ taskCount: 3, parallelism: 2, succeededCount: 3 });
  expect(
    lines(response)
      .filter((line) => /^\d/.test(line))
      .sort(),
  ).toEqual(['0 3', '1 3', '2 3']);
});

test('a task that takes longer than its timeout is stopped and has failed', async () => {
  const cloud = await startCloud();
  const { create, run, get } = via(cloud);
  await create(jobOf(hang, { timeout: '0.4s' }));
  const { error, metadata } = await run();
  expect(error?.message).toMatch(/-task0 failed with message: The configured timeout was reached\.$/);
  const execution = await get<Execution>(metadata.name ?? '');
  expect(execution.failedCount).toBe(1);
  expect(completed(execution)).not.toHaveProperty('executionReason');
});

test('a task that failed for good cancels the others', async () => {
  const cloud = await startCloud();
  const { create, run, get } = via(cloud);
  const script = `process.env.CLOUD_RUN_TASK_INDEX === '0' ? process.exit(1) : ${hang.replace(/^.*; /, '')}`;
  await create(jobOf(script, {}, { taskCount: 2 }));
  const { metadata } = await run();
  const execution = await get<Execution>(metadata.name ?? '');
  expect(execution).toMatchObject({ failedCount: 1, cancelledCount: 1, runningCount: 0 });
  expect(completed(execution)?.executionReason).toBe('NON_ZERO_EXIT_CODE');
});

test('a cancelled execution ends its tasks, and its operation without an error', async () => {
  const cloud = await startCloud();
  const { create, start, settled, get, ask } = via(cloud);
  await create(jobOf(hang, { maxRetries: 3 }));
  const { name, metadata } = await start();
  const pid = await pidOf(cloud, metadata);
  expect(await get<Execution>(metadata.name)).toMatchObject({ runningCount: 1, reconciling: true });
  const { json } = await ask('POST', `${metadata.name}:cancel`, {});
  await settled((json as Answer<Execution>).name);
  expect(isRunning(pid)).toBe(false);
  const { done, error, response } = await settled<Execution>(name);
  expect({ done, error }).toEqual({ done: true, error: undefined });
  expect(response).toMatchObject({ cancelledCount: 1, failedCount: 0, retriedCount: 0, runningCount: 0 });
  expect(completed(response)).toMatchObject({ state: 'CONDITION_FAILED', executionReason: 'CANCELLED' });
  expect((await get<Job>(migrate)).latestCreatedExecution?.completionStatus).toBe('EXECUTION_CANCELLED');
  expect((await ask('POST', `${metadata.name}:cancel`, {})).status).toBe(400);
});

test('a missing image fails the job, and what is run all the same', async () => {
  const { create, run, get } = via(await startCloud());
  const { error } = await create(jobOf(tell, {}, {}, { image: `${repository}:missing` }));
  expect(error).toEqual({ code: 9, message: `Image '${repository}:missing' not found.` });
  expect((await get<Job>(migrate)).terminalCondition?.reason).toBe('CONTAINER_MISSING');
  const { conditions } = await get<Execution>((await run()).metadata.name ?? '');
  expect(conditions?.map(({ type, reason }) => [type, reason])).toEqual([
    ['Completed', 'CONTAINER_MISSING'],
    ['ContainerReady', 'CONTAINER_MISSING'],
  ]);
});

test('a missing secret fails the execution before any task starts', async () => {
  const cloud = await startCloud();
  const { create, run, get, lines } = via(cloud);
  const env = [{ name: 'PASSWORD', valueSource: { secretKeyRef: { secret: 'db', version: '3' } } }];
  await create(jobOf(tell, {}, {}, { env }));
  const execution = await get<Execution>((await run()).metadata.name ?? '');
  expect(completed(execution)?.reason).toBe('SECRETS_ACCESS_CHECK_FAILED');
  expect(lines(execution)).toEqual([]);
});

test('an update replaces the whole job under its etag', async () => {
  const { create, update, run, ask, get } = via(await startCloud());
  const { response } = await create({ ...jobOf(tell), labels: { team: 'a' } });
  const own = { ...response, '@type': undefined };
  const stale = { ...own, etag: '"stale"' };
  expect((await ask('PATCH', migrate, stale)).status).toBe(409);
  // What a client reads it may send back, whatever is in it that only Cloud Run writes.
  const { response: updated } = await update({ ...own, labels: { team: 'b' } });
  expect(updated).toMatchObject({ generation: '2', uid: response.uid, labels: { team: 'b' } });
  expect(updated.etag).not.toBe(response.etag);
  expect(updated.template).toEqual(response.template);
  const { response: replaced } = await update(jobOf(tell));
  expect(replaced).not.toHaveProperty('labels');
  expect((await ask('POST', `${migrate}:run`, { etag: updated.etag })).status).toBe(409);
  expect((await run({ etag: replaced.etag })).response.succeededCount).toBe(1);
  const dry = await ask('POST', `${migrate}:run`, { validateOnly: true });
  expect(dry.json).toMatchObject({ done: true });
  expect((await get<Job>(migrate)).executionCount).toBe(1);
});

const override = (one: object) => ({ overrides: { containerOverrides: [one] } });
const reserved = { name: 'CLOUD_RUN_JOB', value: 'a' };

test.each([
  ['an unknown field', 'PATCH', '', { ...jobOf(tell), retries: 3 }, 400, 'Unknown name "retries"'],
  ['a mask, which jobs do not have', 'PATCH', '?updateMask=template', jobOf(tell), 400, '"updateMask"'],
  ['no container', 'PATCH', '', { template: { template: {} } }, 400, 'at least one container'],
  ['two containers', 'PATCH', '', jobOf(tell, { containers: [{ image: 'a' }, {}] }), 501, 'one container'],
  ['no image', 'PATCH', '', jobOf(tell, { containers: [{}] }), 400, 'an image is required'],
  ['eleven retries', 'PATCH', '', jobOf(tell, { maxRetries: 11 }), 400, '11 must be 0 to 10'],
  ['more than a day', 'PATCH', '', jobOf(tell, { timeout: '86401s' }), 400, '"86401s" must be'],
  ['more at once than tasks', 'PATCH', '', jobOf(tell, {}, { parallelism: 2 }), 400, 'task_count (1)'],
  ['an execution token', 'PATCH', '', { ...jobOf(tell), startExecutionToken: 't' }, 501, 'execution token'],
  [
    'a reserved label',
    'PATCH',
    '',
    { ...jobOf(tell), labels: { 'run.googleapis.com/a': 'b' } },
    400,
    'reserved',
  ],
  ['an override of the image', 'POST', ':run', override({ image: 'a' }), 400, 'Unknown name "image"'],
  ['an override of no container', 'POST', ':run', override({ name: 'a' }), 400, 'no container "a"'],
  ['a reserved name in an override', 'POST', ':run', override({ env: [reserved] }), 400, 'CLOUD_RUN_JOB'],
  ['an unknown execution', 'GET', '/executions/migrate-abcde', undefined, 404, 'migrate-abcde'],
  ['an unknown job', 'POST', '2:run', {}, 404, 'migrate2'],
  ['a job that exists', 'POST', jobs + '?jobId=migrate', jobOf(tell), 409, 'already exists'],
  ['a bad id', 'POST', jobs + '?jobId=Migrate', jobOf(tell), 400, 'job_id "Migrate"'],
])('refuses %s', async (_, method, path, body, status, message) => {
  const { create, ask, get } = via(await startCloud());
  const { response } = await create(jobOf(tell));
  expect(await ask(method, path.startsWith(jobs) ? path : migrate + path, body)).toMatchObject({
    status,
    json: { error: { message: expect.stringContaining(message) as string } },
  });
  expect(await get<Job>(migrate)).toEqual({ ...response, '@type': undefined });
});

test('executions are listed newest first, and go with their job, also a running one', async () => {
  const cloud = await startCloud();
  const { create, run, start, settled, get, ask } = via(cloud);
  await create(jobOf(tell));
  const first = (await run()).response.name;
  const second = (await run()).response.name;
  const third = (await run()).response.name;
  const names = async (job: string) =>
    (await get<{ executions: Execution[] }>(`${jobs}/${job}/executions`)).executions.map(({ name }) => name);
  expect(await names('migrate')).toEqual([third, second, first]);
  await settled(((await ask('DELETE', second ?? '')).json as Answer<Execution>).name);
  expect(await names('-')).toEqual([third, first]);

  await via(cloud).update(jobOf(hang));
  const { name, metadata } = await start();
  const pid = await pidOf(cloud, metadata);
  const deletion = (await ask('DELETE', migrate)).json as Answer<Job>;
  expect((await settled<Job>(deletion.name)).response.deleteTime).toBeTruthy();
  expect(isRunning(pid)).toBe(false);
  expect((await settled(name)).error?.code).toBe(5);
  expect((await ask('GET', migrate)).status).toBe(404);
  expect((await ask('GET', metadata.name)).status).toBe(404);
  expect(await names('-')).toEqual([]);
  expect(cloud.errors).toEqual([]);
});

test('an execution cut off by a stop has failed after the restart, its processes are gone', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'store');
  const first = await startCloud({ file, directory });
  await via(first).create(jobOf(hang));
  const { name, metadata } = await via(first).start();
  const pid = await pidOf(first, metadata);
  await first.stop();
  expect(isRunning(pid)).toBe(false);
  expect(first.errors).toEqual([]);

  const { get, update, run } = via(await startCloud({ file, directory }));
  expect(await get(name)).toMatchObject({ done: true, error: { code: 10 } });
  const execution = await get<Execution>(metadata.name);
  expect(execution).toMatchObject({ failedCount: 1, runningCount: 0, reconciling: false });
  expect(completed(execution)).toMatchObject({
    state: 'CONDITION_FAILED',
    reason: 'INTERNAL',
    message: 'The local cloud was stopped before the execution had ended.',
  });
  await update(jobOf(tell));
  expect((await run()).response.succeededCount).toBe(1);
});
