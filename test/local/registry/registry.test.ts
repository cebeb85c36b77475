import { expect, test } from 'vitest';
import {
  descriptor,
  gzipLayer,
  host,
  name,
  ociConfig,
  ociIndex,
  ociManifest,
  openRegistry,
  sha256,
  temporaryDirectory,
  token,
} from './open-registry.ts';

const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';
const layer = await gzipLayer([{ name: 'app/server.mjs', content: 'export {};\n' }]);

async function errorOf(response: Response): Promise<string> {
  const body = (await response.json()) as { errors: [{ code: string }] };
  return `${response.status} ${body.errors[0].code}`;
}

test.each([
  { mediaType: ociManifest, kind: 'image' },
  { mediaType: dockerManifest, kind: 'image' },
  { mediaType: ociIndex, kind: 'index' },
  { mediaType: dockerList, kind: 'index' },
])(
  'a pushed $kind of type $mediaType is pulled byte for byte, by tag and by digest',
  async ({ mediaType, kind }) => {
    const registry = await openRegistry();
    const child = await registry.pushImage('child', layer);
    const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
    await registry.pushBlob(config);
    const manifest =
      kind === 'image'
        ? {
            schemaVersion: 2,
            mediaType,
            config: descriptor(ociConfig, config),
            layers: [descriptor(layer.mediaType, layer.bytes)],
          }
        : { schemaVersion: 2, mediaType, manifests: [{ mediaType: ociManifest, digest: child, size: 1 }] };
    const bytes = Buffer.from(JSON.stringify(manifest));
    expect((await registry.pushManifest('v1', manifest, mediaType)).status).toBe(201);
    for (const reference of ['v1', sha256(bytes)]) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await registry.call(method, `/v2/${name}/manifests/${reference}`);
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toBe(mediaType);
        expect(answer.headers.get('docker-content-digest')).toBe(sha256(bytes));
        expect(answer.headers.get('content-length')).toBe(String(bytes.length));
        expect(await answer.text()).toBe(method === 'GET' ? bytes.toString() : '');
      }
    }
  },
);

test('a blob is uploaded in pieces, and a piece that does not fit is refused', async () => {
  const { call } = await openRegistry();
  const begun = await call('POST', `/v2/${name}/blobs/uploads/`);
  expect(begun.status).toBe(202);
  const location = begun.headers.get('location')!;
  const first = await call('PATCH', location, Buffer.from('Hello, '), { 'content-range': '0-6' });
  expect([first.status, first.headers.get('range')]).toEqual([202, '0-6']);
  const wrong = await call('PATCH', location, Buffer.from('x'), { 'content-range': '5-5' });
  expect(await errorOf(wrong)).toBe('416 BLOB_UPLOAD_INVALID');
  expect((await call('GET', location)).headers.get('range')).toBe('0-6');
  await call('PATCH', location, Buffer.from('har'), { 'content-range': '7-9' });
  const digest = sha256(Buffer.from('Hello, harbour'));
  const done = await call('PUT', `${location}?digest=${digest}`, Buffer.from('bour'));
  expect([done.status, done.headers.get('docker-content-digest')]).toEqual([201, digest]);
  expect(await (await call('GET', `/v2/${name}/blobs/${digest}`)).text()).toBe('Hello, harbour');
  expect(await errorOf(await call('GET', location))).toBe('404 BLOB_UPLOAD_UNKNOWN');
});

test('content that is not what its digest says is refused and not kept', async () => {
  const { call } = await openRegistry();
  const digest = sha256(Buffer.from('what was meant'));
  const answer = await call('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, Buffer.from('what came'));
  expect(await errorOf(answer)).toBe('400 DIGEST_INVALID');
  expect((await call('HEAD', `/v2/${name}/blobs/${digest}`)).status).toBe(404);
});

test('a blob is mounted from another image, and an upload begins where there is none to mount', async () => {
  const { call, pushBlob } = await openRegistry();
  const bytes = Buffer.from('shared');
  await pushBlob(bytes, 'slipway-local/other/base');
  const blob = `/v2/${name}/blobs/${sha256(bytes)}`;
  expect((await call('HEAD', blob)).status).toBe(404);
  const query = `mount=${sha256(bytes)}&from=slipway-local/other`;
  expect((await call('POST', `/v2/${name}/blobs/uploads/?${query}/nothing`)).status).toBe(202);
  expect((await call('POST', `/v2/${name}/blobs/uploads/?${query}/base`)).status).toBe(201);
  expect((await call('HEAD', blob)).status).toBe(200);
});

const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
const complete = { schemaVersion: 2, config: descriptor(ociConfig, config), layers: [] };
const absent = descriptor(layer.mediaType, Buffer.from('never uploaded'));

test.each([
  {
    what: 'a layer is missing',
    manifest: { ...complete, layers: [absent] },
    error: '404 MANIFEST_BLOB_UNKNOWN',
  },
  {
    what: 'a child is missing',
    manifest: { schemaVersion: 2, manifests: [absent] },
    type: ociIndex,
    error: '404 MANIFEST_UNKNOWN',
  },
  {
    what: 'it is for another digest',
    manifest: complete,
    reference: absent.digest,
    error: '400 DIGEST_INVALID',
  },
  { what: 'the tag is not one', manifest: complete, reference: '-v1', error: '400 TAG_INVALID' },
  { what: 'the types differ', manifest: { ...complete, mediaType: ociIndex }, error: '400 MANIFEST_INVALID' },
  {
    what: 'the type is unknown',
    manifest: complete,
    type: 'application/json',
    error: '400 MANIFEST_INVALID',
  },
  { what: 'it is not a manifest', manifest: [], error: '400 MANIFEST_INVALID' },
])('a manifest is refused when $what, and nothing is announced', async ({ manifest, error, ...other }) => {
  const { pushBlob, pushManifest, events } = await openRegistry();
  await pushBlob(config);
  expect(
    await errorOf(await pushManifest(other.reference ?? 'v1', manifest, other.type ?? ociManifest)),
  ).toBe(error);
  expect(events).toEqual([]);
});

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

test.each([
  { authorization: '', status: 401 },
  { authorization: 'Bearer of-another-stack', status: 401 },
  { authorization: basic(`someone:${token}`), status: 401 },
  { authorization: basic('oauth2accesstoken:of-another-stack'), status: 401 },
  { authorization: `Bearer ${token}`, status: 200 },
  { authorization: basic(`oauth2accesstoken:${token}`), status: 200 },
])('authorization "$authorization" is answered $status', async ({ authorization, status }) => {
  const { call } = await openRegistry();
  const answer = await call('GET', '/v2/', undefined, { authorization });
  expect(answer.status).toBe(status);
  expect(answer.headers.has('www-authenticate')).toBe(status === 401);
});

test.each([
  { image: 'slipway-local/unknown/hello', error: '404 NAME_UNKNOWN' },
  { image: 'slipway-local/hello', error: '400 NAME_INVALID' },
  { image: 'slipway-local/images/Hello', error: '400 NAME_INVALID' },
])('a push to "$image" is refused with $error', async ({ image, error }) => {
  const { call } = await openRegistry();
  expect(await errorOf(await call('POST', `/v2/${image}/blobs/uploads/`))).toBe(error);
});

test('a manifest of a kind the client does not accept is not found', async () => {
  const { call, pushImage } = await openRegistry();
  await pushImage('v1', layer);
  const get = (accept: string) => call('GET', `/v2/${name}/manifests/v1`, undefined, { accept });
  expect((await get(`${ociIndex}, ${ociManifest}`)).status).toBe(200);
  expect(await errorOf(await get(dockerManifest))).toBe('404 MANIFEST_UNKNOWN');
});

test('tags are listed in order, page by page', async () => {
  const { call, pushImage } = await openRegistry();
  expect(await errorOf(await call('GET', `/v2/${name}/tags/list`))).toBe('404 NAME_UNKNOWN');
  for (const tag of ['v2', 'v1', 'v3']) await pushImage(tag, layer);
  const first = await call('GET', `/v2/${name}/tags/list?n=2`);
  expect(await first.json()).toEqual({ name, tags: ['v1', 'v2'] });
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1];
  const second = await call('GET', next!);
  expect(await second.json()).toEqual({ name, tags: ['v3'] });
  expect(second.headers.has('link')).toBe(false);
});

test('pushes, moved tags and deletions are announced under the canonical host, as Artifact Registry does', async () => {
  const { call, pushImage, pushManifest, pushBlob, events } = await openRegistry();
  const take = () => events.splice(0);
  const digest = await pushImage('v1', layer);
  const [byDigest, byTag] = [`${host}/${name}@${digest}`, (tag: string) => `${host}/${name}:${tag}`];
  expect(take()).toEqual([{ action: 'INSERT', digest: byDigest, tag: byTag('v1') }]);

  await pushImage('v1.0', layer);
  expect(take()).toEqual([{ action: 'INSERT', digest: byDigest, tag: byTag('v1.0') }]);

  await pushBlob(config);
  const other = sha256(Buffer.from(JSON.stringify(complete)));
  await pushManifest(other, complete, ociManifest);
  expect(take()).toEqual([{ action: 'INSERT', digest: `${host}/${name}@${other}` }]);

  expect((await call('DELETE', `/v2/${name}/manifests/v1.0`)).status).toBe(202);
  expect(take()).toEqual([{ action: 'DELETE', tag: byTag('v1.0') }]);

  expect((await call('DELETE', `/v2/${name}/manifests/${digest}`)).status).toBe(202);
  expect(take()).toEqual([
    { action: 'DELETE', tag: byTag('v1') },
    { action: 'DELETE', digest: byDigest },
  ]);
  for (const gone of ['v1', digest]) {
    expect(await errorOf(await call('GET', `/v2/${name}/manifests/${gone}`))).toBe('404 MANIFEST_UNKNOWN');
  }
});

test('images and tags outlive a restart, unfinished uploads do not', async () => {
  const directory = await temporaryDirectory();
  const before = await openRegistry(directory);
  const digest = await before.pushImage('v1', layer);
  const upload = (await before.call('POST', `/v2/${name}/blobs/uploads/`)).headers.get('location')!;
  await before.close();
  const { call } = await openRegistry(directory);
  expect((await call('HEAD', `/v2/${name}/manifests/v1`)).headers.get('docker-content-digest')).toBe(digest);
  const blob = await call('GET', `/v2/${name}/blobs/${sha256(layer.bytes)}`);
  expect(Buffer.from(await blob.arrayBuffer()).equals(layer.bytes)).toBe(true);
  expect(await errorOf(await call('PATCH', upload, Buffer.from('x')))).toBe('404 BLOB_UPLOAD_UNKNOWN');
});

test('what the registry does not support is a loud error', async () => {
  const { call } = await openRegistry();
  expect((await call('DELETE', `/v2/${name}/blobs/${absent.digest}`)).status).toBe(501);
});
