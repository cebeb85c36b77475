import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiClient, type ApiClient } from '#cli/api-client.ts';
import { CommandError, Unconfirmed, Unreachable } from '#cli/exit.ts';
import { deploymentOf, waitingOf } from '#test/support/deployment.ts';
import { openApi, token, type ApiServer } from './api-server.ts';

let server: ApiServer;
let client: ApiClient;
beforeEach(async () => {
  server = await openApi();
  client = createApiClient({ url: `${server.url}/`, token: async () => token });
});
afterEach(() => server.close());

const id = deploymentOf().id;

describe('the client of the api function', () => {
  it('asks for a deployment and finds what became of it by the id that was answered', async () => {
    server.decide({ decision: 'refused', reason: 'because' });
    const requestId = await client.deploy({
      requestId: 'request-1',
      service: 'hello',
      environment: 'staging',
      tag: 'v1',
    });
    expect(requestId).toBe('ana@example.com/request-1');
    expect(await client.requests(requestId)).toMatchObject([{ decision: 'refused', reason: 'because' }]);
    expect(server.asked).toMatchObject([{ kind: 'deploy', tag: 'v1', requestedBy: 'ana@example.com' }]);
  });

  it('keeps every field of a record, and filters lists', async () => {
    const deployment = deploymentOf();
    await server.put(deployment, waitingOf({ id: 'd1f3k7q2x9ac', service: 'other' }));
    expect(await client.deployment(id)).toEqual(JSON.parse(JSON.stringify(deployment)));
    expect((await client.deployments({ service: 'other' })).map((found) => found.id)).toEqual([
      'd1f3k7q2x9ac',
    ]);
    expect(await client.deployments({}, 1)).toHaveLength(1);
    expect(await client.report(id)).toMatchObject({ reportVersion: 1, deploymentId: id });
    expect(await client.refusals()).toEqual([]);
  });

  it('stops a waiting deployment at once and tells a running one', async () => {
    await server.put(waitingOf({ id: 'd1f3k7q2x9ac' }), deploymentOf());
    expect(await client.cancel('d1f3k7q2x9ac', 'no')).toMatchObject({ status: 'finished' });
    expect(await client.cancel(id, 'slow')).toMatchObject({
      status: 'active',
      signal: { kind: 'cancel', by: 'ana@example.com', reason: 'slow' },
    });
  });

  it.each([
    ['says no', 2, 'there is no deployment d00000000000', (c: ApiClient) => c.deployment('d00000000000')],
    [
      'takes no such number',
      2,
      'limit "0": expected a number from 1 to 200',
      (c: ApiClient) => c.deployments({}, 0),
    ],
  ])('gives the words of an api that %s, as exit code %d', async (_, exitCode, message, call) => {
    await expect(call(client)).rejects.toMatchObject({ exitCode, message });
  });

  it.each([
    ['a rule of the service file', { status: 403, body: '{"error":"ana asked for it"}' }, 'ana asked for it'],
    ['a conflict', { status: 409, body: '{"error":"taken"}' }, 'taken'],
  ])('counts %s as a no', async (_, fault, message) => {
    server.next(fault);
    await expect(client.approvals(false)).rejects.toMatchObject({ exitCode: 1, message });
  });

  it.each([
    ['cut' as const, true],
    [{ status: 504, body: '{"error":"not verified"}' }, true],
    [{ status: 200, body: 'done?' }, true],
    [{ status: 401, body: '{"error":"no"}' }, false],
    [{ status: 429, body: 'Rate exceeded.' }, false],
  ])('after %j: it may have been done is %s', async (fault, mayBe) => {
    server.next(fault);
    const error: unknown = await client.deployments().catch((caught: unknown) => caught);
    expect(error instanceof Unconfirmed).toBe(mayBe);
  });

  it('knows that nothing was done where nobody listens', async () => {
    await server.close();
    const error: unknown = await client.deployments().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Unreachable);
    expect(error).not.toBeInstanceOf(Unconfirmed);
    server = await openApi();
  });

  it('says no to a second word for one that is finished', async () => {
    await server.put(waitingOf());
    await client.cancel(id, 'first');
    await expect(client.cancel(id, 'second')).rejects.toMatchObject({ exitCode: 1 });
  });

  it.each([
    [{ status: 401, body: '{"error":"no"}' }, /roles\/run\.invoker/],
    [
      { status: 403, body: '{"error":{"code":403,"message":"roles/run.invoker"}}' },
      /\(403\): roles\/run\.invoker/,
    ],
    [{ status: 403, body: '<html>Forbidden</html>' }, /does not let you in \(403\)/],
    [{ status: 500, body: '{"error":{"message":"ledger is away"}}' }, /answers 500: ledger is away/],
    [{ status: 502, body: '\u001B[2Jbad\r\ngateway' }, /answers 502: \[2Jbad\ngateway/],
    [{ status: 429, body: 'Rate exceeded.' }, /answers 429: Rate exceeded/],
    [{ status: 200, body: '<html>a proxy</html>' }, /not as Slipway does/],
    [{ status: 200, body: '{"deployments":[{"id":1}]}' }, /deployments\[0\]\.service/],
    [{ status: 302, body: '', location: 'http://127.0.0.1:1/' }, /does not answer/],
    ['cut' as const, /does not answer/],
  ])('takes %j for out of reach', async (fault, message) => {
    server.next(fault);
    const error: unknown = await client.deployments().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain(token);
  });
});
