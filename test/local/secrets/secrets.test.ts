import { afterEach, describe, expect, it } from 'vitest';
import { serve, type LocalServer } from '#local/http.ts';
import { createSecrets } from '#local/secrets/secrets.ts';
import { openStore } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const runtime = 'hello@slipway-local.iam.gserviceaccount.com';
const secret = 'projects/slipway-local/secrets/database-url';
const value = 'postgres://user:hunter2@db/app';
let server: LocalServer | undefined;
afterEach(() => server?.close());

/** The caller's token is its e-mail here: who a token belongs to is not what these tests ask. */
async function setUp(store = openStore(':memory:')) {
  const secrets = createSecrets({ store, clock: createVirtualClock() });
  server = await serve({ routes: secrets.routes, authenticate: (token) => token });
  const { origin } = server;
  const call = async (method: string, path: string, body?: unknown, caller = 'admin@slipway.test') => {
    const response = await fetch(`${origin}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${caller}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
  };
  const add = (text: string) =>
    call('POST', `${secret}:addVersion`, { payload: { data: Buffer.from(text).toString('base64') } });
  const grant = (email: string) =>
    call('POST', `${secret}:setIamPolicy`, {
      policy: {
        bindings: [{ role: 'roles/secretmanager.secretAccessor', members: [`serviceAccount:${email}`] }],
      },
    });
  await call('POST', 'projects/slipway-local/secrets?secretId=database-url', {
    replication: { automatic: {} },
  });
  return { secrets, store, call, add, grant };
}

describe('Secret Manager', () => {
  it('numbers versions, and calls the newest of them latest', async () => {
    const { call, add } = await setUp();
    await add('first');
    expect((await add('second')).body['name']).toBe(`${secret}/versions/2`);
    expect((await call('GET', `${secret}/versions/latest`)).body).toMatchObject({
      name: `${secret}/versions/2`,
      state: 'ENABLED',
    });
    expect((await call('GET', `${secret}/versions`)).body).toMatchObject({
      versions: [{ name: `${secret}/versions/2` }, { name: `${secret}/versions/1` }],
    });
    expect((await call('GET', `${secret}/versions/3`)).status).toBe(404);
  });

  it('shows a value to the accounts that were granted access, with its checksum', async () => {
    const { call, add, grant } = await setUp();
    await add('123456789');
    const denied = await call('GET', `${secret}/versions/latest:access`, undefined, runtime);
    expect(denied.status).toBe(403);
    await grant(runtime);
    const allowed = await call('GET', `${secret}/versions/latest:access`, undefined, runtime);
    // 0xe3069283 is the published check value of CRC-32C for "123456789".
    expect(allowed.body).toEqual({
      name: `${secret}/versions/1`,
      payload: { data: Buffer.from('123456789').toString('base64'), dataCrc32c: String(0xe3069283) },
    });
  });

  it('answers the policy that says who may read, and refuses to overwrite a newer one', async () => {
    const { call, grant } = await setUp();
    const before = await call('GET', `${secret}:getIamPolicy`);
    expect(before.body['bindings']).toBeUndefined();
    await grant(runtime);
    expect((await call('GET', `${secret}:getIamPolicy`)).body['bindings']).toEqual([
      { role: 'roles/secretmanager.secretAccessor', members: [`serviceAccount:${runtime}`] },
    ]);
    const stale = await call('POST', `${secret}:setIamPolicy`, { policy: before.body });
    expect(stale.status).toBe(409);
  });

  it('refuses the value of a disabled or destroyed version, and never revives a destroyed one', async () => {
    const { call, add, grant, secrets } = await setUp();
    await add(value);
    await grant(runtime);
    const access = () => call('GET', `${secret}/versions/1:access`, undefined, runtime);
    await call('POST', `${secret}/versions/1:disable`, {});
    expect((await access()).body).toMatchObject({ error: { status: 'FAILED_PRECONDITION' } });
    expect(secrets.value(secret, '1')).toBeUndefined();
    await call('POST', `${secret}/versions/1:enable`, {});
    expect((await access()).status).toBe(200);
    await call('POST', `${secret}/versions/1:destroy`, {});
    expect((await call('POST', `${secret}/versions/1:enable`, {})).status).toBe(400);
    expect((await call('GET', `${secret}/versions/1`)).body['state']).toBe('DESTROYED');
    expect(secrets.value(secret, '1')).toBeUndefined();
  });

  it('gives Cloud Run a value by number or latest, if the runtime account may read it', async () => {
    const { add, grant, secrets, store } = await setUp();
    await add('first');
    await add(value);
    expect(secrets.value(secret, '1')).toBe('first');
    expect(secrets.value(secret, 'latest', runtime)).toBeUndefined();
    await grant(runtime);
    expect(secrets.value(secret, 'latest', runtime)).toBe(value);
    expect(secrets.value(secret, '9', runtime)).toBeUndefined();
    expect(createSecrets({ store, clock: createVirtualClock() }).value(secret, '2')).toBe(value);
  });

  it('says a value nowhere but in :access, not in errors either', async () => {
    const { call, add } = await setUp();
    const data = Buffer.from(value).toString('base64');
    const answers = [
      await add(value),
      await call('GET', secret),
      await call('GET', `${secret}/versions`),
      await call('GET', `${secret}/versions/1:access`),
      await call('POST', `${secret}:addVersion`, { payload: { data, dataCrc32c: '1' } }),
      await call('POST', `${secret}:addVersion`, { payload: { data, extra: 1 } }),
      await call('POST', `${secret}:addVersion`, { payload: { data: `${data}!` } }),
    ];
    expect(answers.slice(4).map(({ status }) => status)).toEqual([400, 400, 400]);
    for (const { text } of answers) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(data);
    }
  });

  it.each([
    ['an id with a slash', 'secretId=a%2Fb', { replication: { automatic: {} } }, 400],
    ['a secret without replication', 'secretId=other', {}, 400],
    ['replication by hand', 'secretId=other', { replication: { userManaged: {} } }, 400],
    ['a secret that exists', 'secretId=database-url', { replication: { automatic: {} } }, 409],
  ])('refuses %s', async (_, query, body, status) => {
    const { call } = await setUp();
    expect((await call('POST', `projects/slipway-local/secrets?${query}`, body)).status).toBe(status);
  });
});
