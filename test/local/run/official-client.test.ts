import { RevisionsClient, ServicesClient } from '@google-cloud/run';
import { OAuth2Client } from 'google-auth-library';
import { expect, test } from 'vitest';
import { ask, caller, parent, repository, startCloud, type Cloud } from './support.ts';

function clientsOf(cloud: Cloud): { services: ServicesClient; revisions: RevisionsClient } {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: cloud.identity.accessToken(caller) });
  const options = {
    fallback: true,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: cloud.port,
    projectId: 'slipway-local',
    authClient,
  };
  return { services: new ServicesClient(options), revisions: new RevisionsClient(options) };
}

const name = `${parent}/services/hello`;
const template = (tag: string, revision: string) => ({
  revision,
  containers: [{ image: `${repository}:${tag}`, env: [{ name: 'A', value: '1' }] }],
});

test('the official client creates, reads, updates under an etag, polls and lists', async () => {
  const cloud = await startCloud();
  const { services, revisions } = clientsOf(cloud);

  const [creation] = await services.createService({
    parent,
    serviceId: 'hello',
    service: { template: template('v1', 'hello-r1'), invokerIamDisabled: true },
  });
  const [created] = await creation.promise();
  expect(String(created.generation)).toBe('1');

  const [read] = await services.getService({ name });
  expect(read.terminalCondition?.state).toBe('CONDITION_SUCCEEDED');
  expect(read.trafficStatuses).toMatchObject([
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 },
  ]);
  const stale = services.updateService({
    service: { name, etag: '"stale"', annotations: { a: 'b' } },
    updateMask: { paths: ['annotations'] },
  });
  await expect(stale).rejects.toMatchObject({ code: 10 });

  const traffic = [
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION' as const, revision: 'hello-r1', percent: 100 },
    {
      type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION' as const,
      revision: 'hello-r2',
      percent: 0,
      tag: 'cand',
    },
  ];
  const [update] = await services.updateService({
    service: { name, etag: read.etag!, template: template('v2', 'hello-r2'), traffic },
    updateMask: { paths: ['template', 'traffic'] },
  });
  let polled = await services.checkUpdateServiceProgress(update.name!);
  while (!polled.done) polled = await services.checkUpdateServiceProgress(update.name!);
  const [updated] = await services.getService({ name });
  expect(updated.latestReadyRevision).toBe(`${name}/revisions/hello-r2`);
  expect(updated.invokerIamDisabled).toBe(true);
  const candidate = updated.trafficStatuses?.find(({ tag }) => tag === 'cand');
  expect((await ask(candidate!.uri!)).version).toBe('v2');
  expect((await ask(updated.uri!)).version).toBe('v1');

  const [listed] = await revisions.listRevisions({ parent: name });
  expect(listed.map((one) => one.name?.split('/').at(-1))).toEqual(['hello-r2', 'hello-r1']);
  const [revision] = await revisions.getRevision({ name: `${name}/revisions/hello-r2` });
  expect(revision.conditions?.find(({ type }) => type === 'Ready')?.state).toBe('CONDITION_SUCCEEDED');
});

test('the whole service read by the official client and written back changes nothing', async () => {
  const cloud = await startCloud();
  const { services } = clientsOf(cloud);
  const service = { template: template('v1', 'hello-r1') };
  const [creation] = await services.createService({ parent, serviceId: 'hello', service });
  await creation.promise();
  const [read] = await services.getService({ name });
  const [update] = await services.updateService({ service: read });
  await update.promise();
  const [written] = await services.getService({ name });
  expect(written.generation).not.toEqual(read.generation);
  expect(written.latestCreatedRevision).toBe(read.latestCreatedRevision);
  expect(written.template).toEqual(read.template);
  expect(written.traffic).toEqual(read.traffic);
});

test('a failed revision rejects the official client’s operation with Google’s words', async () => {
  const cloud = await startCloud();
  const { services } = clientsOf(cloud);
  const service = { template: template('missing', 'hello-r1') };
  const [creation] = await services.createService({ parent, serviceId: 'hello', service });
  await expect(creation.promise()).rejects.toThrow(`Image '${repository}:missing' not found.`);
  const [read] = await services.getService({ name });
  expect(read.terminalCondition).toMatchObject({ state: 'CONDITION_FAILED', reason: 'CONTAINER_MISSING' });
});
