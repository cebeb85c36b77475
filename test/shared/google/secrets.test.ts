import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { createSecrets as createSecretManager } from '#local/secrets/secrets.ts';
import { createRest } from '#shared/google/rest.ts';
import { createSecrets } from '#shared/google/secrets.ts';
import { fixedTokens, openCloud, openServer } from './cloud.ts';

async function openSecrets() {
  const cloud = await openCloud();
  const endpoint = await cloud.listen(createSecretManager({ ...cloud, mayReadAll: () => true }).routes);
  const post = (path: string, json: unknown) =>
    cloud.rest.call({
      url: `${endpoint}/v1/projects/p/secrets${path}`,
      method: 'POST',
      body: JSON.stringify(json),
    });
  await post('?secretId=database', { replication: { automatic: {} } });
  for (const value of ['one', 'two', 'three']) {
    await post('/database:addVersion', { payload: { data: Buffer.from(value).toString('base64') } });
  }
  await post('/database/versions/1:destroy', {});
  await post('/database/versions/2:disable', {});
  return createSecrets({ endpoint, rest: cloud.rest });
}

const resource = 'projects/p/secrets/database';
it.each([
  ['1', { state: 'destroyed', number: '1', resource }],
  ['2', { state: 'disabled', number: '2', resource }],
  ['3', { state: 'enabled', number: '3', resource }],
  ['latest', { state: 'enabled', number: '3', resource }],
  ['4', undefined],
])('version %s of a secret is %j', async (version, expected) => {
  const secrets = await openSecrets();
  expect(await secrets.version('p', 'database', version)).toEqual(expected);
});

it('a secret that does not exist has no version', async () => {
  const secrets = await openSecrets();
  expect(await secrets.version('p', 'missing', 'latest')).toBeUndefined();
});

it('a value is given to its judge alone: what comes back is the judgement', async () => {
  const secrets = await openSecrets();
  expect(await secrets.judge('p', 'database', '3', (value) => value === 'three')).toBe(true);
  expect(await secrets.judge('p', 'database', 'latest', (value) => value.length)).toBe(5);
});

it.each([
  ['destroyed', '1'],
  ['disabled', '2'],
])('a version that is %s is not judged: that is a fault', async (_name, version) => {
  const secrets = await openSecrets();
  let judged = 0;
  const answer = secrets.judge('p', 'database', version, () => (judged += 1));
  await expect(answer).rejects.toMatchObject({ code: 'invalid-input' });
  expect(judged).toBe(0);
});

it('a version that is not there has no judgement', async () => {
  const secrets = await openSecrets();
  expect(await secrets.judge('p', 'database', '9', () => true)).toBeUndefined();
});

it.each(['{"payload":{"data":"MARKER', '{"payload":{"data":"MARKER!"}}', '"MARKER"'])(
  'an answer that cannot be read (%s) is not quoted',
  async (body) => {
    const { origin } = await openServer(() => ({ body }));
    const secrets = createSecrets({ endpoint: origin, rest: createRest({ tokens: fixedTokens }) });
    const fault: unknown = await secrets
      .judge('p', 'database', '1', () => true)
      .catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'internal' });
    expect(inspect(fault, { depth: 9 })).not.toContain('MARKER');
  },
);
