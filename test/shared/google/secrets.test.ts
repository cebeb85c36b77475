import { expect, it } from 'vitest';
import { createSecrets as createSecretManager } from '#local/secrets/secrets.ts';
import { createSecrets } from '#shared/google/secrets.ts';
import { openCloud } from './cloud.ts';

async function openSecrets() {
  const cloud = await openCloud();
  const endpoint = await cloud.listen(createSecretManager(cloud).routes);
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

it.each([
  ['1', { state: 'destroyed', number: '1' }],
  ['2', { state: 'disabled', number: '2' }],
  ['3', { state: 'enabled', number: '3' }],
  ['latest', { state: 'enabled', number: '3' }],
  ['4', undefined],
])('version %s of a secret is %j', async (version, expected) => {
  const secrets = await openSecrets();
  expect(await secrets.version('p', 'database', version)).toEqual(expected);
});

it('a secret that does not exist has no version', async () => {
  const secrets = await openSecrets();
  expect(await secrets.version('p', 'missing', 'latest')).toBeUndefined();
});
