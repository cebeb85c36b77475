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

  it('reads results and errors, and follows the pages of a list', async () => {
    const client = new ExecutionsClient(options());
    await at.deploy('half', 'main: {params: [n], steps: [{a: {return: "${10 / n}"}}]}');
    const names: string[] = [];
    for (const argument of ['4', '0', '2']) {
      const [created] = await client.createExecution({
        parent: `${parent}/half`,
        execution: { argument },
      });
      names.unshift(created.name!);
      await at.ended(created.name!);
    }
    const [last, failed, first] = await Promise.all(
      names.map(async (name) => (await client.getExecution({ name }))[0]),
    );
    expect(last).toMatchObject({ state: 'SUCCEEDED', result: '5' });
    expect(failed).toMatchObject({
      state: 'FAILED',
      error: {
        payload: expect.stringContaining('ZeroDivisionError'),
        context: expect.stringContaining('in step "a", routine "main", line: 1'),
        stackTrace: { elements: [{ routine: 'main', step: 'a', position: { line: '1' } }] },
      },
    });
    expect(first).toMatchObject({ state: 'SUCCEEDED', result: '2.5' });
    const found: string[] = [];
    for await (const { name } of client.listExecutionsAsync({ parent: `${parent}/half`, pageSize: 1 })) {
      found.push(name!);
    }
    expect(found).toEqual(names);
    await expect(
      client.createExecution({ parent: `${parent}/nothing`, execution: {} }),
    ).rejects.toMatchObject({ code: 404 });
    await client.close();
  });
});
