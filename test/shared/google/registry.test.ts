import { describe, expect, it, onTestFinished } from 'vitest';
import { createArtifacts } from '#local/artifacts/artifacts.ts';
import { serve } from '#local/http.ts';
import { createRegistry } from '#shared/google/registry.ts';
import { createRest } from '#shared/google/rest.ts';
import {
  descriptor,
  gzipLayer,
  host,
  imageConfig,
  name,
  ociIndex,
  ociManifest,
  openRegistry,
  sha256,
  token,
} from '#test/local/registry/open-registry.ts';
import { fixedTokens, openServer } from './cloud.ts';

const image = `${host}/${name}`;
const rest = createRest({ tokens: { ...fixedTokens, access: async () => token } });

async function open() {
  const local = await openRegistry();
  return { local, registry: createRegistry({ endpoint: local.origin, rest }) };
}

const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));

describe('an image', () => {
  it('is found by its tag and by its digest, with size, platform and labels', async () => {
    const { local, registry } = await open();
    const layer = await gzipLayer([{ name: 'server.mjs', content: 'x' }]);
    const digest = await local.pushImage('v1', layer);
    const expected = {
      digest,
      mediaType: ociManifest,
      sizeBytes: layer.bytes.length + bytesOf(imageConfig).length,
      platforms: ['linux/amd64'],
      labels: { team: 'harbour' },
      createdAt: imageConfig.created,
    };
    expect(await registry.resolve(image, 'v1')).toEqual(expected);
    expect(await registry.resolve(image, digest)).toEqual(expected);
  });

  it('that is not there is undefined, as is one of another name', async () => {
    const { registry } = await open();
    expect(await registry.resolve(image, 'v9')).toBeUndefined();
    expect(await registry.resolve(image, `sha256:${'0'.repeat(64)}`)).toBeUndefined();
    expect(await registry.resolve(`${host}/slipway-local/images/other`, 'v1')).toBeUndefined();
  });

  it('of several platforms stays an index: shared layers count once, attestations not at all', async () => {
    const { local, registry } = await open();
    const layer = await gzipLayer([{ name: 'server.mjs', content: 'x' }]);
    const arm = { ...imageConfig, architecture: 'arm64', config: { Labels: { team: 'other' } } };
    const attestation = { ...imageConfig, architecture: 'unknown', os: 'unknown' };
    const entry = async (tag: string, config: typeof imageConfig | typeof arm) => {
      const digest = await local.pushImage(tag, layer, config);
      const size = (await (await local.call('GET', `/v2/${name}/manifests/${digest}`)).arrayBuffer())
        .byteLength;
      const { os, architecture } = config;
      return { mediaType: ociManifest, digest, size, platform: { os, architecture } };
    };
    const manifests = [
      await entry('arm', arm),
      await entry('amd', imageConfig),
      await entry('proof', attestation),
    ];
    const index = { schemaVersion: 2, mediaType: ociIndex, manifests };
    await local.pushManifest('v2', index, ociIndex);
    expect(await registry.resolve(image, 'v2')).toEqual({
      digest: sha256(bytesOf(index)),
      mediaType: ociIndex,
      sizeBytes: layer.bytes.length + bytesOf(arm).length + bytesOf(imageConfig).length,
      platforms: ['linux/arm64', 'linux/amd64'],
      labels: { team: 'harbour' },
      createdAt: imageConfig.created,
    });
  });

  it('of Artifact Registry comes with the time of its first upload', async () => {
    const { local } = await open();
    const { routes } = createArtifacts({ catalog: local.catalog, location: 'us-central1' });
    const artifacts = await serve({ routes, authenticate: (given) => (given === token ? 'ci' : undefined) });
    onTestFinished(() => artifacts.close());
    const layer = await gzipLayer([{ name: 'server.mjs', content: 'x' }]);
    await local.clock.advance(60_000);
    const digest = await local.pushImage('v1', layer);
    await local.clock.advance(60_000);
    await local.pushImage('latest', layer);
    const registry = createRegistry({ endpoint: local.origin, artifacts: artifacts.origin, rest });
    const found = await registry.resolve(image, 'latest');
    expect(found).toMatchObject({ digest, uploadedAt: '2026-01-01T00:01:00.000Z' });
  });

  it('of another registry comes without', async () => {
    const { local } = await open();
    await local.pushImage('v1', await gzipLayer([{ name: 'server.mjs', content: 'x' }]));
    const artifacts = await openServer(() => ({ status: 500 }));
    const registry = createRegistry({ endpoint: local.origin, artifacts: artifacts.origin, rest });
    const found = await registry.resolve(`registry.example.com/${name}`, 'v1');
    expect(found).not.toHaveProperty('uploadedAt');
    expect(artifacts.requests).toEqual([]);
  });

  it.each([undefined, 'yesterday'])('that says %s of when it was made still is one', async (created) => {
    const { local, registry } = await open();
    const layer = await gzipLayer([{ name: 'server.mjs', content: 'x' }]);
    await local.pushImage('v1', layer, { ...imageConfig, created });
    expect(await registry.resolve(image, 'v1')).not.toHaveProperty('createdAt');
  });

  it('whose name is none is refused', async () => {
    const { registry } = await open();
    await expect(registry.resolve('hello', 'v1')).rejects.toMatchObject({
      name: 'Fault',
      code: 'invalid-input',
    });
  });
});

describe('a registry', () => {
  it('that answers other content than it says is not believed', async () => {
    const headers = { 'docker-content-digest': `sha256:${'1'.repeat(64)}`, 'content-type': ociManifest };
    const server = await openServer(() => ({ headers, body: '{}' }));
    const registry = createRegistry({ endpoint: server.origin, rest });
    await expect(registry.resolve(image, 'v1')).rejects.toMatchObject({
      name: 'Fault',
      code: 'internal',
      message: expect.stringContaining(`for sha256:${'1'.repeat(64)}`) as string,
    });
  });

  it('may keep its blobs elsewhere, which then gets no token', async () => {
    const config = bytesOf(imageConfig);
    const manifest = {
      schemaVersion: 2,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [],
    };
    const store = await openServer(() => ({ body: config.toString() }));
    const server = await openServer(({ url }) =>
      url.includes('/blobs/')
        ? { status: 302, headers: { location: `${store.origin}/signed` } }
        : { headers: { 'content-type': ociManifest }, body: JSON.stringify(manifest) },
    );
    const registry = createRegistry({ endpoint: server.origin, rest });
    expect(await registry.resolve(image, 'v1')).toMatchObject({
      labels: { team: 'harbour' },
      sizeBytes: config.length,
    });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array(2).fill(`Bearer ${token}`),
    );
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    [401, 'permission-denied'],
    [403, 'permission-denied'],
    [503, 'unavailable'],
  ])('answering %i is no missing image', async (status, code) => {
    const server = await openServer(() => ({ status }));
    const registry = createRegistry({ endpoint: server.origin, rest });
    await expect(registry.resolve(image, 'v1')).rejects.toMatchObject({ name: 'Fault', code });
  });

  it('holding something that is no image says what it is', async () => {
    const headers = { 'content-type': 'application/vnd.docker.distribution.manifest.v1+json; charset=utf-8' };
    const server = await openServer(() => ({ headers, body: '{}' }));
    const registry = createRegistry({ endpoint: server.origin, rest });
    await expect(registry.resolve(image, 'v1')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('"application/vnd.docker.distribution.manifest.v1+json"') as string,
    });
  });
});

describe('the tags of an image', () => {
  const layerOf = (content: string) => gzipLayer([{ name: 'server.mjs', content }]);

  it('come with digest and time of upload, without those of other images in the repository', async () => {
    const { local } = await open();
    const service = createArtifacts({ catalog: local.catalog, location: 'us-central1' });
    const artifacts = await serve({ routes: service.routes, authenticate: () => 'someone' });
    onTestFinished(() => artifacts.close());
    const first = await local.pushImage('v1', await layerOf('1'));
    await local.clock.advance(60_000);
    const second = await local.pushImage('v2', await layerOf('2'));
    await local.pushImage('latest', await layerOf('2'));
    await local.pushImage('v9', await layerOf('9'), undefined, `${name}-other`);
    const registry = createRegistry({ endpoint: local.origin, artifacts: artifacts.origin, rest });
    expect(await registry.tags(image)).toEqual([
      { tag: 'v1', digest: first, uploadedAt: '2026-01-01T00:00:00.000Z' },
      { tag: 'v2', digest: second, uploadedAt: '2026-01-01T00:01:00.000Z' },
      { tag: 'latest', digest: second, uploadedAt: '2026-01-01T00:01:00.000Z' },
    ]);
  });

  it('are read page by page; an image without a tag has none', async () => {
    const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
    const imageOf = (letter: string, tags?: string[]) => ({
      uri: `${image}@${digestOf(letter)}`,
      uploadTime: '2026-01-03T00:00:00.123456Z',
      ...(tags === undefined ? {} : { tags }),
    });
    const pages: Record<string, unknown> = {
      '': { dockerImages: [imageOf('a', ['v1']), imageOf('b')], nextPageToken: 'a/b' },
      'a/b': { dockerImages: [imageOf('c', ['v2'])], nextPageToken: 'c' },
      c: {},
    };
    const artifacts = await openServer(({ url }) => ({
      body: JSON.stringify(pages[new URL(url, 'http://x').searchParams.get('pageToken') ?? '']),
    }));
    const registry = createRegistry({ endpoint: undefined, artifacts: artifacts.origin, rest });
    const tags = await registry.tags(image);
    expect(tags.map(({ tag, digest }) => [tag, digest])).toEqual([
      ['v1', digestOf('a')],
      ['v2', digestOf('c')],
    ]);
  });

  it('of a repository that has no end are given up, with what to do', async () => {
    const artifacts = await openServer(() => ({ body: JSON.stringify({ nextPageToken: 'more' }) }));
    const registry = createRegistry({ endpoint: undefined, artifacts: artifacts.origin, rest });
    await expect(registry.tags(image)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('expected a cleanup policy') as string,
    });
    expect(artifacts.requests).toHaveLength(20);
  });

  it('of another registry are not known', async () => {
    const artifacts = await openServer(() => ({ status: 500 }));
    const registry = createRegistry({ endpoint: undefined, artifacts: artifacts.origin, rest });
    expect(await registry.tags(`registry.example.com/${name}`)).toEqual([]);
    expect(artifacts.requests).toEqual([]);
  });
});
