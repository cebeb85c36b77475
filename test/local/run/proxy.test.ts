import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { RunOptions } from '#local/run/run.ts';
import { ask, caller, parent, repository, serviceOf, startCloud, type Cloud, type Told } from './support.ts';

const services = `${parent}/services`;
const hello = `${services}/hello`;
const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

/** Two revisions, hello-r1 and hello-r2, and traffic between them. */
async function twoRevisions(
  traffic: object[],
  options: Partial<RunOptions> = {},
): Promise<Cloud & { service: Told }> {
  const cloud = await startCloud(options);
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1', { revision: 'hello-r1' }));
  await cloud.settle('PATCH', hello, serviceOf('v2', { revision: 'hello-r2' }));
  const { response } = await cloud.settle('PATCH', `${hello}?updateMask=traffic`, { traffic });
  return { ...cloud, service: response };
}

const versionAt = async (url: string): Promise<string> => (await ask(url)).version;

test('requests are split by percentage, a tag’s address leads to its revision alone', async () => {
  const draws = [0, 0.24, 0.25, 0.5, 0.99];
  const cloud = await twoRevisions(
    [
      { type, revision: 'hello-r1', percent: 25 },
      { type, revision: 'hello-r2', percent: 75 },
      { type, revision: 'hello-r1', tag: 'old' },
    ],
    { random: () => draws.shift() ?? 0 },
  );
  draws.splice(0, draws.length, 0, 0.24, 0.25, 0.5, 0.99);
  const seen: string[] = [];
  for (let request = 0; request < 5; request += 1) seen.push(await versionAt(cloud.service.uri));
  expect(seen).toEqual(['v1', 'v1', 'v2', 'v2', 'v2']);

  const tagged = cloud.service.trafficStatuses.find((one) => one.tag === 'old');
  expect(tagged!.uri).not.toBe(cloud.service.uri);
  expect(await versionAt(tagged!.uri)).toBe('v1');
});

test('no header of the answer names the revision', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r2', percent: 100 }]);
  const response = await fetch(cloud.service.uri);
  expect(JSON.stringify([...response.headers])).not.toContain('hello-r2');
});

test('the address of a removed tag is gone, and is the same when the tag comes back', async () => {
  const all = { type, revision: 'hello-r2', percent: 100 };
  const withTag = { traffic: [all, { type, revision: 'hello-r1', tag: 'cand' }] };
  const cloud = await twoRevisions(withTag.traffic);
  const { uri } = cloud.service.trafficStatuses[1];
  await cloud.settle('PATCH', `${hello}?updateMask=traffic`, { traffic: [all] });
  await expect(fetch(uri)).rejects.toThrow('fetch failed');
  const again = await cloud.settle('PATCH', `${hello}?updateMask=traffic`, withTag);
  expect(again.response.trafficStatuses[1].uri).toBe(uri);
  expect(await versionAt(uri)).toBe('v1');
});

test('a request in flight finishes when traffic moves away, and then the process ends', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r1', percent: 100 }]);
  // Answered when its body has ended.
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const body = writable.getWriter();
  const held = fetch(`${cloud.service.uri}/held`, { method: 'POST', body: readable, duplex: 'half' });
  await body.write(Buffer.from('begun'));
  await expect.poll(() => cloud.run.logs('hello-r1').map(({ text }) => text)).toContain('held');
  const { pid } = await ask(cloud.service.uri);
  await cloud.settle('PATCH', `${hello}?updateMask=traffic`, {
    traffic: [{ type, revision: 'hello-r2', percent: 100 }],
  });
  expect(await versionAt(cloud.service.uri)).toBe('v2');
  expect(isRunning(pid)).toBe(true);
  await body.close();
  expect(((await (await held).json()) as { version: string }).version).toBe('v1');
  await expect.poll(() => isRunning(pid)).toBe(false);
  await cloud.settle('PATCH', `${hello}?updateMask=traffic`, {
    traffic: [{ type, revision: 'hello-r1', percent: 100 }],
  });
  expect(await versionAt(cloud.service.uri)).toBe('v1');
});

test('a revision without traffic and tag is proven ready and then scaled to zero', async () => {
  const cloud = await startCloud();
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1', { revision: 'hello-r1' }));
  await cloud.settle('PATCH', `${hello}?updateMask=template,traffic`, {
    ...serviceOf('v2', { revision: 'hello-r2' }),
    traffic: [{ type, revision: 'hello-r1', percent: 100 }],
  });
  const { json } = await cloud.api('GET', `${hello}/revisions/hello-r2`);
  expect(json.conditions[0]).toMatchObject({ type: 'Ready', state: 'CONDITION_SUCCEEDED' });
  await expect
    .poll(() => cloud.run.logs('hello-r2').map(({ text }) => text))
    .toContain('Container called exit(0).');
  expect(await versionAt((await cloud.api('GET', hello)).json.uri)).toBe('v1');
});

test('an instance that crashes gives 503 and is started again by the next request', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r1', percent: 100 }]);
  const crashed = await fetch(`${cloud.service.uri}/crash`);
  expect([crashed.status, await crashed.text()]).toEqual([
    503,
    expect.stringContaining('connection to the instance had an error'),
  ]);
  // That the process has ended may be known a moment after its connections broke.
  await expect.poll(async () => (await fetch(cloud.service.uri)).status).toBe(200);
});

test('an answer cut off by a crash reaches the caller as broken, not as complete', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r1', percent: 100 }]);
  const response = await fetch(`${cloud.service.uri}/half`);
  await expect(response.text()).rejects.toThrow('terminated');
});

test('a request that outlasts the template’s timeout gets 504', async () => {
  const cloud = await startCloud();
  const { response } = await cloud.settle(
    'POST',
    `${services}?serviceId=hello`,
    serviceOf('v1', { timeout: '0.2s' }),
  );
  const late = await fetch(`${response.uri}/slow?ms=5000`);
  expect([late.status, await late.text()]).toEqual([504, 'upstream request timeout\n']);
});

test('a WebSocket passes through', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r1', percent: 100 }]);
  const socket = new WebSocket(cloud.service.uri.replace('http', 'ws'));
  const message = await new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => resolve(data));
    socket.addEventListener('error', () => reject(new Error('WebSocket failed')));
  });
  socket.close();
  expect(message).toBe('hello');
});

test('requests are counted by revision, caller and status until reset', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r1', percent: 100 }]);
  await (await fetch(cloud.service.uri)).text();
  await (await fetch(cloud.service.uri, { headers: { 'user-agent': 'Slipway/1.0 probe' } })).text();
  await (await fetch(`${cloud.service.uri}/crash`)).text();
  await expect
    .poll(() => cloud.run.requestsByRevision('hello'))
    .toEqual({ 'hello-r1': { user: { '2xx': 1, '5xx': 1 }, probe: { '2xx': 1 } } });
  cloud.run.resetRequests('hello');
  expect(cloud.run.requestsByRevision('hello')).toEqual({});
});

test('a container sees its own environment and nothing else; a secret is not on its command line', async () => {
  process.env['LOCAL_CLOUD_PRIVATE'] = 'must not leak';
  const cloud = await startCloud({
    secretValue: (name, version) => (name === 'db' && version === '3' ? 's3cret' : undefined),
  });
  const env = [
    { name: 'MODE', value: 'test' },
    { name: 'EMPTY' },
    {
      name: 'DB',
      valueSource: { secretKeyRef: { secret: 'projects/slipway-local/secrets/db', version: '3' } },
    },
  ];
  const template = { revision: 'hello-r1', containers: [{ image: `${repository}:v1`, env }] };
  const { response } = await cloud.settle(
    'POST',
    `${services}?serviceId=hello`,
    serviceOf('v1', template, { template }),
  );
  const seen = await ask(response.uri);
  expect(seen.env).toEqual({
    VERSION: 'v1',
    MODE: 'test',
    EMPTY: '',
    DB: 's3cret',
    PORT: expect.stringMatching(/^\d+$/),
    K_SERVICE: 'hello',
    K_REVISION: 'hello-r1',
    K_CONFIGURATION: 'hello',
  });
  expect(JSON.stringify([seen.argv, seen.execArgv, cloud.run.logs('hello-r1')])).not.toContain('s3cret');
});

describe('the invoker check', () => {
  const invoker = 'probe@slipway-local.iam.gserviceaccount.com';
  const bindings = [{ role: 'roles/run.invoker', members: [`serviceAccount:${invoker}`] }];

  async function privateService(options: Partial<RunOptions> = {}): Promise<{ cloud: Cloud; service: Told }> {
    const cloud = await startCloud(options);
    const { response } = await cloud.settle('POST', `${services}?serviceId=hello`, {
      ...serviceOf('v1', { revision: 'hello-r1' }),
      invokerIamDisabled: false,
      traffic: [{ type, revision: 'hello-r1', percent: 100, tag: 'cand' }],
    });
    return { cloud, service: response };
  }
  const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

  test('asks for an ID token of an invoker for the service’s address, also at a tag’s', async () => {
    const { cloud, service } = await privateService();
    const tag = service.trafficStatuses[0].uri;
    expect((await cloud.api('POST', `${hello}:setIamPolicy`, { policy: { bindings } })).status).toBe(200);
    const token = await cloud.identity.idToken(invoker, service.uri);
    const statuses = await Promise.all(
      [
        fetch(service.uri),
        fetch(service.uri, bearer('nonsense')),
        fetch(service.uri, bearer(cloud.identity.accessToken(invoker))),
        fetch(service.uri, bearer(await cloud.identity.idToken(caller, service.uri))),
        fetch(tag, bearer(await cloud.identity.idToken(invoker, tag))),
        fetch(service.uri, bearer(token)),
        fetch(tag, bearer(token)),
        fetch(tag, { headers: { 'x-serverless-authorization': `Bearer ${token}` } }),
      ].map(async (response) => (await response).status),
    );
    expect(statuses).toEqual([403, 401, 401, 403, 401, 200, 200, 200]);
  });

  test('lets everybody in when allUsers is invoker, and whom the stack lets', async () => {
    const { cloud, service } = await privateService({ mayInvoke: (email) => email === caller });
    const own = await cloud.identity.idToken(caller, service.uri);
    expect((await fetch(service.uri, bearer(own))).status).toBe(200);
    const { json: policy } = await cloud.api('GET', `${hello}:getIamPolicy`);
    const open = { ...policy, bindings: [{ role: 'roles/run.invoker', members: ['allUsers'] }] };
    await cloud.api('POST', `${hello}:setIamPolicy`, { policy: open });
    expect((await fetch(service.uri)).status).toBe(200);
    const stale = await cloud.api('POST', `${hello}:setIamPolicy`, { policy: open });
    expect(stale.json.error.status).toBe('ABORTED');
  });

  test('refuses a WebSocket as it refuses a request', async () => {
    const { service } = await privateService();
    const socket = new WebSocket(service.uri.replace('http', 'ws'));
    await new Promise((resolve) => socket.addEventListener('error', resolve));
    expect(socket.readyState).not.toBe(WebSocket.OPEN);
  });
});

test.each([
  { ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY' },
  { ingress: 'INGRESS_TRAFFIC_NONE' },
  { defaultUriDisabled: true },
])('a service with %o answers nobody from outside', async (closed) => {
  const cloud = await startCloud();
  const { response } = await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  expect((await fetch(response.uri)).status).toBe(200);
  await cloud.settle('PATCH', `${hello}?updateMask=${Object.keys(closed)[0]}`, closed);
  expect((await fetch(response.uri)).status).toBe(404);
});

test.each([
  { ingress: 'INGRESS_TRAFFIC_ALL', status: 200 },
  { ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY', status: 200 },
  { ingress: 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER', status: 200 },
  { ingress: 'INGRESS_TRAFFIC_NONE', status: 404 },
  { ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY', defaultUriDisabled: true, status: 404 },
])('to a caller in its VPC a service with %o answers', async ({ status, ...settings }) => {
  const cloud = await startCloud({ isInVpc: true });
  const { response } = await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  await cloud.settle('PATCH', `${hello}?updateMask=${Object.keys(settings).join()}`, settings);
  expect((await fetch(response.uri)).status).toBe(status);
});

test('a request for another host is not served, so a page cannot rebind its name to a service', async () => {
  const cloud = await twoRevisions([{ type, revision: 'hello-r1', percent: 100 }]);
  const port = Number(new URL(cloud.service.uri).port);
  const answer = await new Promise<string>((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.write('GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n');
    socket.once('data', (data) => resolve(data.toString()));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 404/);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
