import { ExecutionsClient } from '@google-cloud/workflows';
import { OAuth2Client } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '#shared/clock.ts';
import { createWorkflows } from '#local/executions/executions.ts';
import { serve, type LocalServer } from '#local/http.ts';
import { createIdentity, type Identity } from '#local/identity/identity.ts';
import { openStore, type Store } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const parent = 'projects/slipway-local/locations/us-central1/workflows';
const numbered = parent.replace('slipway-local', '424242424242');
const account = 'slipway-workflow@slipway-local.iam.gserviceaccount.com';

const waiting = `
main:
  params: [args]
  steps:
    - endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
    - show: {call: sys.log, args: {text: "\${callback.url}"}}
    - listen:
        try: {call: events.await_callback, args: {callback: "\${callback}", timeout: 60}, result: first}
        except: {as: e, steps: [{late: {return: "\${e.tags}"}}]}
    - again: {call: events.await_callback, args: {callback: "\${callback}", timeout: 60}, result: second}
    - end_of_it: {return: ["\${first.http_request.body}", "\${second.http_request.query}", "\${first.http_request.method}"]}
`;

/** Waits at a gate, so that a delivery to the other endpoint comes too early. */
const earlyDelivery = `
- endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
- show: {call: sys.log, args: {text: "\${callback.url}"}}
- gate: {call: events.create_callback_endpoint, args: {http_callback_method: PUT}, result: gate_callback}
- show_gate: {call: sys.log, args: {text: "\${gate_callback.url}"}}
- hold: {call: events.await_callback, args: {callback: "\${gate_callback}"}}
- listen: {call: events.await_callback, args: {callback: "\${callback}"}, result: first}
- finish: {return: "\${first.http_request.body}"}
`;

let store: Store;
let identity: Identity;
let server: LocalServer;
let service: ReturnType<typeof createWorkflows>;
let logs: string[];
let steps: string[];

async function open(clock: Clock = systemClock): Promise<void> {
  logs = [];
  steps = [];
  identity = await createIdentity({ store, clock, issuer: 'https://accounts.slipway.local' });
  service = createWorkflows({
    store,
    clock,
    identity,
    project: 'slipway-local',
    projectNumber: '424242424242',
    location: 'us-central1',
    serviceAccount: account,
    origin: () => server.origin,
    onLog: ({ data }) => logs.push(JSON.parse(data) as string),
    onStep: ({ step }) => steps.push(step),
  });
  server = await serve({ routes: service.routes, authenticate: (token) => identity.authenticate(token) });
}

async function close(): Promise<void> {
  await service.stop();
  await server.close();
}

beforeEach(async () => {
  store = openStore(':memory:');
  await open();
});
afterEach(async () => {
  await close();
  store.close();
});

/** The fields of all answers together; a test looks only at what its answer has. */
interface Json {
  name: string;
  state: string | number;
  result: string;
  error: unknown;
  nextPageToken: string;
  workflows: unknown[];
  callbacks: unknown[];
  executions: { name: string }[];
}

interface Answer {
  status: number;
  json: Json;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  token = identity.accessToken(account),
): Promise<Answer> {
  const response = await fetch(path.startsWith('http') ? path : `${server.origin}/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? ({} as Json) : (JSON.parse(text) as Json) };
}

const deploy = (id: string, sourceContents: string, more: object = {}): Promise<Answer> =>
  call('POST', `${parent}?workflowId=${id}`, { sourceContents, ...more });

async function run(workflow: string, body: object = {}): Promise<string> {
  const { status, json } = await call('POST', `${parent}/${workflow}/executions`, body);
  expect(status).toBe(200);
  return json.name;
}

async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const ended = (name: string): Promise<Json> =>
  until(async () => {
    const { json } = await call('GET', name);
    return json.state === 'ACTIVE' ? undefined : json;
  });

describe('workflows', () => {
  it('are created, read, listed, changed and deleted', async () => {
    const created = await deploy('w', '- a: {return: 1}', { labels: { team: 'x' } });
    expect(created.json).toMatchObject({
      name: expect.stringMatching(/^projects\/slipway-local\/locations\/us-central1\/operations\/workflow-/),
      done: true,
      metadata: { verb: 'create', target: `${parent}/w` },
      response: {
        name: `${parent}/w`,
        state: 'ACTIVE',
        revisionId: expect.stringMatching(/^000001-/),
        serviceAccount: account,
      },
    });
    expect((await call('GET', created.json.name)).json).toEqual(created.json);
    expect((await call('GET', `${numbered}/w`)).json).toMatchObject({
      name: `${parent}/w`,
      labels: { team: 'x' },
    });
    expect((await call('GET', parent)).json.workflows).toHaveLength(1);
    await call('PATCH', `${parent}/w?updateMask=source_contents`, { sourceContents: '- a: {return: 2}' });
    expect((await call('GET', `${parent}/w`)).json).toMatchObject({
      revisionId: expect.stringMatching(/^000002-/),
      labels: { team: 'x' },
    });
    expect(await ended(await run('w'))).toMatchObject({ result: '2' });
    expect((await call('DELETE', `${parent}/w`)).json).toMatchObject({ done: true });
    expect((await call('GET', `${parent}/w`)).status).toBe(404);
  });

  it('that do not build are refused with every problem', async () => {
    const { status, json } = await deploy('w', '- a: {return: "${x}"}\n- b: {next: c}');
    expect(status).toBe(400);
    expect(json.error).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^failed to build: .*step a.*\n.*step b/),
    });
    expect((await call('GET', `${parent}/w`)).status).toBe(404);
  });

  it.each([
    ['a taken id', 'taken', {}, 409],
    ['a bad id', 'Not-Good', {}, 400],
    ['an unknown field', 'w', { colour: 'red' }, 400],
    ['a reserved variable', 'w', { userEnvVars: { GOOGLE_X: '1' } }, 400],
  ])('are refused for %s', async (_name, id, more, status) => {
    await deploy('taken', '- a: {return: 1}');
    expect((await deploy(id, '- a: {return: 1}', more)).status).toBe(status);
  });
});

describe('executions', () => {
  it('run with argument, environment and labels, and say what they cost', async () => {
    const source = `main:
  params: [args]
  steps:
    - r:
        return:
          - \${args.n + 1}
          - \${sys.get_env("GOOGLE_CLOUD_PROJECT_ID") + sys.get_env("GOOGLE_CLOUD_PROJECT_NUMBER") + sys.get_env("GOOGLE_CLOUD_LOCATION")}
          - \${sys.get_env("GOOGLE_CLOUD_WORKFLOW_ID") + sys.get_env("OWN")}
          - \${sys.get_env("GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME")}
          - \${sys.get_env("GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID")}
`;
    await deploy('w', source, { labels: { a: '1', b: '1' }, userEnvVars: { OWN: '!' } });
    const execution = await ended(await run('w', { argument: '{"n": 1}', labels: { b: '2' } }));
    const id = execution.name.split('/').at(-1);
    expect(JSON.parse(execution.result)).toEqual([
      2,
      'slipway-local424242424242us-central1',
      'w!',
      account,
      id,
    ]);
    expect(execution).toMatchObject({
      name: `${numbered}/w/executions/${id}`,
      state: 'SUCCEEDED',
      argument: '{"n": 1}',
      labels: { a: '1', b: '2' },
      status: { currentSteps: [{ routine: 'main', step: 'r' }] },
      localBilledSteps: { internal: 1, external: 0 },
    });
  });

  it('fail with payload, context and stack trace', async () => {
    await deploy('w', '- a: {raise: {code: 3}}');
    expect(await ended(await run('w'))).toMatchObject({
      state: 'FAILED',
      error: {
        payload: '{"code":3}',
        context: '{"code":3}\nin step "a", routine "main", line: 1',
        stackTrace: { elements: [{ step: 'a', routine: 'main', position: { line: '1', column: '3' } }] },
      },
    });
  });

  it('are found by label and state, newest first, BASIC without labels', async () => {
    await deploy('w', waiting);
    const first = await run('w', { labels: { deployment: 'd1' } });
    const second = await run('w', { labels: { deployment: 'd1' } });
    await run('w', { labels: { deployment: 'd2' } });
    await call('POST', `${first}:cancel`);
    const list = async (query: Record<string, string>) =>
      (await call('GET', `${parent}/w/executions?${new URLSearchParams(query).toString()}`)).json;
    const names = async (filter: string) => (await list({ filter })).executions.map(({ name }) => name);
    expect(await names('labels.deployment="d1"')).toEqual([second, first]);
    expect(await names('labels.deployment="d1" AND state="ACTIVE"')).toEqual([second]);
    expect(await names('labels.deployment="d3"')).toEqual([]);
    expect((await list({ pageSize: '2' })).executions[0]).not.toHaveProperty('labels');
    expect((await list({ view: 'FULL' })).executions[0]).toHaveProperty('labels', { deployment: 'd2' });
    const { nextPageToken } = await list({ pageSize: '2' });
    expect((await list({ pageSize: '2', pageToken: nextPageToken })).executions).toHaveLength(1);
    expect((await call('GET', `${parent}/w/executions?filter=duration>"1s"`)).status).toBe(501);
  });

  it('end at once when cancelled, and only once', async () => {
    await deploy(
      'w',
      '- t:\n    try: {call: sys.sleep, args: {seconds: 1000}}\n    except: {as: e, steps: [{caught: {return: 1}}]}',
    );
    const name = await run('w');
    await until(() => (steps.length === 2 ? true : undefined));
    expect((await call('POST', `${name}:cancel`, {})).json).toMatchObject({
      state: 'CANCELLED',
      endTime: expect.any(String),
    });
    expect((await call('POST', `${name}:cancel`)).status).toBe(400);
    await service.stop();
    expect((await call('GET', name)).json.state).toBe('CANCELLED');
    expect(steps).toEqual(['t', 't']);
  });

  it('that ran when the stack stopped are FAILED after a restart', async () => {
    await deploy('w', waiting);
    const name = await run('w');
    await until(() => logs[0]);
    await close();
    await open();
    expect((await call('GET', name)).json).toMatchObject({
      state: 'FAILED',
      error: { context: expect.stringContaining('restarted') },
    });
    expect(
      await ended(await run('w').then(async (next) => (await call('POST', `${next}:cancel`), next))),
    ).toMatchObject({ state: 'CANCELLED' });
  });

  it.each([
    ['an unknown workflow', 'nothing', {}, 404],
    ['an argument that is no JSON', 'w', { argument: '{' }, 400],
    ['a label in capitals', 'w', { labels: { A: 'b' } }, 400],
    ['an unknown field', 'w', { args: {} }, 400],
  ])('are refused for %s', async (_name, workflow, body, status) => {
    await deploy('w', '- a: {return: 1}');
    expect((await call('POST', `${parent}/${workflow}/executions`, body)).status).toBe(status);
  });

  it('ask for an access token, and for this project', async () => {
    expect((await call('GET', `${parent}/w/executions`, undefined, 'stranger')).status).toBe(401);
    expect((await call('GET', 'projects/other/locations/us-central1/workflows/w')).status).toBe(403);
  });
});

describe('a callback endpoint', () => {
  it('hands over what arrives before, during and after a wait, and refuses while something is unread', async () => {
    await deploy('w', waiting);
    const name = await run('w');
    const url = await until(() => logs[0]);
    expect(url).toMatch(new RegExp(`^${server.origin}/v1/${name}/callbacks/[^/]+$`));
    expect(await call('POST', url, { n: 1 })).toEqual({ status: 200, json: {} });
    await until(() => (steps.includes('again') ? true : undefined));
    expect((await call('GET', `${name}/callbacks`)).json.callbacks).toEqual([
      { name: url.replace(`${server.origin}/v1/`, ''), method: 'POST', availablePayloads: [], waiters: '1' },
    ]);
    expect((await call('POST', `${url}?q=x`)).status).toBe(200);
    expect(JSON.parse((await ended(name)).result)).toEqual([{ n: 1 }, { q: 'x' }, 'POST']);
    expect((await call('POST', url, { n: 3 })).status).toBe(404);
  });

  it('holds one payload that came early and answers 429 to the next', async () => {
    await deploy('w', earlyDelivery);
    const name = await run('w');
    await until(() => logs[1]);
    const [url, gate] = logs as [string, string];
    expect((await call('POST', url, { n: 1 })).status).toBe(200);
    expect((await call('POST', url, { n: 2 })).status).toBe(429);
    const { callbacks } = (await call('GET', `${name}/callbacks`)).json;
    expect(callbacks).toContainEqual(
      expect.objectContaining({ method: 'POST', availablePayloads: ['{"n":1}'], waiters: '0' }),
    );
    expect((await call('POST', gate, {})).status).toBe(405);
    expect((await call('PUT', gate, {})).status).toBe(200);
    expect((await ended(name)).result).toBe('{"n":1}');
  });

  it('times out on the clock it is given', async () => {
    await close();
    const clock = createVirtualClock();
    await open(clock);
    await deploy('w', waiting);
    const name = await run('w');
    await until(() => (clock.sleeping > 0 ? true : undefined));
    await clock.advance(59_999);
    expect((await call('GET', name)).json.state).toBe('ACTIVE');
    await clock.advance(1);
    expect(await ended(name)).toMatchObject({
      state: 'SUCCEEDED',
      result: '["TimeoutError"]',
      duration: '60s',
    });
  });

  it('needs an access token and exists', async () => {
    await deploy('w', waiting);
    const name = await run('w');
    const url = await until(() => logs[0]);
    expect((await call('POST', url, {}, 'stranger')).status).toBe(401);
    expect((await call('POST', `${name}/callbacks/unknown`, {})).status).toBe(404);
  });
});

describe('Google’s own client', () => {
  it('creates, gets, lists and cancels over REST, with enums as numbers on the wire', async () => {
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: identity.accessToken(account) });
    const client = new ExecutionsClient({
      fallback: true,
      protocol: 'http',
      apiEndpoint: '127.0.0.1',
      port: server.port,
      authClient: authClient as never,
    });
    await deploy('w', waiting);
    const [created] = await client.createExecution({
      parent: `${parent}/w`,
      execution: { argument: '{"a":1}', labels: { deployment: 'd1' } },
    });
    expect(created).toMatchObject({ state: 'ACTIVE', labels: { deployment: 'd1' }, argument: '{"a":1}' });
    const name = created.name!;
    expect((await client.getExecution({ name, view: 'BASIC' }))[0]).toMatchObject({
      name,
      state: 'ACTIVE',
      argument: '',
    });
    const [listed] = await client.listExecutions({
      parent: `${parent}/w`,
      view: 'FULL',
      filter: 'labels.deployment="d1"',
    });
    expect(listed.map((execution) => execution.name)).toEqual([name]);
    const raw = await call('GET', `${name}?$alt=json;enum-encoding=int`);
    expect(raw.json.state).toBe(1);
    expect((await client.cancelExecution({ name }))[0].state).toBe('CANCELLED');
    await expect(client.getExecution({ name: `${name}x` })).rejects.toMatchObject({ code: 404 });
    await client.close();
  });
});
