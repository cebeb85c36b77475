import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, place } from '#local/place.ts';
import { requestKey } from '#shared/ledger/ledger.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** What must not be believed, through the real front doors: refused with a reason, nothing lost, nothing retried for ever. */
let test: TestStack;

beforeAll(async () => {
  test = await openTestStack();
  await test.serviceFile();
});
afterAll(() => test?.close());

const image = `${place.registryHost}/${place.repository}/hello`;
const digest = `sha256:${'a'.repeat(64)}`;

function publish(topic: string, data: unknown): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return test.stack.pubsub.publish(`projects/${place.project}/topics/${topic}`, [{ data: text }])[0]!;
}

describe('on the gcr topic', () => {
  it.each([
    { name: 'text that is not JSON', data: 'hello there', reason: 'not an Artifact Registry notification' },
    {
      name: 'JSON of another kind',
      data: { insertion: true },
      reason: 'not an Artifact Registry notification',
    },
    {
      name: 'an unknown action',
      data: { action: 'PATCH', tag: `${image}:v1` },
      reason: 'not an Artifact Registry notification',
    },
    {
      name: 'a tag that is no reference',
      data: { action: 'INSERT', tag: 'https://evil/x y' },
      reason: 'not an image reference',
    },
    {
      name: 'a tag and a digest of different images',
      data: { action: 'INSERT', tag: `${image}:v1`, digest: `${image}-other@${digest}` },
      reason: 'name different images',
    },
  ])('$name is refused and kept', async ({ data, reason }) => {
    const messageId = publish('gcr', data);
    const refusal = await until(() => test.ledger.get('refusals', `image-push.${messageId}`));
    expect(refusal.reason).toContain(reason);
  });

  it.each([
    { name: 'a deletion', data: { action: 'DELETE', tag: `${image}:v1` }, reason: 'was deleted' },
    {
      name: 'an image without a tag',
      data: { action: 'INSERT', digest: `${image}@${digest}` },
      reason: 'has no tag',
    },
    {
      name: 'an image nobody tracks',
      data: { action: 'INSERT', tag: `${image}-other:v1` },
      reason: 'no service file names',
    },
  ])('$name is ignored and that is on record', async ({ data, reason }) => {
    const messageId = publish('gcr', data);
    const record = await until(() => test.ledger.get('requests', messageId));
    expect(record).toMatchObject({ decision: 'ignored' });
    expect(record.reason).toContain(reason);
  });

  it('a digest that is not in the registry ends as failed, before anything was touched', async () => {
    const missing = `sha256:${'b'.repeat(64)}`;
    publish('gcr', { action: 'INSERT', tag: `${image}:ghost`, digest: `${image}@${missing}` });
    const done = await test.deployment(missing);
    expect(done.result).toMatchObject({ outcome: 'failed', serving: [] });
    expect(done.failure).toMatchObject({ step: 'preflight' });
    expect(done.failure?.message).toContain(missing);
  });
});

describe('a service file', () => {
  it('with several errors refuses the push and names them all', async () => {
    await test.serviceFile(
      (text) =>
        text
          .replace('service: hello', 'service: broken')
          .replaceAll('apps/hello', 'apps/broken')
          .replace('successes: 3', 'succeses: 3')
          .replace('interval: 200ms', 'interval: fast'),
      'broken',
    );
    const messageId = publish('gcr', { action: 'INSERT', tag: `${image.replace(/hello$/, 'broken')}:v1` });
    const record = await until(() =>
      test.ledger.get('requests', requestKey(messageId, 'services/broken.yaml')),
    );
    expect(record.decision).toBe('refused');
    expect(record.reason).toMatch(/services\/broken\.yaml:\d+:\d+ .*succeses/);
    expect(record.reason).toMatch(/"fast"/);
  });

  it('with a secret that does not exist fails in preflight, before anything is built', async () => {
    await test.serviceFile(
      (text) =>
        text
          .replace('service: hello', 'service: needs-secret')
          .replaceAll('apps/hello', 'apps/needs-secret')
          .replace(
            '  access: public',
            '  access: public\n  secrets:\n    DATABASE_PASSWORD: database-password:3',
          ),
      'needs-secret',
    );
    const wanted = `sha256:${'c'.repeat(64)}`;
    const name = image.replace(/hello$/, 'needs-secret');
    publish('gcr', { action: 'INSERT', tag: `${name}:v1`, digest: `${name}@${wanted}` });
    const done = await test.deployment(wanted);
    expect(done.failure).toMatchObject({ step: 'preflight' });
    expect(done.failure?.message).toContain('database-password:3');
    expect(done.result?.outcome).toBe('failed');
  });

  it('in a project that is not ready for it is told all that is missing at once', async () => {
    const { lookups } = test.stack;
    const runtime = `unready@${place.project}.iam.gserviceaccount.com`;
    const connection = `${place.project}:${place.region}:main`;
    lookups.off.add('vpcaccess.googleapis.com');
    lookups.grants.deny(accounts.functions, 'iam.serviceAccounts.actAs', runtime);
    lookups.grants.accounts.set(runtime, 'disabled');
    lookups.sqlInstances.set(`${place.project}:main`, { region: place.region, state: 'SUSPENDED' });
    await test.serviceFile(
      (text) =>
        text
          .replace('service: hello', 'service: unready')
          .replaceAll('apps/hello', 'apps/unready')
          .replace(/serviceAccount: .*/, `serviceAccount: ${runtime}`)
          .replace(
            '  access: public',
            `  access: public\n  vpc: { connector: vpc }\n  cloudSql: ['${connection}']`,
          ),
      'unready',
    );
    const wanted = `sha256:${'d'.repeat(64)}`;
    const name = image.replace(/hello$/, 'unready');
    publish('gcr', { action: 'INSERT', tag: `${name}:v1`, digest: `${name}@${wanted}` });
    const { failure, checks } = await test.deployment(wanted);
    lookups.off.clear();
    expect(failure).toMatchObject({ step: 'preflight', ending: 'rejected', cause: { class: 'permission' } });
    for (const told of [
      /vpcaccess\.googleapis\.com is on: not enabled/,
      /deploy may act as the runtime account: missing/,
      /unready@.* is disabled/,
      /main runs: SUSPENDED/,
      /Image is in the registry: .* has no sha256:ddd/,
    ])
      expect(failure?.message).toMatch(told);
    // An API that is off cannot be asked either: that is no answer about the connector.
    expect(checks.find(({ id }) => id === 'connector')).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('a step message', () => {
  it('with a foreign callback address sends nothing there and is refused', async () => {
    const seen: string[] = [];
    const thief = createServer((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.end();
    });
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
    const { port } = thief.address() as AddressInfo;
    const messageId = publish('step-preflight', {
      version: 1,
      deploymentId: 'd1ngc1fmngx0',
      executionId: 'some-execution',
      seq: 1,
      step: 'preflight',
      attempt: 1,
      phase: 'candidate',
      callbackUrl: `http://127.0.0.1:${port}/v1/projects/${place.project}/locations/${place.region}/workflows/${place.workflow}/executions/some-execution/callbacks/c`,
      deadline: Date.now() / 1000 + 100,
    });
    const refusal = await until(() => test.ledger.get('refusals', `preflight.${messageId}`));
    expect(refusal.reason).toContain("the callback's origin is");
    expect(seen).toEqual([]);
    thief.close();
  });

  it('for an unknown deployment is refused', async () => {
    const execution = 'aaaaaaaa-1111-2222-3333-444444444444';
    const messageId = publish('step-push', {
      version: 1,
      deploymentId: 'd1zzzzzzzzzz',
      executionId: execution,
      seq: 1,
      step: 'push',
      attempt: 1,
      phase: 'candidate',
      callbackUrl: `${test.stack.origin}/v1/projects/${place.project}/locations/${place.region}/workflows/${place.workflow}/executions/${execution}/callbacks/c`,
      deadline: Date.now() / 1000 + 100,
    });
    const refusal = await until(() => test.ledger.get('refusals', `push.${messageId}`));
    expect(refusal.reason).toBe('there is no deployment d1zzzzzzzzzz');
  });
});

describe('a caller', () => {
  const call = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(test.stack.origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });

  it('without an identity token reaches no function', async () => {
    expect((await call('/functions/admit/projects/p/topics/t')).status).toBe(401);
  });

  it('with a token for another function reaches none', async () => {
    const token = await test.stack.identity.idToken(accounts.push, `${test.stack.origin}/functions/notify`);
    expect(
      (await call('/functions/admit/projects/p/topics/t', { authorization: `Bearer ${token}` })).status,
    ).toBe(401);
  });

  it('who was not granted the function is turned away', async () => {
    const token = await test.stack.identity.idToken(
      accounts.developer,
      `${test.stack.origin}/functions/admit`,
    );
    expect(
      (await call('/functions/admit/projects/p/topics/t', { authorization: `Bearer ${token}` })).status,
    ).toBe(403);
  });

  it('without a token of this stack reaches no API and no callback', async () => {
    const execution = `/v1/projects/${place.project}/locations/${place.region}/workflows/${place.workflow}/executions`;
    expect((await call(execution)).status).toBe(401);
    expect((await call(`${execution}/e/callbacks/c`)).status).toBe(401);
    expect((await call(execution, { authorization: 'Bearer forged' })).status).toBe(401);
  });

  it('of the api without a body that makes sense is told what is wrong with it', async () => {
    const token = await test.stack.identity.idToken(accounts.developer, `${test.stack.origin}/functions/api`);
    const answer = await call('/functions/api/deployments', { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/requestId.*service.*environment/s);
  });
});

it('nothing of all this is delivered again and again', async () => {
  const names = ['image-push', 'admit', 'preflight', 'push'];
  const backlog = (name: string): unknown[] =>
    test.stack.pubsub.backlog(`projects/${place.project}/subscriptions/${name}`);
  const quiet = await until(async () =>
    names.every((name) => backlog(name).length === 0) ? names : undefined,
  );
  expect(quiet).toEqual(names);
});

describe('at the api', () => {
  it('nobody can give themselves another name beside the token that is checked', async () => {
    const address = `${test.stack.origin}/functions/api`;
    const token = await test.stack.identity.idToken(accounts.developer, address);
    const boss = Buffer.from(JSON.stringify({ email: 'boss@example.com' })).toString('base64url');
    const ask = (headers: Record<string, string>) => fetch(`${address}/deployments`, { headers });
    expect((await ask({ 'x-serverless-authorization': `Bearer ${token}` })).status).toBe(200);
    const forged = { authorization: `Bearer e30.${boss}.x`, 'x-serverless-authorization': `Bearer ${token}` };
    expect((await ask(forged)).status).toBe(401);
    expect((await ask({ authorization: `Bearer e30.${boss}.x` })).status).toBe(401);
  });
});
