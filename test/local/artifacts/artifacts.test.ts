import { expect, onTestFinished, test } from 'vitest';
import { createArtifacts } from '#local/artifacts/artifacts.ts';
import { serve } from '#local/http.ts';
import { gzipLayer, host, name, ociManifest, openRegistry } from '#test/local/registry/open-registry.ts';

const layer = await gzipLayer([{ name: 'app/server.mjs' }]);
const repository = 'projects/slipway-local/locations/us-central1/repositories/images';

async function openArtifacts() {
  const registry = await openRegistry();
  const service = createArtifacts({ catalog: registry.catalog, location: 'us-central1' });
  const server = await serve({ routes: service.routes, authenticate: () => 'someone' });
  onTestFinished(() => server.close());
  const get = async (path: string) => {
    const answer = await fetch(`${server.origin}/v1/${path}`, { headers: { authorization: 'Bearer x' } });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  return { ...registry, get };
}

test('a repository is described', async () => {
  const { get } = await openArtifacts();
  expect(await get(repository)).toEqual({
    status: 200,
    json: {
      name: repository,
      format: 'DOCKER',
      mode: 'STANDARD_REPOSITORY',
      registryUri: `${host}/slipway-local/images`,
    },
  });
});

test('a pushed image is looked up by its digest, with its tags, size and the time of its first upload', async () => {
  const { get, pushImage, clock } = await openArtifacts();
  const digest = await pushImage('v1', layer);
  await clock.advance(60_000);
  await pushImage('latest', layer);
  const image = await get(`${repository}/dockerImages/hello@${digest}`);
  expect(image).toEqual({
    status: 200,
    json: {
      name: `${repository}/dockerImages/hello@${digest}`,
      uri: `${host}/${name}@${digest}`,
      tags: ['v1', 'latest'],
      mediaType: ociManifest,
      imageSizeBytes: expect.stringMatching(/^\d{3}$/) as string,
      uploadTime: '2026-01-01T00:00:00.000Z',
      updateTime: '2026-01-01T00:00:00.000Z',
      buildTime: '2026-01-02T03:04:05Z',
    },
  });
  expect((await get(`${repository}/dockerImages/hello%40${digest}`)).json).toEqual(image.json);
});

test('the images of one repository are listed page by page', async () => {
  const { get, pushImage } = await openArtifacts();
  const other = await gzipLayer([{ name: 'other' }]);
  const digests = [await pushImage('v1', layer), await pushImage('v2', other)];
  await pushImage('v1', layer, undefined, 'slipway-local/other/hello');
  const page = async (query: string) => {
    const { json } = await get(`${repository}/dockerImages${query}`);
    const { dockerImages, nextPageToken } = json as {
      dockerImages: { uri: string }[];
      nextPageToken?: string;
    };
    return { uris: dockerImages.map(({ uri }) => uri), nextPageToken };
  };
  const uris = digests.map((digest) => `${host}/${name}@${digest}`);
  expect(await page('')).toEqual({ uris });
  const first = await page('?pageSize=1');
  expect(first.uris).toEqual([uris[0]]);
  expect(await page(`?pageSize=1&pageToken=${first.nextPageToken}`)).toEqual({ uris: [uris[1]] });
  expect((await get(`${repository}/dockerImages?pageSize=many`)).status).toBe(400);
});

test('a tag names its version, also of an image with a slash in its name', async () => {
  const { get, pushImage } = await openArtifacts();
  const digest = await pushImage('v1', layer, undefined, 'slipway-local/images/team/hello');
  const parent = `${repository}/packages/team%2Fhello`;
  expect((await get(`${parent}/tags/v1`)).json).toEqual({
    name: `${parent}/tags/v1`,
    version: `${parent}/versions/${digest}`,
  });
  expect((await get(`${repository}/dockerImages/team%2Fhello@${digest}`)).status).toBe(200);
});

test.each([
  repository.replace('images', 'none'),
  repository.replace('us-central1', 'europe-west1'),
  `${repository}/dockerImages/hello@sha256:${'0'.repeat(64)}`,
  `${repository}/dockerImages/hello@v1`,
  `${repository}/packages/hello/tags/v2`,
  `${repository}/packages/none/tags/v1`,
])('%s is not found', async (path) => {
  const { get, pushImage } = await openArtifacts();
  await pushImage('v1', layer);
  const message = `Requested entity was not found: ${path}`;
  expect(await get(path)).toEqual({
    status: 404,
    json: { error: { code: 404, message, status: 'NOT_FOUND' } },
  });
});
