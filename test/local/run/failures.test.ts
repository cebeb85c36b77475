import { describe, expect, test } from 'vitest';
import type { RunOptions } from '#local/run/run.ts';
import { ask, condition, createImages, parent, repository, serviceOf, startCloud } from './support.ts';

const services = `${parent}/services`;
const hello = `${services}/hello`;
const image = `${repository}:v2`;
const toRevision = (revision: string, percent: number, tag?: string): object => ({
  type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  revision,
  percent,
  ...(tag ? { tag } : {}),
});

describe('a revision that cannot start fails with Google’s reason while the service keeps serving', () => {
  const env = (name: string, value: string): object => ({ env: [{ name, value }] });
  const cases: {
    name: string;
    container?: object;
    more?: object[];
    options?: Partial<RunOptions>;
    fails: { reason?: string; revisionReason?: string; type: string };
    says: string;
  }[] = [
    {
      name: 'the container exits',
      container: env('FAULT', 'exit'),
      fails: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR', type: 'ContainerHealthy' },
      says: 'The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout.',
    },
    {
      name: 'the container does not listen in time',
      container: env('FAULT', 'deaf'),
      options: { startTimeoutMs: 600 },
      fails: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR', type: 'ContainerHealthy' },
      says: 'PORT=8080',
    },
    {
      name: 'the declared startup probe never succeeds',
      container: {
        ...env('FAULT', 'unhealthy'),
        startupProbe: { periodSeconds: 1, failureThreshold: 1, httpGet: { path: '/healthz' } },
      },
      fails: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR', type: 'ContainerHealthy' },
      says: 'failed the configured startup probe checks',
    },
    {
      name: 'the image is missing',
      container: { image: `${repository}:missing` },
      fails: { reason: 'CONTAINER_MISSING', type: 'ContainerReady' },
      says: `Image '${repository}:missing' not found.`,
    },
    {
      name: 'the image is not of our builder',
      container: { image: `${repository}:foreign` },
      options: { images: createImages({ foreign: { labels: {} } }) },
      fails: { reason: 'CONTAINER_PERMISSION_DENIED', type: 'ContainerReady' },
      says: 'dev.slipway.builder',
    },
    {
      name: 'the image runs something other than node',
      container: { command: ['sh', '-c', 'true'] },
      fails: { reason: 'UNKNOWN', type: 'ContainerReady' },
      says: '"sh"',
    },
    {
      name: 'a secret is missing',
      container: { env: [{ name: 'KEY', valueSource: { secretKeyRef: { secret: 'db', version: '3' } } }] },
      fails: { reason: 'SECRETS_ACCESS_CHECK_FAILED', type: 'ResourcesAvailable' },
      says: 'db/versions/3',
    },
    {
      name: 'there is a sidecar',
      more: [{ image, name: 'sidecar' }],
      fails: { reason: 'UNKNOWN', type: 'ContainerReady' },
      says: 'exactly one container',
    },
  ];
  test.each(cases)('$name', async ({ container, more = [], options, fails, says }) => {
    const cloud = await startCloud(options);
    const first = await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'));
    const template = { revision: 'hello-bad', containers: [{ image, ...container }, ...more] };
    const { error } = await cloud.settle('PATCH', `${hello}?updateMask=template`, { template });
    expect(error).toMatchObject({ code: 9, message: expect.stringContaining(says) });
    expect(error.message).toMatch(/^Revision 'hello-bad' is not ready and cannot serve traffic\./);

    const revision = (await cloud.api('GET', `${hello}/revisions/hello-bad`)).json;
    const { type, ...reasons } = fails;
    expect(condition(revision, 'Ready')).toMatchObject({ state: 'CONDITION_FAILED', ...reasons });
    expect(condition(revision, type)).toMatchObject({ state: 'CONDITION_FAILED', ...reasons });

    const service = (await cloud.api('GET', hello)).json;
    expect(service).toMatchObject({
      latestReadyRevision: first.response.latestReadyRevision,
      latestCreatedRevision: `${hello}/revisions/hello-bad`,
      observedGeneration: '1',
      terminalCondition: { state: 'CONDITION_FAILED', ...reasons },
    });
    expect(service.reconciling).toBe(false);
    expect((await ask(service.uri)).version).toBe('v1');
    expect(cloud.errors).toEqual([]);
  });
});

test('traffic goes back to a good revision while the failed one keeps the service failed', async () => {
  const cloud = await startCloud();
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1', { revision: 'hello-good' }));
  const deployed = await cloud.settle('PATCH', `${hello}?updateMask=template,traffic`, {
    template: { revision: 'hello-bad', containers: [{ image: `${repository}:missing` }] },
    traffic: [toRevision('hello-good', 100), toRevision('hello-bad', 0, 'cand')],
  });
  expect(deployed.error).toBeDefined();
  // The tag on a failed revision holds up all of the declared traffic.
  const blocked = (await cloud.api('GET', hello)).json;
  expect(condition(blocked, 'RoutesReady')?.state).toBe('CONDITION_FAILED');
  expect(blocked.trafficStatuses).toEqual([{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }]);

  const rolledBack = await cloud.settle('PATCH', `${hello}?updateMask=traffic`, {
    traffic: [toRevision('hello-good', 100)],
  });
  expect(rolledBack.error.message).toContain("Revision 'hello-bad' is not ready");
  const service = (await cloud.api('GET', hello)).json;
  expect(condition(service, 'RoutesReady')?.state).toBe('CONDITION_SUCCEEDED');
  expect(condition(service, 'ConfigurationsReady')?.state).toBe('CONDITION_FAILED');
  expect(service.terminalCondition.state).toBe('CONDITION_FAILED');
  expect(service.trafficStatuses).toEqual([toRevision('hello-good', 100)]);
  expect((await ask(service.uri)).version).toBe('v1');

  const fixed = await cloud.settle('PATCH', `${hello}?updateMask=template`, serviceOf('v3'));
  expect(fixed.response.terminalCondition.state).toBe('CONDITION_SUCCEEDED');
  expect((await ask(service.uri)).version).toBe('v1');
});

test('a rollback does not wait for a candidate that is still starting', async () => {
  const cloud = await startCloud({ startTimeoutMs: 1200 });
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1', { revision: 'hello-r1' }));
  await cloud.settle('PATCH', hello, serviceOf('v2', { revision: 'hello-r2' }));
  const deaf = { revision: 'hello-r3', containers: [{ image, env: [{ name: 'FAULT', value: 'deaf' }] }] };
  await cloud.api('PATCH', `${hello}?updateMask=template`, { template: deaf });
  const { json } = await cloud.api('PATCH', `${hello}?updateMask=traffic`, {
    traffic: [toRevision('hello-r1', 100)],
  });
  await expect
    .poll(async () => (await cloud.api('GET', hello)).json.trafficStatuses, { timeout: 1000 })
    .toEqual([toRevision('hello-r1', 100)]);
  const during = (await cloud.api('GET', hello)).json;
  expect([during.reconciling, condition(during, 'RoutesReady')?.state]).toEqual([
    true,
    'CONDITION_SUCCEEDED',
  ]);
  expect((await ask(during.uri)).version).toBe('v1');
  expect((await cloud.api('POST', `${json.name}:wait`, {})).json.error.code).toBe(9);
});

test('traffic to a revision that does not exist is accepted and then fails, as on Cloud Run', async () => {
  const cloud = await startCloud();
  await cloud.settle('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  const { error } = await cloud.settle('PATCH', `${hello}?updateMask=traffic`, {
    traffic: [toRevision('hello-nowhere', 100)],
  });
  expect(error.message).toContain("Revision 'hello-nowhere' does not exist or is deleted.");
});

test('what a failed container wrote, and that it exited, is in its logs', async () => {
  const cloud = await startCloud();
  const template = {
    revision: 'hello-r1',
    containers: [{ image, env: [{ name: 'FAULT', value: 'exit' }] }],
  };
  const { error } = await cloud.settle('POST', `${services}?serviceId=hello`, { template });
  expect(error.code).toBe(9);
  expect(cloud.run.logs('hello-r1').map(({ stream, text }) => `${stream}: ${text}`)).toEqual(
    expect.arrayContaining([
      'stdout: starting v2',
      'stderr: cannot start',
      'system: Container called exit(3).',
    ]),
  );
});
