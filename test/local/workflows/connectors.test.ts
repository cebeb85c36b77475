import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { start, type Run } from './harness.ts';

const urlOf = (target: string | URL | Request): string =>
  target instanceof Request ? target.url : target.toString();

type Answer = [status: number, body: unknown];

/** Calls a connector whose service gives these answers in turn; tells what was asked and how the run ended. */
async function call(
  name: string,
  args: Record<string, unknown>,
  answers: Answer[],
): Promise<{ asked: string[]; bodies: unknown[]; seconds: number; outcome: unknown; run: Run }> {
  const clock = createVirtualClock(0);
  const asked: string[] = [];
  const bodies: unknown[] = [];
  const source = [
    { c: { call: `googleapis.${name}`, args, result: 'answer' } },
    { r: { return: '${answer}' } },
  ];
  const run = start(JSON.stringify(source), {
    clock,
    host: {
      env: { GOOGLE_CLOUD_PROJECT_ID: 'p', GOOGLE_CLOUD_LOCATION: 'l' },
      connectorOrigin: (service) => `https://${service}.googleapis.com`,
      async fetch(url, init) {
        asked.push(`${init?.method} ${urlOf(url).replace('.googleapis.com', '')}`);
        if (init?.body) bodies.push(JSON.parse(await new Response(init.body).text()));
        const [status, body] = answers.shift() ?? [500, { error: 'asked too often' }];
        return body === undefined ? new Response(null, { status }) : Response.json(body, { status });
      },
    },
  });
  while (await clock.next());
  const ended = await run.outcome;
  const outcome: unknown = JSON.parse(ended.state === 'SUCCEEDED' ? ended.result : ended.error.payload);
  return { asked, bodies, seconds: clock.now() / 1000, outcome, run };
}

describe('a connector', () => {
  it.each<[string, Record<string, unknown>, string, unknown?]>([
    [
      'pubsub.v1.projects.topics.publish',
      { topic: 'projects/p/topics/t', body: { messages: [] } },
      'POST https://pubsub/v1/projects/p/topics/t:publish',
      { messages: [] },
    ],
    // Google's sample creates a topic without any body.
    [
      'pubsub.v1.projects.topics.create',
      { name: 'projects/p/topics/t' },
      'PUT https://pubsub/v1/projects/p/topics/t',
      {},
    ],
    [
      'pubsub.v1.projects.subscriptions.pull',
      { subscription: 'projects/p/subscriptions/s', body: { maxMessages: 1 } },
      'POST https://pubsub/v1/projects/p/subscriptions/s:pull',
      { maxMessages: 1 },
    ],
    [
      'run.v1.namespaces.services.get',
      { name: 'namespaces/p/services/s', location: 'us-central1' },
      'GET https://us-central1-run/apis/serving.knative.dev/v1/namespaces/p/services/s',
    ],
    [
      'run.v2.projects.locations.services.list',
      { parent: 'projects/p/locations/l', pageSize: 5, showDeleted: true },
      'GET https://run/v2/projects/p/locations/l/services?pageSize=5&showDeleted=true',
    ],
    [
      'run.v2.projects.locations.services.revisions.get',
      { name: 'projects/p/locations/l/services/s/revisions/r' },
      'GET https://run/v2/projects/p/locations/l/services/s/revisions/r',
    ],
    [
      'cloudbuild.v1.projects.builds.get',
      { projectId: 'p', id: 'b' },
      'GET https://cloudbuild/v1/projects/p/builds/b',
    ],
    [
      'workflowexecutions.v1.projects.locations.workflows.executions.cancel',
      { name: 'projects/p/locations/l/workflows/w/executions/e' },
      'POST https://workflowexecutions/v1/projects/p/locations/l/workflows/w/executions/e:cancel',
      {},
    ],
    [
      'secretmanager.v1.projects.secrets.versions.access',
      { name: 'projects/p/secrets/s/versions/1' },
      'GET https://secretmanager/v1/projects/p/secrets/s/versions/1:access',
    ],
    [
      'storage.v1.objects.get',
      { bucket: 'b', object: 'a folder/x.json', alt: 'media' },
      'GET https://storage/storage/v1/b/b/o/a%20folder%2Fx.json?alt=media',
    ],
    // Google's sample gives the query as a map.
    [
      'storage.v1.buckets.insert',
      { query: { project: 'p' }, body: {} },
      'POST https://storage/storage/v1/b?project=p',
      {},
    ],
    [
      'storage.v1.objects.insert',
      { bucket: 'b', name: 'x.json', body: { k: 1 } },
      'POST https://storage/upload/storage/v1/b/b/o?name=x.json&uploadType=media',
      { k: 1 },
    ],
  ])('%s asks its service', async (name, args, asked, body) => {
    const found = await call(name, args, [[200, { k: 1 }]]);
    expect(found.asked).toEqual([asked]);
    expect(found.bodies).toEqual(body === undefined ? [] : [body]);
    expect(found.outcome).toEqual({ k: 1 });
  });

  it('answers an empty map when the service answers nothing', async () => {
    const found = await call('storage.v1.buckets.delete', { bucket: 'b' }, [[204, undefined]]);
    expect(found.outcome).toEqual({});
  });

  it.each([
    ['retries 503 with backoff, each retry billed', 'topics.get', [503, 503, 200], 2.25, {}],
    ['retries a read on 502', 'topics.get', [502, 200], 1, {}],
    ['does not retry a write on 502, which may have taken effect', 'topics.delete', [502], 0, { code: 502 }],
    ['gives up after five retries', 'topics.get', [503, 503, 503, 503, 503, 503], 8.207, { code: 503 }],
  ])('%s', async (_name, method, statuses, seconds, outcome) => {
    const answers = statuses.map((status): Answer => [status, {}]);
    const found = await call(`pubsub.v1.projects.${method}`, { topic: 'projects/p/topics/t' }, answers);
    expect(found.outcome).toMatchObject(outcome);
    expect(found.asked).toHaveLength(statuses.length);
    expect(found.seconds).toBeCloseTo(seconds, 2);
    // The call, its retries and, when it succeeds, `return`.
    expect(found.run.billed.internal).toBe(statuses.length + ('code' in outcome ? 0 : 1));
  });
});

describe('a long-running operation', () => {
  const create = 'run.v2.projects.locations.jobs.run';
  const args = { name: 'projects/p/locations/l/jobs/j' };
  const pending: Answer = [200, { name: 'projects/p/locations/l/operations/o', done: false }];
  const done: Answer = [200, { name: 'projects/p/locations/l/operations/o', done: true, response: { k: 1 } }];

  it('is looked at after 1 s, then 1.25 times as long each, until it is done; each look is billed', async () => {
    const found = await call(create, args, [pending, pending, pending, done]);
    expect(found.outcome).toEqual(done[1]);
    expect(found.asked).toEqual([
      'POST https://run/v2/projects/p/locations/l/jobs/j:run',
      ...Array.from({ length: 3 }, () => 'GET https://run/v2/projects/p/locations/l/operations/o'),
    ]);
    expect(found.run.waits).toEqual([
      ['poll', 1],
      ['poll', 1.25],
      ['poll', 1.5625],
    ]);
    expect(found.run.billed.internal).toBe(2 + 3);
  });

  it('is not looked at when it is done at once, or with skip_polling', async () => {
    expect((await call(create, args, [done])).outcome).toEqual(done[1]);
    const skipped = await call(create, { ...args, connector_params: { skip_polling: true } }, [pending]);
    expect(skipped.outcome).toEqual(pending[1]);
  });

  it('follows the polling policy it is given, at most 60 s apart by itself', async () => {
    const polling_policy = { initial_delay: 10, multiplier: 3, max_delay: 40 };
    const policy = await call(create, { ...args, connector_params: { polling_policy } }, [
      pending,
      pending,
      pending,
      pending,
      done,
    ]);
    expect(policy.run.waits.map(([, seconds]) => seconds)).toEqual([10, 30, 40, 40]);
    const standard = await call(create, args, [...Array.from({ length: 25 }, () => pending), done]);
    expect(Math.max(...standard.run.waits.map(([, seconds]) => seconds))).toBe(60);
  });

  it('that fails is an OperationError', async () => {
    const failed = { name: 'o', done: true, error: { code: 5, message: 'no image' } };
    const found = await call(create, args, [pending, [200, failed]]);
    expect(found.outcome).toMatchObject({
      tags: ['OperationError'],
      message: '/v2/projects/p/locations/l/operations/o failed: no image',
      operation: failed,
      error: { code: 5, message: 'no image' },
    });
  });

  it('that takes longer than the timeout of the call is a TimeoutError', async () => {
    const found = await call(
      create,
      { ...args, connector_params: { timeout: 100 } },
      Array.from({ length: 99 }, () => pending),
    );
    expect(found.outcome).toMatchObject({
      tags: ['TimeoutError'],
      message: expect.stringContaining('within 100 seconds'),
    });
    expect(found.seconds).toBe(100);
  });

  it('of another form is a ResponseTypeError', async () => {
    expect((await call(create, args, [[200, { what: 1 }]])).outcome).toMatchObject({
      tags: ['ResponseTypeError'],
    });
  });

  it.each([
    [{ timeout: 0 }, "has a 'timeout' that is not a positive number"],
    [{ timeout: 31_536_001 }, "has a 'timeout' beyond 31536000 seconds"],
    [{ patience: 1 }, "has the unknown key 'patience'"],
    [{ skip_polling: 'yes' }, "a boolean as 'skip_polling'"],
  ])('refuses the parameters %j', async (connector_params, message) => {
    const found = await call(create, { ...args, connector_params }, []);
    expect(found.outcome).toMatchObject({ tags: ['ValueError'], message: expect.stringContaining(message) });
    expect(found.asked).toEqual([]);
  });

  const execution = {
    apiVersion: 'run.googleapis.com/v1',
    kind: 'Execution',
    metadata: { namespace: 'p', name: 'j-x1', generation: 1 },
  };
  const started: Answer = [200, execution];
  const completed = (status: string, message = ''): Answer => [
    200,
    { ...execution, status: { conditions: [{ type: 'Completed', status, message }] } },
  ];

  it.each([
    ['answers the execution when it succeeded', 'True', { metadata: { name: 'j-x1' } }],
    [
      'raises an OperationError when it failed',
      'False',
      { tags: ['OperationError'], message: expect.stringContaining('executions/j-x1 failed: exit 1') },
    ],
  ])('of a job by Cloud Run v1 %s', async (_name, status, outcome) => {
    const job = { name: 'namespaces/p/jobs/j', location: 'us-central1' };
    const found = await call('run.v1.namespaces.jobs.run', job, [
      started,
      completed('Unknown'),
      completed(status, 'exit 1'),
    ]);
    expect(found.outcome).toMatchObject(outcome);
    expect(found.asked.at(-1)).toBe(
      'GET https://us-central1-run/apis/run.googleapis.com/v1/namespaces/p/executions/j-x1',
    );
  });
});

describe('a helper', () => {
  const secrets = 'secretmanager.v1.projects.secrets';
  const data = (text: string): Answer => [200, { payload: { data: Buffer.from(text).toString('base64') } }];

  it.each<[Record<string, unknown>, string]>([
    [{ secret_id: 's' }, 'GET https://secretmanager/v1/projects/p/secrets/s/versions/latest:access'],
    [
      { secret_id: 's', version: 3, project_id: 'q' },
      'GET https://secretmanager/v1/projects/q/secrets/s/versions/3:access',
    ],
  ])('reads the text of a secret: %j', async (args, asked) => {
    const found = await call(`${secrets}.versions.accessString`, args, [data('hé')]);
    expect(found).toMatchObject({ asked: [asked], outcome: 'hé' });
  });

  it('reads a secret inside an expression, by position', async () => {
    const source = `- r: {return: "\${\\"<\\" + googleapis.${secrets}.versions.accessString(\\"s\\", \\"2\\", \\"q\\") + \\">\\"}"}`;
    const asked: string[] = [];
    const fetch = async (url: string | URL | Request): Promise<Response> => {
      asked.push(urlOf(url));
      return Response.json(data('x')[1]);
    };
    const run = start(source, {
      host: { fetch, connectorOrigin: () => 'https://h' },
    });
    expect(await run.outcome).toEqual({ state: 'SUCCEEDED', result: '"<x>"' });
    expect(asked).toEqual(['https://h/v1/projects/q/secrets/s/versions/2:access']);
  });

  it('adds the text of a secret', async () => {
    const found = await call(`${secrets}.addVersionString`, { secret_id: 's', data: 'hé' }, [
      [200, { name: 'v' }],
    ]);
    expect(found).toMatchObject({
      asked: ['POST https://secretmanager/v1/projects/p/secrets/s:addVersion'],
      bodies: [{ payload: { data: 'aMOp' } }],
    });
  });

  const run = 'workflowexecutions.v1.projects.locations.workflows.executions.run';
  const execution = (rest: object): Answer => [
    200,
    { name: 'projects/1/locations/l/workflows/w/executions/e', ...rest },
  ];

  it('runs another workflow and answers its decoded result', async () => {
    const found = await call(run, { workflow_id: 'w', argument: { n: 1 } }, [
      execution({ state: 'ACTIVE' }),
      execution({ state: 'ACTIVE' }),
      execution({ state: 'SUCCEEDED', result: '{"twice":2}' }),
    ]);
    expect(found.outcome).toEqual({ twice: 2 });
    expect(found.bodies).toEqual([{ argument: '{"n":1}' }]);
    expect(found.asked).toEqual([
      'POST https://workflowexecutions/v1/projects/p/locations/l/workflows/w/executions',
      ...Array.from(
        { length: 2 },
        () => 'GET https://workflowexecutions/v1/projects/1/locations/l/workflows/w/executions/e',
      ),
    ]);
  });

  it('raises when the other workflow fails, and answers null with skip_polling', async () => {
    const failed = await call(run, { workflow_id: 'w' }, [
      execution({ state: 'ACTIVE' }),
      execution({ state: 'FAILED' }),
    ]);
    expect(failed.outcome).toMatchObject({
      tags: ['OperationError'],
      message: expect.stringContaining('"FAILED"'),
    });
    const skipped = await call(run, { workflow_id: 'w', connector_params: { skip_polling: true } }, [
      execution({ state: 'ACTIVE' }),
    ]);
    expect(skipped.outcome).toBe(null);
  });
});
