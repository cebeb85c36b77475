import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { serve, type LocalServer } from '#local/http.ts';
import { createStorage } from '#local/storage/storage.ts';
import { openStore } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

let directory: string;
let server: LocalServer | undefined;
const headers = { authorization: 'Bearer token' };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-storage-'));
});
afterEach(async () => {
  await server?.close();
  await rm(directory, { recursive: true });
});

async function setUp(store = openStore(':memory:')) {
  const clock = createVirtualClock();
  const storage = createStorage({ store, clock, directory: join(directory, 'objects') });
  server = await serve({ routes: storage.routes, authenticate: () => 'someone@slipway.test' });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: 'token' });
  const client = new Storage({
    apiEndpoint: server.origin,
    useAuthWithCustomEndpoint: true,
    projectId: 'slipway-local',
    authClient,
    retryOptions: { autoRetry: false },
  });
  await client.createBucket('configs', { versioning: { enabled: true } });
  const bucket = client.bucket('configs');
  const save = (name: string, content: string, generation?: number | string) =>
    bucket.file(name).save(content, {
      resumable: false,
      contentType: 'text/yaml',
      ...(generation === undefined ? {} : { preconditionOpts: { ifGenerationMatch: generation } }),
    });
  const text = async (name: string, generation?: string) =>
    (await bucket.file(name, generation === undefined ? {} : { generation }).download())[0].toString();
  const generationOf = async (name: string) => String((await bucket.file(name).getMetadata())[0].generation);
  return { storage, store, client, bucket, save, text, generationOf, origin: server.origin };
}

describe('the official client', () => {
  it('uploads, reads with verified checksums, lists by prefix and deletes', async () => {
    const { bucket, save, text } = await setUp();
    await save('services/hello.yaml', 'service: hello');
    await save('services/b c/ü.yaml', 'x');
    await save('other', '');
    expect(await text('services/hello.yaml')).toBe('service: hello');
    expect(await text('other')).toBe('');
    const [metadata] = await bucket.file('services/hello.yaml').getMetadata();
    expect(metadata).toMatchObject({ contentType: 'text/yaml', size: '14', bucket: 'configs' });
    const [files] = await bucket.getFiles({ prefix: 'services/' });
    expect(files.map(({ name }) => name)).toEqual(['services/b c/ü.yaml', 'services/hello.yaml']);
    await bucket.file('other').delete();
    expect(await bucket.file('other').exists()).toEqual([false]);
    expect(await bucket.exists()).toEqual([true]);
  });

  it('writes under a generation precondition, 0 meaning that nothing is there', async () => {
    const { save, text, generationOf } = await setUp();
    await save('a', 'one', 0);
    await expect(save('a', 'two', 0)).rejects.toMatchObject({ code: 412 });
    const first = await generationOf('a');
    await save('a', 'two', first);
    await expect(save('a', 'three', first)).rejects.toMatchObject({ code: 412 });
    expect(await text('a')).toBe('two');
  });

  it('lets one of several writers win that expect the same generation', async () => {
    const { save } = await setUp();
    const results = await Promise.allSettled(['a', 'b', 'c'].map((content) => save('x', content, 0)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('reads older generations from a versioned bucket, also after overwriting and deleting', async () => {
    const { bucket, save, text, generationOf } = await setUp();
    await save('a', 'one');
    const first = await generationOf('a');
    await save('a', 'two');
    expect(await text('a', first)).toBe('one');
    await bucket.file('a').delete();
    await expect(text('a')).rejects.toMatchObject({ code: 404 });
    expect(await text('a', first)).toBe('one');
    const [versions] = await bucket.getFiles({ versions: true });
    expect(versions).toHaveLength(2);
    await bucket.file('a', { generation: first }).delete();
    await expect(text('a', first)).rejects.toMatchObject({ code: 404 });
  });

  it('finds no older generation where the bucket keeps none', async () => {
    const { client, storage } = await setUp();
    storage.ensureBucket('plain');
    const file = client.bucket('plain').file('a');
    await file.save('one', { resumable: false });
    const generation = String((await file.getMetadata())[0].generation);
    await file.save('two', { resumable: false });
    await expect(client.bucket('plain').file('a', { generation }).download()).rejects.toMatchObject({
      code: 404,
    });
  });
});

describe('the files behind it', () => {
  it('can be read by a person, and stay after a restart', async () => {
    const { store, save, generationOf } = await setUp();
    await save('services/hello.yaml', 'service: hello');
    const generation = await generationOf('services/hello.yaml');
    const file = join(directory, 'objects', 'configs', 'services', `hello.yaml@${generation}`);
    expect(await readFile(file, 'utf8')).toBe('service: hello');
    await server?.close();
    const again = createStorage({
      store,
      clock: createVirtualClock(),
      directory: join(directory, 'objects'),
    });
    expect((await again.readObject('configs', 'services/hello.yaml')).toString()).toBe('service: hello');
  });

  it.each(['../../escaped', '/etc/passwd', 'a/../../../escaped', 'a//b', 'a/', '%2e%2e/x', '..\\x'])(
    'hold an object called %s without leaving their directory',
    async (name) => {
      const { save, text } = await setUp();
      await save(name, 'here');
      await save('a', 'also here');
      expect(await text(name)).toBe('here');
      expect(await readdir(directory)).toEqual(['objects']);
      expect(await readdir(join(directory, 'objects'))).toEqual(['configs']);
    },
  );
});

describe('a raw request', () => {
  it('uploads plainly with uploadType=media', async () => {
    const { origin, text } = await setUp();
    const url = `${origin}/upload/storage/v1/b/configs/o?uploadType=media&name=plain`;
    const made = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/plain' },
      body: 'hi',
    });
    expect(await made.json()).toMatchObject({
      name: 'plain',
      contentType: 'text/plain',
      md5Hash: 'SfaKXIST7CwL9ImCHCH8Ow==',
    });
    expect(await text('plain')).toBe('hi');
  });

  const multipart = (metadata: string, end = '--x--') => ({
    headers: { 'content-type': 'multipart/related; boundary=x' },
    body: `--x\r\nContent-Type: application/json\r\n\r\n${metadata}\r\n--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n${end}`,
  });
  it.each([
    [
      'a wrong checksum',
      'POST',
      '/upload/storage/v1/b/configs/o?uploadType=multipart',
      multipart('{"name":"a","md5Hash":"AAAA"}'),
      400,
    ],
    [
      'metadata that is no JSON',
      'POST',
      '/upload/storage/v1/b/configs/o?uploadType=multipart',
      multipart('{'),
      400,
    ],
    [
      'an upload cut short',
      'POST',
      '/upload/storage/v1/b/configs/o?uploadType=multipart',
      multipart('{"name":"a"}', ''),
      400,
    ],
    [
      'an upload without a name',
      'POST',
      '/upload/storage/v1/b/configs/o?uploadType=multipart',
      multipart('{}'),
      400,
    ],
    ['an object called ..', 'POST', '/upload/storage/v1/b/configs/o?uploadType=media&name=..', {}, 400],
    ['a resumable upload', 'POST', '/upload/storage/v1/b/configs/o?uploadType=resumable&name=a', {}, 501],
    ['a listing with a delimiter', 'GET', '/storage/v1/b/configs/o?delimiter=%2F', {}, 501],
    ['a bucket that does not exist', 'GET', '/storage/v1/b/none', {}, 404],
    ['a bucket that exists', 'POST', '/storage/v1/b?project=p', { body: '{"name":"configs"}' }, 409],
    ['a bucket called ..', 'POST', '/storage/v1/b?project=p', { body: '{"name":".."}' }, 400],
  ])(
    'is refused for %s',
    async (_, method, path, init: { headers?: Record<string, string>; body?: string }, status) => {
      const { origin } = await setUp();
      const response = await fetch(`${origin}${path}`, {
        method,
        ...init,
        headers: { ...headers, ...init.headers },
      });
      expect(response.status).toBe(status);
    },
  );
});
