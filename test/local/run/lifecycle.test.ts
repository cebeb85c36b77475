import { describe, expect, test } from 'vitest';
import { ask, condition, parent, repository, serviceOf, startCloud } from './support.ts';

const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const revisionType = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
const services = `${parent}/services`;
const hello = `${services}/hello`;

test('a service is created, serves, and a changed template becomes a revision that LATEST moves to', async () => {
  const cloud = await startCloud();
  const created = await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  expect(created.error).toBeUndefined();
  expect(created.response).toMatchObject({
    '@type': 'type.googleapis.com/google.cloud.run.v2.Service',
    name: hello,
    generation: '1',
    observedGeneration: '1',
    terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
    trafficStatuses: [{ type: latest, percent: 100 }],
  });
  const { uri } = created.response;
  expect((await ask(uri)).version).toBe('v1');

  const updated = await cloud.settle('PATCH', hello, serviceOf('v2'));
  expect(updated.response.latestReadyRevision).toMatch(/revisions\/hello-00002-[a-z0-9]{3}$/);
  expect((await ask(uri)).version).toBe('v2');
  expect(condition(updated.response, 'RoutesReady')?.state).toBe('CONDITION_SUCCEEDED');
  expect(cloud.errors).toEqual([]);
});

test('an operation is not done before its revision is ready', async () => {
  const cloud = await startCloud();
  const { json } = await cloud.api('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  expect(json.done).toBeUndefined();
  expect(json.metadata.reconciling).toBe(true);
  const during = (await cloud.api('GET', hello)).json;
  expect(during.terminalCondition.state).toBe('CONDITION_RECONCILING');
  const { json: after } = await cloud.api('POST', `${json.name}:wait`, { timeout: '10s' });
  expect(after.done).toBe(true);
  expect((await cloud.api('GET', json.name)).json).toEqual(after);
});

test('annotations and traffic make no revision, every write makes a new etag, a stale etag is refused', async () => {
  const cloud = await startCloud();
  const first = (await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'))).response;
  const annotated = (
    await cloud.settle('PATCH', `${hello}?updateMask=annotations`, {
      etag: first.etag,
      annotations: { 'slipway.dev/fence': '7' },
    })
  ).response;
  expect(annotated.latestCreatedRevision).toBe(first.latestCreatedRevision);
  expect(annotated.annotations).toEqual({ 'slipway.dev/fence': '7' });
  expect(annotated.invokerIamDisabled).toBe(true);
  expect(annotated.etag).not.toBe(first.etag);
  expect(annotated.generation).toBe('2');

  const stale = await cloud.api('PATCH', hello, { ...serviceOf('v2'), etag: first.etag });
  expect(stale.status).toBe(409);
  expect(stale.json.error).toMatchObject({ status: 'ABORTED', message: expect.stringContaining('Conflict') });
  expect((await cloud.api('DELETE', `${hello}?etag=${encodeURIComponent(first.etag)}`)).status).toBe(409);
});

test('an update mask in either case replaces only what it names, also inside the template', async () => {
  const cloud = await startCloud();
  const template = {
    timeout: '10s',
    containers: [{ image: `${repository}:v1`, env: [{ name: 'A', value: '1' }] }],
  };
  await cloud.settle('POST', `${services}?serviceId=hello`, { ...serviceOf('v1'), template });
  const { response } = await cloud.settle(
    'PATCH',
    `${hello}?update_mask=template.timeout,invoker_iam_disabled`,
    {
      template: { timeout: '20s', containers: [{ image: `${repository}:other` }] },
    },
  );
  expect(response.template.timeout).toBe('20s');
  expect(response.template.containers[0]).toMatchObject({ image: `${repository}:v1`, env: [{ name: 'A' }] });
  expect(response.invokerIamDisabled).toBeUndefined();
  for (const mask of ['nonsense', 'uid', 'template.containers.image', 'annotations.mine']) {
    const refused = await cloud.api('PATCH', `${hello}?updateMask=${mask}`, {});
    expect([mask, refused.json.error.status]).toEqual([mask, 'INVALID_ARGUMENT']);
  }
});

test('a template read and written back with its proto3 defaults makes no revision', async () => {
  const cloud = await startCloud();
  const first = (await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'))).response;
  const { template } = first;
  const same = {
    ...template,
    revision: '',
    labels: {},
    sessionAffinity: false,
    encryptionKey: '',
    volumes: [],
    vpcAccess: null,
    containers: [{ ...template.containers[0], command: [], workingDir: '' }],
  };
  const second = await cloud.settle('PATCH', `${hello}?updateMask=template`, { template: same });
  expect(second.response.latestCreatedRevision).toBe(first.latestCreatedRevision);
});

test('a revision name that exists is taken up with the same template and refused with another', async () => {
  const cloud = await startCloud();
  const named = (tag: string) => serviceOf(tag, { revision: 'hello-r1' });
  const first = await cloud.settle('POST', `${services}?serviceId=hello`, named('v1'));
  expect(first.response.latestReadyRevision).toBe(`${hello}/revisions/hello-r1`);
  const other = await cloud.api('PATCH', hello, named('v2'));
  expect(other.status).toBe(409);
  expect(other.json.error).toMatchObject({
    status: 'ALREADY_EXISTS',
    message: "Revision named 'hello-r1' with different configuration already exists.",
  });
  await cloud.settle('PATCH', hello, serviceOf('v2', { revision: 'hello-r2' }));
  const again = await cloud.settle('PATCH', hello, named('v1'));
  expect(again.response.latestCreatedRevision).toBe(`${hello}/revisions/hello-r1`);
  expect((await ask(again.response.uri)).version).toBe('v1');
  const { json } = await cloud.api('GET', `${hello}/revisions`);
  expect(json.revisions.map((one) => one.name.split('/').at(-1))).toEqual(['hello-r2', 'hello-r1']);
});

test('validateOnly answers with the result and stores nothing', async () => {
  const cloud = await startCloud();
  const checked = await cloud.api('POST', `${services}?serviceId=hello&validateOnly=true`, serviceOf('v1'));
  expect(checked.json).toMatchObject({ done: true, response: { template: { timeout: '300s' } } });
  expect((await cloud.api('GET', hello)).status).toBe(404);
  expect((await cloud.api('PATCH', hello, serviceOf('v1'))).status).toBe(404);
  const made = await cloud.settle('PATCH', `${hello}?allowMissing=true`, serviceOf('v1'));
  expect(made.response.terminalCondition.state).toBe('CONDITION_SUCCEEDED');
});

describe('what Google refuses is refused', () => {
  const container = { image: `${repository}:v1` };
  const cases: { name: string; body: object; says: string; status?: string; id?: string }[] = [
    {
      name: 'an unknown name',
      body: { template: { contaners: [] } },
      says: `Invalid JSON payload received. Unknown name "contaners" at 'service.template': Cannot find field.`,
    },
    {
      name: 'an unknown name in a list',
      body: { template: { containers: [{ img: 'x' }] } },
      says: `Unknown name "img" at 'service.template.containers[0]'`,
    },
    {
      name: 'an unknown enum',
      body: serviceOf('v1', {}, { ingress: 9 }),
      says: `Invalid value at 'service.ingress'`,
    },
    {
      name: 'a reserved annotation',
      body: serviceOf('v1', {}, { annotations: { 'run.googleapis.com/x': '1' } }),
      says: 'reserved namespace',
    },
    {
      name: 'a reserved label of the template',
      body: serviceOf('v1', { labels: { 'serving.knative.dev/x': '1' } }),
      says: 'template.labels',
    },
    { name: 'no container', body: { template: {} }, says: 'at least one container' },
    {
      name: 'a reserved variable',
      body: { template: { containers: [{ ...container, env: [{ name: 'PORT', value: '1' }] }] } },
      says: 'reserved env names were provided: PORT',
    },
    {
      name: 'a period shorter than the timeout',
      body: {
        template: {
          containers: [
            { ...container, startupProbe: { periodSeconds: 1, timeoutSeconds: 2, tcpSocket: {} } },
          ],
        },
      },
      says: 'timeout_seconds',
    },
    {
      name: 'two kinds of probe',
      body: { template: { containers: [{ ...container, startupProbe: { httpGet: {}, tcpSocket: {} } }] } },
      says: 'exactly one',
    },
    {
      name: 'a gRPC probe, which the local cloud cannot send',
      body: { template: { containers: [{ ...container, startupProbe: { grpc: {} } }] } },
      says: 'gRPC',
      status: 'UNIMPLEMENTED',
    },
    {
      name: 'a timeout above an hour',
      body: serviceOf('v1', { timeout: '3601s' }),
      says: 'template.timeout',
    },
    {
      name: 'a revision of another service',
      body: serviceOf('v1', { revision: 'other-1' }),
      says: '"hello-"',
    },
    {
      name: 'traffic that is not 100',
      body: serviceOf('v1', {}, { traffic: [{ type: latest, percent: 90 }] }),
      says: 'must sum to 100, got 90',
    },
    {
      name: 'a short tag',
      body: serviceOf('v1', {}, { traffic: [{ type: latest, percent: 100, tag: 'ab' }] }),
      says: 'at least 3',
    },
    { name: 'a bad service id', id: 'Hello', body: serviceOf('v1'), says: 'service_id "Hello"' },
  ];
  test.each(cases)('$name', async ({ body, says, status = 'INVALID_ARGUMENT', id = 'hello' }) => {
    const cloud = await startCloud();
    const { json } = await cloud.api('POST', `${services}?serviceId=${id}`, body);
    expect(json.error?.message).toContain(says);
    expect(json.error.status).toBe(status);
  });
});

test('other projects and regions, and what exists already, are refused; the project number is the project', async () => {
  const cloud = await startCloud();
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  const twice = await cloud.api('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  expect(twice.json.error.status).toBe('ALREADY_EXISTS');
  expect((await cloud.api('GET', 'projects/other/locations/us-central1/services')).status).toBe(403);
  expect((await cloud.api('GET', 'projects/slipway-local/locations/-/services')).status).toBe(400);
  const byNumber = await cloud.api('GET', 'projects/424242424242/locations/us-central1/services');
  expect(byNumber.json.services.map((one) => one.name)).toEqual([hello]);
  expect((await cloud.api('GET', `${parent}/workerPools`)).status).toBe(501);
});

test('lists come newest first and in pages', async () => {
  const cloud = await startCloud();
  for (const id of ['one', 'two', 'three']) {
    await cloud.settle('POST', `${services}?serviceId=${id}`, serviceOf('v1'));
  }
  const first = (await cloud.api('GET', `${services}?pageSize=2`)).json;
  expect(first.services.map((one) => one.name.split('/').at(-1))).toEqual(['three', 'two']);
  const second = (await cloud.api('GET', `${services}?pageSize=2&pageToken=${first.nextPageToken}`)).json;
  expect(second.services.map((one) => one.name.split('/').at(-1))).toEqual(['one']);
  expect(second.nextPageToken).toBeUndefined();
});

test('a revision in use cannot be deleted; an unused one can, and a deleted service leaves nothing', async () => {
  const cloud = await startCloud();
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1', { revision: 'hello-r1' }));
  await cloud.settle('PATCH', hello, serviceOf('v2', { revision: 'hello-r2' }));
  const tagged = [
    { type: latest, percent: 100 },
    { type: revisionType, revision: 'hello-r1', tag: 'old' },
  ];
  const { response } = await cloud.settle('PATCH', `${hello}?updateMask=traffic`, { traffic: tagged });
  const refusals = await Promise.all(
    ['hello-r1', 'hello-r2'].map((id) => cloud.api('DELETE', `${hello}/revisions/${id}`)),
  );
  expect(refusals.map(({ json }) => json.error.status)).toEqual([
    'FAILED_PRECONDITION',
    'FAILED_PRECONDITION',
  ]);
  await cloud.settle('PATCH', `${hello}?updateMask=traffic`, {});
  const removed = await cloud.settle('DELETE', `${hello}/revisions/hello-r1`);
  expect(removed.response['@type']).toBe('type.googleapis.com/google.cloud.run.v2.Revision');
  expect((await cloud.api('GET', `${hello}/revisions/hello-r1`)).status).toBe(404);

  const gone = await cloud.settle('DELETE', hello);
  expect(gone.response.deleteTime).toBeDefined();
  expect((await cloud.api('GET', hello)).status).toBe(404);
  await expect(fetch(response.uri)).rejects.toThrow('fetch failed');
});

test('a service made again at once after its deletion is a new one at the same address', async () => {
  const cloud = await startCloud();
  const named = (tag: string): object => serviceOf(tag, { revision: 'hello-r1' });
  const first = await cloud.settle('POST', `${services}?serviceId=hello`, named('v1'));
  await cloud.api('DELETE', hello);
  const second = await cloud.settle('POST', `${services}?serviceId=hello`, named('v2'));
  expect(second.response.uri).toBe(first.response.uri);
  expect(second.response.uid).not.toBe(first.response.uid);
  expect((await ask(second.response.uri)).version).toBe('v2');
  expect(cloud.errors).toEqual([]);
});

test('enums are read as numbers and written as numbers on request', async () => {
  const cloud = await startCloud();
  const int = '$alt=json%3Benum-encoding=int';
  const body = serviceOf('v1', {}, { ingress: 1, traffic: [{ type: 1, percent: 100 }] });
  await cloud.settle('POST', `${services}?serviceId=hello&${int}`, body);
  const { json: byName } = await cloud.api('GET', hello);
  expect([byName.ingress, byName.traffic[0].type]).toEqual(['INGRESS_TRAFFIC_ALL', latest]);
  const { json: byNumber } = await cloud.api('GET', `${hello}?${int}`);
  expect([byNumber.ingress, byNumber.traffic[0].type, byNumber.terminalCondition.state]).toEqual([1, 1, 4]);
});
