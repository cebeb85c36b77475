import { ExecutionsClient } from '@google-cloud/workflows';
import { OAuth2Client } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account, parent, startServer, waits, type TestServer } from './server.ts';

let at: TestServer;
beforeEach(async () => {
  at = await startServer();
});
afterEach(() => at.stop());

function options() {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: at.identity.accessToken(account) });
  return {
    fallback: true as const,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: at.server.port,
    authClient: authClient as never,
  };
}

/** The package has no client for the workflows themselves. */
describe('Google’s own client over REST', () => {
  it('creates, gets, lists and cancels executions, with enums as numbers on the wire', async () => {
    const client = new ExecutionsClient(options());
    await at.deploy('w', waits);
    const [created] = await client.createExecution({
      parent: `${parent}/w`,
      execution: { argument: '{"a":1}', labels: { deployment: 'd1' }, callLogLevel: 'LOG_NONE' },
    });
    expect(created).toMatchObject({
      state: 'ACTIVE',
      labels: { deployment: 'd1' },
      argument: '{"a":1}',
      callLogLevel: 'LOG_NONE',
    });
    const name = created.name!;
    expect((await client.getExecution({ name, view: 'BASIC' }))[0]).toMatchObject({
      name,
      state: 'ACTIVE',
      argument: '',
    });
    const [listed] = await client.listExecutions({
      parent: `${parent}/w`,
      view: 'FULL',
      filter: 'labels.deployment="d1"',
    });
    expect(listed.map((execution) => execution.name)).toEqual([name]);
    const raw = await at.call('GET', `${name}?$alt=json;enum-encoding=int`);
    expect(raw.json).toMatchObject({ state: 1, callLogLevel: 3 });
    expect((await client.cancelExecution({ name }))[0].state).toBe('CANCELLED');
    await expect(client.getExecution({ name: `${name}x` })).rejects.toMatchObject({ code: 404 });
    await client.close();
  });
});
