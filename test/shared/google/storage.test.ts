import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createStorage } from '#local/storage/storage.ts';
import { createObjectStore } from '#shared/google/storage.ts';
import { closedOrigin, fixedTokens, openCloud, openServer, token } from './cloud.ts';

async function openBucket() {
  const cloud = await openCloud();
  const directory = await mkdtemp(join(tmpdir(), 'slipway-storage-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const endpoint = await cloud.listen(createStorage({ ...cloud, directory }).routes);
  await cloud.rest.call({
    url: `${endpoint}/storage/v1/b?project=slipway-local`,
    method: 'POST',
    body: JSON.stringify({ name: 'configs', versioning: { enabled: true } }),
  });
  const objects = (bucket: string) => createObjectStore({ endpoint, bucket, tokens: cloud.tokens });
  return { objects: objects('configs'), nowhere: objects('nowhere') };
}

describe('a bucket', () => {
  it('gives back what was written, under a new generation each time', async () => {
    const { objects } = await openBucket();
    await objects.write('services/hello.yaml', 'service: hällo', 'application/yaml');
    const first = await objects.read('services/hello.yaml');
    await objects.write('services/hello.yaml', 'service: other', 'application/yaml');
    const second = await objects.read('services/hello.yaml');
    expect(first?.text).toBe('service: hällo');
    expect(second?.text).toBe('service: other');
    expect(first?.generation).toMatch(/^\d+$/);
    expect(second?.generation).not.toBe(first?.generation);
  });

  it('lists the names under a prefix', async () => {
    const { objects } = await openBucket();
    for (const name of ['services/a.yaml', 'services/b.yaml', 'reports/a.json'])
      await objects.write(name, '', 'text/plain');
    const listed = await objects.list('services/');
    expect(new Map(listed.map(({ name, generation }) => [name, generation]))).toEqual(
      new Map([
        ['services/a.yaml', (await objects.read('services/a.yaml'))?.generation],
        ['services/b.yaml', (await objects.read('services/b.yaml'))?.generation],
      ]),
    );
    expect(await objects.list('none/')).toEqual([]);
  });

  it('reads as many bytes as it is told and not one more', async () => {
    const { objects } = await openBucket();
    await objects.write('results/a.xml', 'hällo', 'text/xml');
    expect(await objects.read('results/a.xml', { maximumBytes: 6 })).toMatchObject({ text: 'hällo' });
    await expect(objects.read('results/a.xml', { maximumBytes: 5 })).rejects.toMatchObject({
      name: 'Fault',
      code: 'unsupported',
      retryable: false,
      message: 'gs://configs/results/a.xml has 6 bytes: at most 5 bytes are read',
    });
  });

  it('of 10 MB is not read without a limit of its own either', async () => {
    const { objects } = await openBucket();
    await objects.write('services/a.yaml', 'x'.repeat(10_000_000), 'application/yaml');
    await expect(objects.read('services/a.yaml')).rejects.toMatchObject({
      code: 'unsupported',
      message: 'gs://configs/services/a.yaml has 10000000 bytes: at most 8388608 bytes are read',
    });
  });

  it('has no object that was not written', async () => {
    const { objects } = await openBucket();
    expect(await objects.read('services/hello.yaml')).toBeUndefined();
  });

  it('that does not exist refuses writing and listing', async () => {
    const { nowhere } = await openBucket();
    await expect(nowhere.write('a', 'b', 'text/plain')).rejects.toMatchObject({
      name: 'Fault',
      code: 'not-found',
    });
    await expect(nowhere.list('')).rejects.toMatchObject({ name: 'Fault', code: 'not-found' });
  });
});

describe('an answer that is no success', () => {
  it.each([
    [503, 'unavailable'],
    [403, 'permission-denied'],
    [412, 'conflict'],
    [429, 'unavailable'],
  ])('%i ends reading, listing and writing after one request', async (status, code) => {
    const body = JSON.stringify({ error: { code: status, message: `no ${token}` } });
    const headers = { 'content-type': 'application/json', 'retry-after': '3' };
    const server = await openServer(() => ({ status, body, headers }));
    const objects = createObjectStore({ endpoint: server.origin, bucket: 'b', tokens: fixedTokens });
    const fault = {
      name: 'Fault',
      code,
      retryAfterSeconds: 3,
      message: expect.not.stringContaining(token) as string,
    };
    await expect(objects.read('a')).rejects.toMatchObject(fault);
    await expect(objects.list('a')).rejects.toMatchObject(fault);
    await expect(objects.write('a', 'text', 'text/plain')).rejects.toMatchObject(fault);
    expect(server.requests).toHaveLength(3);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill(`Bearer ${token}`),
    );
  });

  it('that never comes is unavailable', async () => {
    const objects = createObjectStore({ endpoint: await closedOrigin(), bucket: 'b', tokens: fixedTokens });
    await expect(objects.read('a')).rejects.toMatchObject({ name: 'Fault', code: 'unavailable' });
  });
});

describe('an object that is not what was said of it', () => {
  /** Says that the object has ten bytes, and gives it as `send` does. */
  async function reading(send: (response: ServerResponse) => void, timeoutSeconds = 20) {
    let sent: ServerResponse | undefined;
    const server = createServer((request, response) => {
      if (request.url?.includes('alt=media')) return send((sent = response));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ generation: '7', size: '10' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const objects = createObjectStore({ endpoint, bucket: 'b', tokens: fixedTokens, timeoutSeconds });
    const read = objects.read('results/a.xml', { maximumBytes: 100_000 });
    return { read, isOver: () => sent?.destroyed ?? false };
  }

  it('and has no end is read up to the limit, and the connection is given up', async () => {
    const { read, isOver } = await reading((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    });
    await expect(read).rejects.toMatchObject({
      code: 'unsupported',
      message: 'gs://b/results/a.xml has more than was said: at most 100000 bytes are read',
    });
    await expect.poll(isOver).toBe(true);
  });

  it('and comes for ever, a byte at a time, is a timeout', async () => {
    const { read, isOver } = await reading((response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    }, 0.3);
    await expect(read).rejects.toMatchObject({
      code: 'timeout',
      message: 'read "results/a.xml" of gs://b gave no answer within 0.3 s',
    });
    await expect.poll(isOver).toBe(true);
  });

  it('and was packed is unpacked up to the limit', async () => {
    const { read } = await reading((response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(50_000_000)));
    });
    await expect(read).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('and breaks off is unavailable', async () => {
    const { read } = await reading((response) => {
      response.setHeader('content-length', '10');
      response.write('xxx', () => response.destroy());
    });
    await expect(read).rejects.toMatchObject({ name: 'Fault', code: 'unavailable' });
  });
});
