import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { createRun } from '#local/run/run.ts';
import { createCloudRun } from '#shared/google/cloud-run.ts';
import { createProber } from '#shared/google/prober.ts';
import { createRest } from '#shared/google/rest.ts';
import { createImages, repository, temporaryDirectory } from '#test/local/run/support.ts';
import { fixedTokens, openCloud, openServer } from './cloud.ts';

const ref = { project: 'slipway-local', region: 'us-central1', name: 'hello' };
const revision = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

const Operation = z.object({
  done: z.boolean().default(false),
  error: z.object({ message: z.string() }).optional(),
});

async function openRun() {
  const cloud = await openCloud();
  const service = await createRun({
    ...cloud,
    images: createImages(),
    directory: temporaryDirectory(),
    secretValue: () => undefined,
    mayInvoke: () => true,
    propagationMs: 1,
    stopGraceMs: 500,
    startTimeoutMs: 5000,
  });
  onTestFinished(() => service.stop());
  const endpoint = await cloud.listen(service.routes);
  const run = createCloudRun({ endpoint, rest: cloud.rest });
  const settled = (operation: string) =>
    vi.waitFor(
      async () => {
        const { done, error } = await cloud.rest.json(Operation, { url: `${endpoint}/v2/${operation}` });
        expect(done).toBe(true);
        return { done, ...(error === undefined ? {} : { error: error.message }) };
      },
      { timeout: 8000, interval: 20 },
    );
  return { ...cloud, run, settled };
}

/** As the deploy step would write it: Google's JSON, with names of enums and a duration. */
const serviceJson = (tag: string, revisionName: string, env: object[] = []) => ({
  ingress: 'INGRESS_TRAFFIC_ALL',
  annotations: { 'slipway.dev/fence': '1' },
  template: {
    revision: revisionName,
    timeout: '30s',
    maxInstanceRequestConcurrency: 80,
    containers: [
      {
        image: `${repository}:${tag}`,
        env: [{ name: 'LEVEL', value: '0' }, ...env],
        resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: false, startupCpuBoost: true },
        ports: [{ containerPort: 8080 }],
      },
    ],
  },
  traffic: [{ type: revision, revision: revisionName, percent: 100 }] as object[],
});

describe('Cloud Run', () => {
  it('has no service and no revision before one was made', async () => {
    const { run } = await openRun();
    expect(await run.getService(ref)).toBeUndefined();
    expect(await run.getRevision(ref, 'hello-a')).toBeUndefined();
  });

  it('tells its regions for a project, and nothing of a place that it does not have', async () => {
    const { run } = await openRun();
    expect(await run.locations('slipway-local')).toEqual(['us-central1']);
    await expect(run.locations('my-shop')).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(run.getService({ ...ref, region: 'us-central9' })).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining("'locations/us-central9'") as string,
    });
  });

  it('takes a new service as it is written, and a candidate beside it at its tag', async () => {
    const { run, settled, tokens } = await openRun();
    expect(await settled(await run.createService(ref, serviceJson('v1', 'hello-a')))).toEqual({ done: true });
    const first = await run.getService(ref);
    expect(first).toMatchObject({
      annotations: { 'slipway.dev/fence': '1' },
      traffic: [{ type: 'revision', revision: 'hello-a', percent: 100 }],
      trafficStatuses: [{ revision: 'hello-a', percent: 100 }],
      latestReadyRevision: 'hello-a',
      latestCreatedRevision: 'hello-a',
      reconciling: false,
      routesReady: true,
      isPublic: false,
      raw: {
        ingress: 'INGRESS_TRAFFIC_ALL',
        template: { timeout: '30s', containers: [{ resources: { startupCpuBoost: true } }] },
      },
    });

    const change = serviceJson('v2', 'hello-b');
    change.traffic = [
      { type: revision, revision: 'hello-a', percent: 100 },
      { type: revision, revision: 'hello-b', percent: 0, tag: 'd1candidate' },
    ];
    await settled(await run.updateService(ref, change, ['template', 'traffic'], first?.etag ?? ''));
    expect(await run.getRevision(ref, 'hello-b')).toEqual({ status: 'ready' });
    const second = await run.getService(ref);
    expect(second?.traffic).toEqual([
      { type: 'revision', revision: 'hello-a', percent: 100 },
      { type: 'revision', revision: 'hello-b', percent: 0, tag: 'd1candidate' },
    ]);
    const candidate = second?.trafficStatuses.find(({ tag }) => tag === 'd1candidate');
    expect(candidate).toMatchObject({
      revision: 'hello-b',
      percent: 0,
      url: expect.stringMatching(/^http/) as string,
    });

    const url = candidate?.url ?? '';
    const probe = { method: 'GET', timeoutSeconds: 5, allowedOrigins: [new URL(url).origin] };
    const prober = createProber({ tokens });
    expect((await prober.request({ ...probe, url })).status).toBe(403);
    const answer = await prober.request({ ...probe, url, audience: second?.url ?? '' });
    expect(JSON.parse(answer.body)).toMatchObject({ version: 'v2' });
  });

  it('changes only what the mask names, and only what was read', async () => {
    const { run, settled } = await openRun();
    await settled(await run.createService(ref, serviceJson('v1', 'hello-a')));
    const first = await run.getService(ref);
    const fence = { annotations: { 'slipway.dev/fence': '2' }, template: { revision: 'hello-x' } };
    await settled(await run.updateService(ref, fence, ['annotations'], first?.etag ?? ''));
    const second = await run.getService(ref);
    expect(second?.annotations).toEqual({ 'slipway.dev/fence': '2' });
    expect(second?.latestCreatedRevision).toBe('hello-a');
    await expect(run.updateService(ref, fence, ['annotations'], first?.etag ?? '')).rejects.toMatchObject({
      name: 'Fault',
      code: 'conflict',
    });
    await expect(run.updateService(ref, fence, [], second?.etag ?? '')).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(run.createService(ref, serviceJson('v1', 'hello-a'))).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('tells why a candidate failed, while the stable traffic stays in effect', async () => {
    const { run, settled } = await openRun();
    await settled(await run.createService(ref, serviceJson('v1', 'hello-a')));
    const first = await run.getService(ref);
    const change = serviceJson('v2', 'hello-b', [{ name: 'FAULT', value: 'exit' }]);
    change.traffic = [{ type: revision, revision: 'hello-a', percent: 100 }];
    const ended = await settled(
      await run.updateService(ref, change, ['template', 'traffic'], first?.etag ?? ''),
    );
    expect(ended.error).toMatch(/failed to start and listen on the port/);
    expect(await run.getRevision(ref, 'hello-b')).toEqual({
      status: 'failed',
      reason: 'HEALTH_CHECK_CONTAINER_ERROR',
      message: expect.stringMatching(/failed to start and listen on the port/) as string,
    });
    expect(await run.getService(ref)).toMatchObject({
      latestReadyRevision: 'hello-a',
      latestCreatedRevision: 'hello-b',
      trafficStatuses: [{ revision: 'hello-a', percent: 100 }],
      routesReady: true,
    });
  });

  it('names its revisions, and deletes those that are not in use', async () => {
    const { run, settled } = await openRun();
    await settled(await run.createService(ref, serviceJson('v1', 'hello-a')));
    for (const [tag, name] of [
      ['v2', 'hello-b'],
      ['v1', 'hello-c'],
    ] as const) {
      const change = { ...serviceJson(tag, name), traffic: serviceJson('v1', 'hello-a').traffic };
      const { etag } = (await run.getService(ref))!;
      await settled(await run.updateService(ref, change, ['template', 'traffic'], etag));
    }
    expect((await run.revisions(ref)).toSorted()).toEqual(['hello-a', 'hello-b', 'hello-c']);
    await run.deleteRevision(ref, 'hello-b');
    await vi.waitFor(async () => expect(await run.getRevision(ref, 'hello-b')).toBeUndefined());
    expect((await run.revisions(ref)).toSorted()).toEqual(['hello-a', 'hello-c']);
    // Gone already is as good.
    await run.deleteRevision(ref, 'hello-b');
    for (const used of ['hello-a', 'hello-c'])
      await expect(run.deleteRevision(ref, used)).rejects.toMatchObject({
        name: 'Fault',
        code: 'invalid-input',
      });
  });

  it.each([
    ['a field', { template: { containers: [{ imagee: 'x' }] } }, 'template.containers.0.imagee'],
    ['a value of an enum', { ingress: 'INGRESS_TRAFIC_ALL' }, 'ingress'],
    ['a duration', { template: { timeout: 'soon' } }, 'timeout'],
  ])('is never sent %s that the client would lose', async (_, service, named) => {
    const { run } = await openRun();
    await expect(run.createService(ref, service)).rejects.toMatchObject({
      name: 'Fault',
      code: 'invalid-input',
      message: expect.stringContaining(named) as string,
    });
    expect(await run.getService(ref)).toBeUndefined();
  });
});

describe('what Cloud Run answers', () => {
  const rest = createRest({ tokens: fixedTokens });
  const answering = async (json: unknown) => {
    const server = await openServer(() => ({ body: JSON.stringify(json) }));
    return createCloudRun({ endpoint: server.origin, rest });
  };

  it('is read by our names, with LATEST resolved in the statuses, and kept whole', async () => {
    const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
    const json = {
      etag: '"e"',
      uri: 'https://hello-abc-uc.a.run.app',
      traffic: [
        { type: latest, percent: 90 },
        { type: revision, revision: 'hello-a', percent: 10, tag: 'old' },
      ],
      trafficStatuses: [
        { type: latest, percent: 90 },
        {
          type: revision,
          revision: 'hello-a',
          percent: 10,
          tag: 'old',
          uri: 'https://old---hello-abc-uc.a.run.app',
        },
      ],
      latestReadyRevision: 'projects/p/locations/l/services/hello/revisions/hello-b',
      invokerIamDisabled: true,
      somethingNew: { a: 1 },
    };
    const run = await answering(json);
    expect(await run.getService(ref)).toEqual({
      etag: '"e"',
      url: 'https://hello-abc-uc.a.run.app',
      annotations: {},
      traffic: [
        { type: 'latest', percent: 90 },
        { type: 'revision', revision: 'hello-a', percent: 10, tag: 'old' },
      ],
      trafficStatuses: [
        { revision: 'hello-b', percent: 90 },
        { revision: 'hello-a', percent: 10, tag: 'old', url: 'https://old---hello-abc-uc.a.run.app' },
      ],
      latestReadyRevision: 'hello-b',
      latestCreatedRevision: undefined,
      reconciling: false,
      routesReady: false,
      isPublic: true,
      raw: json,
    });
  });

  it('about locations is read page by page', async () => {
    const server = await openServer(({ url }) => ({
      body: JSON.stringify(
        url.includes('pageToken=a%2Fb')
          ? { locations: [{ name: 'projects/p/locations/us-east1', locationId: 'us-east1' }] }
          : { locations: [{ locationId: 'europe-west1' }], nextPageToken: 'a/b' },
      ),
    }));
    const run = createCloudRun({ endpoint: server.origin, rest });
    expect(await run.locations('p')).toEqual(['europe-west1', 'us-east1']);
  });

  it('about revisions is read page by page', async () => {
    const server = await openServer(({ url }) => ({
      body: JSON.stringify(
        url.includes('pageToken=a%2Fb')
          ? { revisions: [{ name: 'projects/p/locations/l/services/hello/revisions/hello-b' }] }
          : { revisions: [{ name: 'hello-a' }], nextPageToken: 'a/b' },
      ),
    }));
    const run = createCloudRun({ endpoint: server.origin, rest });
    expect(await run.revisions(ref)).toEqual(['hello-a', 'hello-b']);
  });

  it.each([
    ['no condition yet', [], { status: 'pending' }],
    ['another condition', [{ type: 'ContainerReady', state: 'CONDITION_SUCCEEDED' }], { status: 'pending' }],
    ['Ready on its way', [{ type: 'Ready', state: 'CONDITION_RECONCILING' }], { status: 'pending' }],
    ['Ready', [{ type: 'Ready', state: 'CONDITION_SUCCEEDED' }], { status: 'ready' }],
    [
      'a common reason',
      [{ type: 'Ready', state: 'CONDITION_FAILED', reason: 'CONTAINER_MISSING', message: 'gone' }],
      { status: 'failed', reason: 'CONTAINER_MISSING', message: 'gone' },
    ],
    [
      'no reason',
      [{ type: 'Ready', state: 'CONDITION_FAILED' }],
      { status: 'failed', reason: 'UNKNOWN', message: '' },
    ],
  ])('about a revision with %s', async (_, conditions, expected) => {
    const run = await answering({ conditions });
    expect(await run.getRevision(ref, 'hello-a')).toEqual(expected);
  });

  it.each([
    [409, 'conflict'],
    [503, 'unavailable'],
    [504, 'timeout'],
  ])('to a write with %i is a fault after one request, with Retry-After', async (status, code) => {
    const server = await openServer(() => ({
      status,
      headers: { 'retry-after': '4' },
      body: '{"error":{"message":"no"}}',
    }));
    const run = createCloudRun({ endpoint: server.origin, rest });
    await expect(run.updateService(ref, {}, ['traffic'], 'e')).rejects.toMatchObject({
      name: 'Fault',
      code,
      retryAfterSeconds: 4,
    });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.url).toContain('updateMask=traffic');
  });
});
