import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTar } from '#local/registry/tar.ts';
import {
  gzipLayer,
  host,
  imageConfig,
  name,
  ociIndex,
  ociManifest,
  openRegistry,
  tarOf,
  temporaryDirectory,
  type TarHeader,
} from './open-registry.ts';

const layer = await gzipLayer([
  { name: 'app/', type: 'directory' },
  { name: './app/run.sh', mode: 0o755, content: 'run' },
  { name: 'app/deep/data.txt', mode: 0o600, content: 'data' },
]);
const wanted = {
  architecture: 'amd64',
  os: 'linux',
  entrypoint: ['node'],
  cmd: ['server.mjs'],
  env: ['A=b'],
  workingDir: '/app',
  labels: { team: 'harbour' },
};

test('an image is unpacked by tag and by digest, with its configuration', async () => {
  const { images, pushImage } = await openRegistry();
  const digest = await pushImage('v1', layer);
  for (const reference of [
    `${host}/${name}:v1`,
    `${host}/${name}@${digest}`,
    `${host}/${name}:any@${digest}`,
  ]) {
    const directory = join(await temporaryDirectory(), 'new');
    expect(await images.unpack(reference, directory)).toEqual({ digest, ...wanted });
    expect(await readFile(join(directory, 'app/deep/data.txt'), 'utf8')).toBe('data');
    expect((await stat(join(directory, 'app/run.sh'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(directory, 'app/deep/data.txt'))).mode & 0o777).toBe(0o644);
  }
  expect(await images.config(`${host}/${name}:v1`)).toEqual({ digest, ...wanted });
});

test('what comes later in an image replaces what came before', async () => {
  const { images, pushImage } = await openRegistry();
  const replaced: TarHeader[] = [
    { name: 'run', content: 'first' },
    { name: 'run', mode: 0o755, content: 'second' },
    { name: 'data/old', content: 'old' },
    { name: 'data', content: 'a file now' },
  ];
  await pushImage('v1', await gzipLayer(replaced));
  const directory = await temporaryDirectory();
  await images.unpack(`${host}/${name}:v1`, directory);
  expect(await readFile(join(directory, 'run'), 'utf8')).toBe('second');
  expect((await stat(join(directory, 'run'))).mode & 0o777).toBe(0o755);
  expect(await readFile(join(directory, 'data'), 'utf8')).toBe('a file now');
});

test('of an index the image for linux/amd64 is taken, under the digest of the index', async () => {
  const { images, pushImage, pushManifest } = await openRegistry();
  const arm = await pushImage('arm', layer, { ...imageConfig, architecture: 'arm64' });
  const amd = await pushImage('amd', layer);
  const child = (digest: string, architecture: string) => ({
    mediaType: ociManifest,
    digest,
    size: 1,
    platform: { os: 'linux', architecture },
  });
  const index = { schemaVersion: 2, manifests: [child(arm, 'arm64'), child(amd, 'amd64')] };
  const digest = (await pushManifest('both', index, ociIndex)).headers.get('docker-content-digest');
  expect(await images.config(`${host}/${name}:both`)).toEqual({ digest, ...wanted });
  await pushManifest('arm-only', { schemaVersion: 2, manifests: [child(arm, 'arm64')] }, ociIndex);
  await expect(images.config(`${host}/${name}:arm-only`)).rejects.toThrow('no image for linux/amd64');
});

test.each<{ what: string; entry: TarHeader; message: string }>([
  {
    what: 'a symbolic link',
    entry: { name: 'a', type: 'symlink', linkname: '/etc' },
    message: '"a" is a symlink',
  },
  { what: 'a hard link', entry: { name: 'a', type: 'link', linkname: 'b' }, message: '"a" is a link' },
  { what: 'a device', entry: { name: 'a', type: 'character-device' }, message: '"a" is a character-device' },
  { what: 'a fifo', entry: { name: 'a', type: 'fifo' }, message: '"a" is a fifo' },
  { what: 'a path that climbs', entry: { name: 'app/../../a' }, message: '"app/../../a"' },
  { what: 'an absolute path', entry: { name: '/a' }, message: '"/a"' },
  { what: 'a path with backslashes', entry: { name: 'app\\..\\a' }, message: 'app\\..\\a' },
  { what: 'a whiteout', entry: { name: 'app/.wh.a' }, message: 'deletes a file' },
])('an image with $what is refused', async ({ entry, message }) => {
  const { images, pushImage } = await openRegistry();
  await pushImage('v1', await gzipLayer([entry]));
  const attempt = images.unpack(`${host}/${name}:v1`, await temporaryDirectory());
  await expect(attempt).rejects.toMatchObject({
    status: 'FAILED_PRECONDITION',
    message: expect.stringContaining(message) as string,
  });
});

test('a layer of an unknown or damaged kind is refused', async () => {
  const { images, pushImage } = await openRegistry();
  await pushImage('zstd', { ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' });
  await pushImage('cut', { ...layer, bytes: layer.bytes.subarray(0, 60) });
  const directory = await temporaryDirectory();
  await expect(images.unpack(`${host}/${name}:zstd`, directory)).rejects.toThrow(
    'tar+zstd" is not supported',
  );
  await expect(images.unpack(`${host}/${name}:cut`, directory)).rejects.toThrow('damaged');
});

test.each([
  { limits: { bytes: 100_000, entries: 1 }, message: 'more than 1 entries' },
  { limits: { bytes: 4096, entries: 10 }, message: 'more than 4096 bytes' },
])('an archive with $message is refused', async ({ limits, message }) => {
  const { bytes } = await gzipLayer([{ name: 'a', content: '0'.repeat(10_000) }, { name: 'b' }]);
  const readAll = async () => {
    for await (const entry of readTar(bytes, limits)) expect(entry.path).toBe('a');
  };
  await expect(readAll()).rejects.toThrow(message);
});

test('an archive without compression is limited too', async () => {
  const bytes = await tarOf([{ name: 'a', content: 'x' }]);
  await expect(readTar(bytes, { bytes: 100, entries: 10 }).next()).rejects.toThrow('larger than 100 bytes');
});

test.each([`${host}/${name}:v2`, `${host}/slipway-local/images/none:v1`, `docker.io/${name}:v1`])(
  'image %s is not found',
  async (reference) => {
    const { images, pushImage } = await openRegistry();
    await pushImage('v1', layer);
    const message = `Image '${reference}' not found.`;
    await expect(images.config(reference)).rejects.toMatchObject({ status: 'NOT_FOUND', message });
  },
);

test.each(['hello', `${host}/${name}@sha256:12`, `${host}/${name}:a b`, `${host}/images/hello`])(
  'reference "%s" is refused',
  async (reference) => {
    const { images } = await openRegistry();
    await expect(images.config(reference)).rejects.toMatchObject({ status: 'INVALID_ARGUMENT' });
  },
);

test('an image is not unpacked over other files', async () => {
  const { images, pushImage } = await openRegistry();
  await pushImage('v1', layer);
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'mine'), '');
  await expect(images.unpack(`${host}/${name}:v1`, directory)).rejects.toThrow('is not empty');
});
