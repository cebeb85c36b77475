import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
