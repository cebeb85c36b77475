import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#shared/clock.ts';
import { serve, type LocalServer } from '#local/http.ts';
import { createIdentity, type Identity } from '#local/identity/identity.ts';
import { createMetadata } from '#local/metadata/metadata.ts';
import { openStore } from '#local/store.ts';

const email = 'probe@slipway-local.iam.gserviceaccount.com';
let identity: Identity;
let server: LocalServer;

beforeAll(async () => {
  identity = await createIdentity({
    store: openStore(':memory:'),
    clock: systemClock,
    issuer: 'http://127.0.0.1',
  });
  const metadata = createMetadata({
    identity,
    email,
    projectId: 'slipway-local',
    projectNumber: '424242424242',
    region: 'us-central1',
  });
  server = await serve({ routes: metadata.routes, authenticate: () => undefined });
});
afterAll(() => server.close());

const ask = (path: string, headers: Record<string, string> = { 'metadata-flavor': 'Google' }) =>
  fetch(`${server.origin}/computeMetadata/v1${path}`, { headers });

describe('the metadata server', () => {
  it.each([
    ['/project/project-id', 'slipway-local'],
    ['/project/numeric-project-id', '424242424242'],
    ['/instance/region', 'projects/424242424242/regions/us-central1'],
    ['/instance/service-accounts/default/email', email],
    [`/instance/service-accounts/${email}/email`, email],
    ['/instance/service-accounts/default/scopes', 'https://www.googleapis.com/auth/cloud-platform\n'],
  ])('answers %s', async (path, expected) => {
    const response = await ask(path);
    expect(response.headers.get('metadata-flavor')).toBe('Google');
    expect(await response.text()).toBe(expected);
  });

  it.each([
    ['without the header', '/project/project-id', {}, 403],
    [
      'when forwarded',
      '/project/project-id',
      { 'metadata-flavor': 'Google', 'x-forwarded-for': '10.0.0.1' },
      403,
    ],
    ['for another account', '/instance/service-accounts/other@x.test/token', undefined, 404],
    ['for an identity without audience', '/instance/service-accounts/default/identity', undefined, 400],
    ['for what it does not know', '/instance/attributes/', undefined, 501],
  ])('refuses %s', async (_, path, headers, status) => {
    expect((await ask(path, headers)).status).toBe(status);
  });

  it('gives google-auth-library access token, identity token and project id in a process of its own', async () => {
    const script = `
      import { GoogleAuth } from 'google-auth-library';
      const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
      const client = await auth.getIdTokenClient('http://127.0.0.1:4200');
      const headers = await client.getRequestHeaders('http://127.0.0.1:4200/');
      console.log(JSON.stringify({
        access: await auth.getAccessToken(),
        project: await auth.getProjectId(),
        identity: headers.get('authorization').replace('Bearer ', ''),
      }));`;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script],
      { env: { GCE_METADATA_HOST: `127.0.0.1:${server.port}`, HOME: '/nonexistent' } },
    );
    const got = JSON.parse(stdout) as Record<'access' | 'project' | 'identity', string>;
    expect(stderr).toBe('');
    expect(got.project).toBe('slipway-local');
    expect(identity.authenticate(got.access)).toBe(email);
    expect(await identity.verifyIdToken(got.identity, 'http://127.0.0.1:4200')).toBe(email);
  });
});
