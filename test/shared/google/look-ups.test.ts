import { expect, it } from 'vitest';
import { createLookups } from '#local/lookups/lookups.ts';
import { Fault } from '#shared/domain/fault.ts';
import { createLookUps } from '#shared/google/look-ups.ts';
import { createRest } from '#shared/google/rest.ts';
import type { LookUps } from '#shared/ports/look-ups.ts';
import { email, fixedTokens, openCloud, openServer } from './cloud.ts';

async function open() {
  const cloud = await openCloud();
  const local = createLookups({ project: 'p', projectNumber: '4242' });
  const endpoint = await cloud.listen(local.routes);
  return { local, lookUps: createLookUps({ endpoint, rest: cloud.rest }) };
}

const runtime = 'hello@p.iam.gserviceaccount.com';

it('tells which APIs are on, and the number of the project', async () => {
  const { local, lookUps } = await open();
  local.off.add('sqladmin.googleapis.com');
  expect(await lookUps.serviceUsage.enabled('p', ['run.googleapis.com', 'sqladmin.googleapis.com'])).toEqual({
    on: ['run.googleapis.com'],
    projectNumber: '4242',
  });
});

it.each([
  '//cloudresourcemanager.googleapis.com/projects/p',
  '//run.googleapis.com/projects/p/locations/l/services/hello',
  '//run.googleapis.com/projects/p/locations/l/jobs/migrate',
  '//secretmanager.googleapis.com/projects/p/secrets/database',
  `//iam.googleapis.com/projects/p/serviceAccounts/${runtime}`,
  '//artifactregistry.googleapis.com/projects/p/locations/l/repositories/apps',
])('tells which permissions this account has on %s', async (resource) => {
  const { local, lookUps } = await open();
  local.grants.deny(email, 'run.services.update', resource);
  local.grants.deny('somebody@else.com', 'run.services.get');
  expect(await lookUps.iam.mine(resource, ['run.services.get', 'run.services.update'])).toEqual([
    'run.services.get',
  ]);
});

it('tells of no permission at all when none is held', async () => {
  const { local, lookUps } = await open();
  local.grants.deny(email, 'run.services.get');
  expect(
    await lookUps.iam.mine('//cloudresourcemanager.googleapis.com/projects/p', ['run.services.get']),
  ).toEqual([]);
});

it('does not ask an API it does not know', async () => {
  const { lookUps } = await open();
  await expect(
    lookUps.iam.mine('//storage.googleapis.com/projects/_/buckets/b', ['a.b.c']),
  ).rejects.toMatchObject({
    code: 'unsupported',
  });
});

it.each<[string, (local: ReturnType<typeof createLookups>) => void, string]>([
  ['has', () => undefined, 'yes'],
  ['has not', ({ grants }) => grants.deny(runtime, 'secretmanager.versions.access', '/secrets/db'), 'no'],
  [
    'has not on another secret',
    ({ grants }) => grants.deny(runtime, 'secretmanager.versions.access', '/secrets/other'),
    'yes',
  ],
  ['may have', ({ grants }) => grants.hide(runtime, 'secretmanager.versions.access'), 'unknown'],
])('tells that another account %s a permission', async (_name, arrange, answer) => {
  const { local, lookUps } = await open();
  arrange(local);
  const resource = '//secretmanager.googleapis.com/projects/4242/secrets/db';
  expect(await lookUps.iam.granted(runtime, resource, 'secretmanager.versions.access')).toBe(answer);
});

it.each([
  ['UNKNOWN_INFO', 'unknown'],
  ['UNKNOWN_CONDITIONAL', 'unknown'],
  ['OVERALL_ACCESS_STATE_UNSPECIFIED', 'unknown'],
  ['SOMETHING_NEW', 'unknown'],
  ['CANNOT_ACCESS', 'no'],
  ['CAN_ACCESS', 'yes'],
])('takes %s of Policy Troubleshooter for "%s"', async (overallAccessState, answer) => {
  const { origin, requests } = await openServer(() => ({ body: JSON.stringify({ overallAccessState }) }));
  const { iam } = createLookUps({ endpoint: origin, rest: createRest({ tokens: fixedTokens }) });
  expect(await iam.granted('a@b.com', '//run.googleapis.com/projects/p', 'run.services.get')).toBe(answer);
  expect(requests[0]).toMatchObject({ method: 'POST', url: '/v3/iam:troubleshoot' });
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    accessTuple: {
      principal: 'a@b.com',
      fullResourceName: '//run.googleapis.com/projects/p',
      permission: 'run.services.get',
    },
  });
});

it('tells of a service account whether it is there and disabled', async () => {
  const { local, lookUps } = await open();
  expect(await lookUps.iam.serviceAccount(runtime)).toEqual({ disabled: false });
  local.grants.accounts.set(runtime, 'disabled');
  expect(await lookUps.iam.serviceAccount(runtime)).toEqual({ disabled: true });
  local.grants.accounts.set(runtime, 'missing');
  expect(await lookUps.iam.serviceAccount(runtime)).toBeUndefined();
});

it('tells the state of a Cloud SQL instance', async () => {
  const { local, lookUps } = await open();
  expect(await lookUps.cloudSql.instance('p', 'main')).toBeUndefined();
  local.sqlInstances.set('p:main', { region: 'us-central1' });
  expect(await lookUps.cloudSql.instance('p', 'main')).toMatchObject({
    state: 'RUNNABLE',
    connectionName: 'p:us-central1:main',
    maxConnections: undefined,
    hasPublicIp: false,
  });
  local.sqlInstances.set('p:main', {
    region: 'us-central1',
    settings: {
      tier: 'db-f1-micro',
      databaseFlags: [{ name: 'max_connections', value: '25' }],
      ipConfiguration: { ipv4Enabled: true, sslMode: 'ENCRYPTED_ONLY' },
    },
  });
  expect(await lookUps.cloudSql.instance('p', 'main')).toMatchObject({
    tier: 'db-f1-micro',
    maxConnections: 25,
    sslMode: 'ENCRYPTED_ONLY',
    hasPublicIp: true,
  });
});

it('tells of connectors and subnetworks', async () => {
  const { local, lookUps } = await open();
  const connector = 'projects/p/locations/l/connectors/c';
  const subnetwork = 'projects/p/regions/r/subnetworks/s';
  expect(await lookUps.network.connector(connector)).toBeUndefined();
  expect(await lookUps.network.subnetwork(subnetwork)).toBeUndefined();
  local.networks.connectors.set(connector, { ipCidrRange: '10.8.0.0/28', maxInstances: 10 });
  local.networks.subnetworks.set(subnetwork, { ipCidrRange: '10.0.0.0/26', network: 'n' });
  expect(await lookUps.network.connector(connector)).toMatchObject({
    state: 'READY',
    ipCidrRange: '10.8.0.0/28',
    minInstances: 2,
    maxInstances: 10,
  });
  expect(await lookUps.network.subnetwork(subnetwork)).toEqual({ ipCidrRange: '10.0.0.0/26', network: 'n' });
});

const asks: [string, (lookUps: LookUps) => Promise<unknown>][] = [
  ['serviceusage.googleapis.com', ({ serviceUsage }) => serviceUsage.enabled('p', ['run.googleapis.com'])],
  ['iam.googleapis.com', ({ iam }) => iam.serviceAccount(runtime)],
  ['sqladmin.googleapis.com', ({ cloudSql }) => cloudSql.instance('p', 'main')],
  ['vpcaccess.googleapis.com', ({ network }) => network.connector('projects/p/locations/l/connectors/c')],
  ['compute.googleapis.com', ({ network }) => network.subnetwork('projects/p/regions/r/subnetworks/s')],
];

it.each(asks)('an API that is off (%s) is a fault, not an absence', async (api, ask) => {
  const { local, lookUps } = await open();
  local.off.add(api);
  const fault = await ask(lookUps).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ code: 'permission-denied', retryable: false });
  expect(String(fault)).toContain(`${api} has not been used`);
});

it.each(asks)('asks %s at its own host, unless one place answers for all', async (api, ask) => {
  const seen: string[] = [];
  const rest = createRest({
    tokens: fixedTokens,
    fetch: async (input) => {
      seen.push(new URL(input instanceof Request ? input.url : input).host);
      return new Response('{}', { status: 404 });
    },
  });
  await ask(createLookUps({ endpoint: undefined, rest })).catch(() => undefined);
  expect(seen).toEqual([api]);
});
