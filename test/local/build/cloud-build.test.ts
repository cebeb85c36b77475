import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Build } from '#local/build/build.ts';
import { createCloudBuild } from '#local/build/cloud-build.ts';
import { serve } from '#local/http.ts';
import { openStore } from '#local/store.ts';
import {
  gzipLayer,
  host,
  name,
  openRegistry,
  temporaryDirectory,
  token,
} from '#test/local/registry/open-registry.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { archiveOf, folderOf } from './source-folder.ts';

const parent = '/v1/projects/slipway-local/locations/us-central1';
const request = {
  source: { storageSource: { bucket: 'sources', object: 'hello.tgz', generation: '7' } },
  steps: [{ name: 'slipway/embedded-builder', args: ['--label', 'org.opencontainers.image.revision=abc'] }],
  images: [`${host}/${name}:v1`],
};
const { bytes: source } = await gzipLayer([{ name: 'server.mjs' }]);

type Fetching = PromiseWithResolvers<Buffer>;

interface Operation {
  name: string;
  done?: boolean;
  metadata: { build: Build };
  response?: Build;
  error?: { code: number; message: string };
}

async function openCloudBuild(
  options: {
    readObject?: (name: string) => Promise<Buffer>;
    endpoint?: string;
    token?: string;
    directory?: string;
  } = {},
) {
  const directory = options.directory ?? (await temporaryDirectory());
  const store = openStore(join(directory, 'store.db'));
  const published: string[] = [];
  const clock = createVirtualClock();
  const service = createCloudBuild({
    store,
    project: 'slipway-local',
    clock,
    newId: randomUUID,
    registry: { host, endpoint: options.endpoint ?? 'http://127.0.0.1:9' },
    readObject: (bucket, object, generation) =>
      (options.readObject ?? (async () => source))(`${bucket}/${object}#${generation}`),
    defaultServiceAccount: 'builder@slipway-local',
    accessToken: (email) =>
      options.token ?? `${token}${email === 'builder@slipway-local' ? '' : `-${email}`}`,
    publish: (build, { buildId, status }) => {
      expect({ id: build.id, status: build.status }).toEqual({ id: buildId, status });
      published.push(status);
    },
    onError: (error) => expect.unreachable(String(error)),
  });
  const server = await serve({ routes: service.routes, authenticate: () => 'someone' });
  const close = async (): Promise<void> => {
    await service.stop?.();
    await server.close();
  };
  onTestFinished(close);
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${server.origin}${path}`, {
      method,
      headers: { authorization: 'Bearer x' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: await answer.json() };
  };
  const start = async (changes: object = {}) =>
    (await call('POST', `${parent}/builds`, { ...request, ...changes })).json as Operation;
  const poll = async ({ name }: Operation) => (await call('GET', `/v1/${name}`)).json as Operation;
  const end = (operation: Operation) =>
    vi.waitFor(async () => {
      const seen = await poll(operation);
      expect(seen.done).toBe(true);
      return seen;
    });
  return { ...service, clock, directory, published, call, start, poll, end, close };
}

test('a build fetches the source, builds it, pushes it and names the digest', async () => {
  const registry = await openRegistry();
  const objects: string[] = [];
  const cloudBuild = await openCloudBuild({
    endpoint: registry.origin,
    readObject: async (object) => {
      objects.push(object);
      return source;
    },
  });
  const images = [`${host}/${name}:v1`, `${host}/${name}:latest`];
  const started = await cloudBuild.start({ images, tags: ['d-1'] });
  const { id } = started.metadata.build;
  expect(started.metadata.build.status).toBe('QUEUED');
  expect(started.name).toBe(`projects/slipway-local/locations/us-central1/operations/build-${id}`);

  const { response } = await cloudBuild.end(started);
  const { digest } = await registry.images.config(`${host}/${name}:v1`);
  expect(response).toMatchObject({
    status: 'SUCCESS',
    tags: ['d-1'],
    results: { images: images.map((image) => ({ name: image, digest })) },
    sourceProvenance: { resolvedStorageSource: request.source.storageSource },
  });
  expect(Object.keys(response!.timing!)).toEqual(['FETCHSOURCE', 'BUILD', 'PUSH']);
  expect(objects).toEqual(['sources/hello.tgz#7']);
  expect(cloudBuild.published).toEqual(['QUEUED', 'WORKING', 'SUCCESS']);
  expect(cloudBuild.logs(id)).toContain(`${host}/${name}:v1: digest: ${digest}`);
  const { labels } = await registry.images.config(`${host}/${name}@${digest}`);
  expect(labels).toEqual({ 'dev.slipway.builder': 'embedded-1', 'org.opencontainers.image.revision': 'abc' });
  expect((await cloudBuild.call('GET', `${parent}/builds/${id}`)).json).toMatchObject({ status: 'SUCCESS' });
});

test('what the registry has is not uploaded again', async () => {
  const registry = await openRegistry();
  const cloudBuild = await openCloudBuild({ endpoint: registry.origin });
  await cloudBuild.end(await cloudBuild.start());
  expect(registry.requests.filter((line) => line.startsWith('POST'))).toHaveLength(2);
  registry.requests.length = 0;
  await cloudBuild.end(await cloudBuild.start());
  expect(registry.requests.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'HEAD', 'PUT']);
});

test.each([
  {
    what: 'the source is not there',
    readObject: () => Promise.reject(new Error('No such object: sources/hello.tgz')),
    failure: 'FETCH_SOURCE_FAILED',
    detail: 'No such object',
  },
  {
    what: 'the source is damaged',
    readObject: async () => source.subarray(0, 30),
    failure: 'FETCH_SOURCE_FAILED',
    detail: 'damaged',
  },
  {
    what: 'nothing says how to start it',
    readObject: async () => archiveOf(await folderOf({ 'a.txt': '' })),
    failure: 'USER_BUILD_STEP',
    detail: 'Nothing says how to start',
  },
  {
    what: 'the repository does not exist',
    changes: { images: [`${host}/slipway-local/none/hello:v1`] },
    failure: 'PUSH_FAILED',
    detail: 'Repository \\"slipway-local/none\\" not found',
  },
  {
    what: 'the registry is another',
    changes: { images: ['docker.io/a/b/c:v1'] },
    failure: 'PUSH_FAILED',
    detail: `has the registry ${host} only`,
  },
  {
    what: 'its account may not push',
    changes: {
      serviceAccount: 'projects/p/serviceAccounts/other@p',
      options: { logging: 'CLOUD_LOGGING_ONLY' },
    },
    failure: 'PUSH_NOT_AUTHORIZED',
    detail: '401',
  },
])('a build fails when $what, and says so', async ({ failure, detail, changes, ...options }) => {
  const registry = await openRegistry();
  const cloudBuild = await openCloudBuild({ endpoint: registry.origin, ...options });
  const { error, metadata } = await cloudBuild.end(await cloudBuild.start(changes));
  expect(metadata.build).toMatchObject({
    status: 'FAILURE',
    failureInfo: { type: failure, detail: expect.stringContaining(detail) as string },
  });
  expect(metadata.build.results).toBeUndefined();
  expect(error?.message).toContain(detail);
  expect(cloudBuild.published).toEqual(['QUEUED', 'WORKING', 'FAILURE']);
  expect(registry.events).toEqual([]);
});

const dockerStep = { name: 'gcr.io/cloud-builders/docker', args: ['build', '.'] };

test.each([
  {
    what: 'a step that needs a container',
    changes: { steps: [dockerStep] },
    message: 'starts no containers',
  },
  { what: 'two steps', changes: { steps: [...request.steps, dockerStep] }, message: 'steps' },
  { what: 'no images', changes: { images: [] }, message: 'images' },
  { what: 'an image that is none', changes: { images: ['$IMAGE'] }, message: '"$IMAGE"' },
  { what: 'substitutions', changes: { substitutions: { _A: 'b' } }, message: 'substitutions' },
  { what: 'another source', changes: { source: { gitSource: {} } }, message: 'gitSource' },
  {
    what: 'a label of the builder',
    changes: { steps: [{ ...request.steps[0], args: ['--label=dev.slipway.builder=x'] }] },
    message: 'set by the builder alone',
  },
  {
    what: 'an unknown argument',
    changes: { steps: [{ ...request.steps[0], args: ['--label', 'a=b', '--no-cache'] }] },
    message: '--no-cache',
  },
  {
    what: 'an account of its own without a place for logs',
    changes: { serviceAccount: 'projects/p/serviceAccounts/a@p' },
    message: 'CLOUD_LOGGING_ONLY / NONE',
  },
])('a build with $what is refused', async ({ changes, message }) => {
  const { call, published } = await openCloudBuild();
  expect(await call('POST', `${parent}/builds`, { ...request, ...changes })).toMatchObject({
    status: 400,
    json: { error: { status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) as string } },
  });
  expect(published).toEqual([]);
});

test.each([
  { what: 'the source arrives', settle: ({ resolve }: Fetching) => resolve(source) },
  { what: 'the source fails', settle: ({ reject }: Fetching) => reject(new Error('gone')) },
])('a cancelled build pushes nothing and stays cancelled when $what', async ({ settle }) => {
  const registry = await openRegistry();
  const fetching = Promise.withResolvers<Buffer>();
  const readObject = vi.fn<() => Promise<Buffer>>(() => fetching.promise);
  const cloudBuild = await openCloudBuild({ endpoint: registry.origin, readObject });
  const operation = await cloudBuild.start();
  await vi.waitFor(() => expect(readObject).toHaveBeenCalledOnce());
  const path = `${parent}/builds/${operation.metadata.build.id}:cancel`;
  expect(await cloudBuild.call('POST', path)).toMatchObject({ status: 200, json: { status: 'CANCELLED' } });
  settle(fetching);
  await cloudBuild.stop?.();
  expect((await cloudBuild.poll(operation)).metadata.build.status).toBe('CANCELLED');
  expect(cloudBuild.published).toEqual(['QUEUED', 'WORKING', 'CANCELLED']);
  expect(cloudBuild.logs(operation.metadata.build.id)).not.toContain('BUILD');
  expect(registry.requests).toEqual([]);
  expect((await cloudBuild.call('POST', path)).status).toBe(400);
});

test('a build that takes longer than its timeout ends as TIMEOUT', async () => {
  const cloudBuild = await openCloudBuild({
    async readObject() {
      await cloudBuild.clock.advance(31_000);
      return source;
    },
  });
  const { error, metadata } = await cloudBuild.end(await cloudBuild.start({ timeout: '30s' }));
  expect([metadata.build.status, error?.code]).toEqual(['TIMEOUT', 4]);
});

test('a build that ran when the cloud stopped is INTERNAL_ERROR afterwards', async () => {
  const fetching = Promise.withResolvers<Buffer>();
  const before = await openCloudBuild({ readObject: () => fetching.promise });
  const operation = await before.start();
  await vi.waitFor(() => expect(before.published).toContain('WORKING'));
  fetching.resolve(source);
  await before.close();
  const after = await openCloudBuild({ directory: before.directory });
  const { metadata, error } = await after.poll(operation);
  expect([metadata.build.status, error?.code]).toEqual(['INTERNAL_ERROR', 13]);
  expect(after.published).toEqual(['INTERNAL_ERROR']);
});

test('builds are listed newest first, by tag and status, page by page', async () => {
  const cloudBuild = await openCloudBuild({ readObject: () => Promise.reject(new Error('gone')) });
  const ids: string[] = [];
  for (const tag of ['d-1', 'd-2', 'd-1']) {
    const operation = await cloudBuild.start({ tags: [tag] });
    ids.push(operation.metadata.build.id);
    await cloudBuild.end(operation);
  }
  const list = async (query: string) => {
    const { status, json } = await cloudBuild.call('GET', `${parent}/builds?${query}`);
    const { builds, nextPageToken } = json as { builds?: Build[]; nextPageToken?: string };
    return { status, ids: builds?.map(({ id }) => id), next: nextPageToken };
  };
  const filter = encodeURIComponent('tags="d-1" AND status="FAILURE"');
  expect(await list(`filter=${filter}`)).toMatchObject({ ids: [ids[2], ids[0]] });
  const page = await list('pageSize=2');
  expect(page.ids).toEqual([ids[2], ids[1]]);
  expect(await list(`pageSize=2&pageToken=${page.next}`)).toMatchObject({ ids: [ids[0]], next: undefined });
  expect((await list('filter=status="SUCCESS"')).ids).toEqual([]);
  expect((await list('filter=create_time>1')).status).toBe(400);
});

test('another project and an unknown build are refused', async () => {
  const { call } = await openCloudBuild();
  const elsewhere = parent.replace('slipway-local', 'elsewhere');
  expect((await call('POST', `${elsewhere}/builds`, request)).status).toBe(403);
  expect((await call('GET', `${parent}/builds/none`)).status).toBe(404);
  expect((await call('GET', `${parent}/operations/build-none`)).status).toBe(404);
});
