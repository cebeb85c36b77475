import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createCloudBuild as createLocalCloudBuild } from '#local/build/cloud-build.ts';
import { createCloudBuild, dockerBuild } from '#shared/google/cloud-build.ts';
import { createRest } from '#shared/google/rest.ts';
import { gzipLayer, host, name, openRegistry, token } from '#test/local/registry/open-registry.ts';
import { fixedTokens, openCloud, openServer } from './cloud.ts';

const ref = { project: 'slipway-local', region: 'us-central1' };
const build = {
  bucket: 'sources',
  object: 'hello.tgz',
  image: `${host}/${name}`,
  imageTag: 'd1',
  tag: 'slipway-d1',
  timeoutSeconds: 60,
  serviceAccount: 'slipway-image-build@slipway-local.iam.gserviceaccount.com',
};
const { bytes: source } = await gzipLayer([{ name: 'server.mjs' }]);

async function openCloudBuild(readObject: () => Promise<Buffer> = async () => source) {
  const [cloud, registry] = await Promise.all([openCloud(), openRegistry()]);
  const ranAs: string[] = [];
  const service = createLocalCloudBuild({
    ...cloud,
    project: 'slipway-local',
    newId: randomUUID,
    registry: { host, endpoint: registry.origin },
    readObject,
    defaultServiceAccount: 'builder@slipway-local.iam.gserviceaccount.com',
    accessToken: (email) => {
      ranAs.push(email);
      return token;
    },
    publish: () => undefined,
    onError: (error) => expect.unreachable(String(error)),
  });
  onTestFinished(async () => service.stop?.());
  const endpoint = await cloud.listen(service.routes);
  const builds = createCloudBuild({
    endpoint,
    rest: cloud.rest,
    step: () => ({ name: 'slipway/embedded-builder' }),
  });
  const ended = (id: string) =>
    vi.waitFor(async () => {
      const state = await builds.get(ref, id);
      expect(state.status).not.toBe('running');
      return state;
    });
  return { builds, ended, registry, endpoint, rest: cloud.rest, ranAs };
}

describe('a build', () => {
  it('is created, found again by its tag, and ends with the digest that was pushed', async () => {
    const { builds, ended, registry } = await openCloudBuild();
    expect(await builds.find(ref, build.tag)).toBeUndefined();
    const id = await builds.create(ref, build);
    expect(await builds.find(ref, build.tag)).toBe(id);
    const state = await ended(id);
    const { digest } = await registry.images.config(`${build.image}:d1`);
    expect(state).toEqual({
      status: 'succeeded',
      digest,
      ran: { from: expect.stringMatching(/^20.*Z$/), to: expect.stringMatching(/^20.*Z$/) },
    });
  });

  it("runs as the account that is named, not as the project's own", async () => {
    const { builds, ended, ranAs } = await openCloudBuild();
    await ended(await builds.create(ref, build));
    expect(new Set(ranAs)).toEqual(new Set([build.serviceAccount]));
  });

  it('that fails says why', async () => {
    const { builds, ended } = await openCloudBuild(async () => {
      throw new Error('no such object');
    });
    expect(await ended(await builds.create(ref, build))).toEqual({
      status: 'failed',
      reason: expect.stringMatching(/^FAILURE: FETCH_SOURCE_FAILED: .*no such object/) as string,
    });
  });

  it('can be cancelled', async () => {
    const reading = Promise.withResolvers<Buffer>();
    const { builds, ended } = await openCloudBuild(() => reading.promise);
    const id = await builds.create(ref, build);
    expect(await builds.get(ref, id)).toEqual({ status: 'running' });
    await builds.cancel(ref, id);
    reading.resolve(source);
    expect(await ended(id)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^CANCELLED/) as string,
    });
  });

  it('that is unknown is not-found', async () => {
    const { builds } = await openCloudBuild();
    await expect(builds.get(ref, 'nothing')).rejects.toMatchObject({ name: 'Fault', code: 'not-found' });
  });

  it('is docker build unless told otherwise, which the local cloud refuses', async () => {
    const { endpoint, rest } = await openCloudBuild();
    const builds = createCloudBuild({ endpoint, rest });
    await expect(builds.create(ref, build)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('gcr.io/cloud-builders/docker') as string,
    });
    expect(dockerBuild('h/p/r/i:t').args).toEqual(['build', '--tag', 'h/p/r/i:t', '.']);
  });
});

describe('an answer of Cloud Build', () => {
  const rest = createRest({ tokens: fixedTokens });
  const answering = async (json: unknown) => {
    const server = await openServer(() => ({ body: JSON.stringify(json) }));
    return createCloudBuild({ endpoint: server.origin, rest });
  };

  const made = { id: 'b1', status: 'SUCCESS', results: { images: [{ name: 'i', digest: 'sha256:1' }] } };
  const [startTime, finishTime] = ['2026-01-01T00:00:01.123456789Z', '2026-01-01T00:00:40Z'];
  it.each([
    [
      'tells how long it ran',
      { startTime, finishTime },
      { from: '2026-01-01T00:00:01.123Z', to: '2026-01-01T00:00:40.000Z' },
    ],
    ['that does not tell how long it ran tells no times', { startTime }, undefined],
    [
      'that ended before it began tells no times',
      { startTime: finishTime, finishTime: startTime },
      undefined,
    ],
  ])('%s', async (_, times, ran) => {
    const builds = await answering({ ...made, ...times });
    expect(await builds.get(ref, 'b1')).toEqual({ status: 'succeeded', digest: 'sha256:1', ran });
  });

  it.each([
    ['PENDING', 'running'],
    ['QUEUED', 'running'],
    ['WORKING', 'running'],
    ['FAILURE', 'failed'],
    ['INTERNAL_ERROR', 'failed'],
    ['TIMEOUT', 'failed'],
    ['CANCELLED', 'failed'],
    ['EXPIRED', 'failed'],
  ])('with status %s means %s', async (status, expected) => {
    const builds = await answering({ id: 'b', status });
    expect((await builds.get(ref, 'b')).status).toBe(expected);
  });

  it.each([
    ['of a success without an image', { id: 'b', status: 'SUCCESS' }],
    ['with a status nobody knows', { id: 'b', status: 'STATUS_UNKNOWN' }],
  ])('%s is an internal fault', async (_, json) => {
    const builds = await answering(json);
    await expect(builds.get(ref, 'b')).rejects.toMatchObject({ name: 'Fault', code: 'internal' });
  });

  it('with two builds of one tag means the older one', async () => {
    const builds = await answering({
      builds: [
        { id: 'second', status: 'WORKING', createTime: '2026-01-01T00:00:02Z' },
        { id: 'first', status: 'WORKING', createTime: '2026-01-01T00:00:01Z' },
      ],
    });
    expect(await builds.find(ref, 't')).toBe('first');
  });
});
