import { describe, expect, it } from 'vitest';
import { api, type ApiRequest } from '#functions/triggers/api.ts';
import { admitted, callbackUrl } from '#test/support/dispatch.ts';
import { createWorld, digestOf, type World } from '#test/support/world.ts';

const claims = (payload: unknown): string =>
  `Bearer e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.SIGNATURE_REMOVED_BY_GOOGLE`;
const ada = claims({ email: 'ada@example.com' });
function call(world: World, target: string, change: Partial<ApiRequest> = {}) {
  const [method = '', address = ''] = target.split(' ');
  const { pathname, searchParams } = new URL(address, 'http://x');
  return api(world.deps, {
    method,
    path: pathname,
    query: searchParams,
    authorization: ada,
    body: undefined,
    ...change,
  });
}
const id = 'd00000000001';
const wanted = { requestId: 'request-0001', service: 'hello', environment: 'staging', tag: 'v1' };

describe('the api', () => {
  it.each([
    ['no token', undefined],
    ['another scheme', 'Basic YTpi'],
    ['a token in one piece', 'Bearer abc'],
    ['a token without an e-mail', claims({ sub: '1' })],
    ['a token whose e-mail is none', claims({ email: 'ada' })],
    ['a token that is no JSON', 'Bearer e30.bm90LWpzb24.x'],
  ])('tells nothing to a caller with %s', async (_name, authorization) => {
    const world = createWorld();
    await admitted(world);
    for (const target of ['GET /deployments', `POST /deployments/${id}/cancel`, 'GET /nothing'])
      expect(await call(world, target, { authorization, body: { reason: 'x' } })).toMatchObject({
        status: 401,
      });
    expect((await world.deps.ledger.get('deployments', id))?.signal).toBeUndefined();
  });

  it('passes a request to deploy on under the name of the caller, who is known and not claimed', async () => {
    const world = createWorld();
    const body = { ...wanted, digest: digestOf('v1'), change: { id: '#12', title: 'faster' } };
    const answer = await call(world, 'POST /deployments', { body });
    expect(answer).toEqual({ status: 202, body: { requestId: 'ada@example.com/request-0001' } });
    expect(world.pubsub.published).toMatchObject([
      {
        topic: 'deploy-requests',
        message: {
          kind: 'deploy',
          requestedBy: 'ada@example.com',
          requestId: 'ada@example.com/request-0001',
          tag: 'v1',
        },
      },
    ]);
  });

  it.each([
    ['no body', undefined],
    ['a short request id', { ...wanted, requestId: 'a' }],
    ['a request id with a slash', { ...wanted, requestId: 'bob/request-1' }],
    ['no service', { ...wanted, service: '' }],
    ['a digest that is none', { ...wanted, digest: 'latest' }],
    ['a name for somebody else', { ...wanted, requestedBy: 'eve@example.com' }],
    [
      'a change with a script for its address',
      { ...wanted, change: { id: '1', title: 't', url: 'javascript:x' } },
    ],
  ])('refuses to deploy for %s and says what is wrong', async (_name, body) => {
    const world = createWorld();
    const answer = await call(world, 'POST /deployments', { body });
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(/.+/) } });
    expect(world.pubsub.published).toEqual([]);
  });

  it.each([
    ['GET /deployments', 200],
    ['GET /deployments?service=hello&limit=1', 200],
    ['GET /deployments?limit=0', 400],
    ['GET /deployments?limit=many', 400],
    ['GET /deployments?limit=1000', 400],
    [`GET /deployments/${id}`, 200],
    [`GET /deployments/${id}/report`, 200],
    ['GET /deployments/d00000000009', 404],
    ['GET /deployments/..%2f..', 400],
    ['GET /deployments/', 400],
    [`GET /deployments/${id}/secrets`, 404],
    [`DELETE /deployments/${id}`, 404],
    ['GET /requests/ada%40example.com%2Frequest-0001', 200],
    ['GET /requests/%E0%A4%A', 400],
    ['GET /refusals', 200],
    ['GET /', 404],
  ])('answers %s with %i', async (target, status) => {
    const world = createWorld();
    await admitted(world);
    const answer = await call(world, target);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body as object).includes('error')).toBe(status >= 400);
  });

  it('lists only what was asked for', async () => {
    const world = createWorld();
    await admitted(world);
    expect(await call(world, 'GET /deployments?service=other')).toMatchObject({ body: { deployments: [] } });
    expect(await call(world, 'GET /deployments?status=starting')).toMatchObject({
      body: { deployments: [{ id }] },
    });
  });

  it('writes a cancellation down first, then wakes the workflow', async () => {
    const world = createWorld();
    await admitted(world, { status: 'active', awaiting: { seq: 3, callbackUrl: callbackUrl() } });
    const answer = await call(world, `POST /deployments/${id}/cancel`, { body: { reason: 'wrong tag' } });
    expect(answer).toMatchObject({ status: 202 });
    expect((await world.deps.ledger.get('deployments', id))?.signal).toMatchObject({
      kind: 'cancel',
      by: 'ada@example.com',
      reason: 'wrong tag',
    });
    expect(world.callback.posts).toEqual([{ url: callbackUrl(), body: { poke: true } }]);
  });

  it.each([
    { name: 'without a reason', body: { service: 'hello', environment: 'staging' }, status: 400 },
    {
      name: 'of a service nobody deployed',
      body: { service: 'x', environment: 'y', reason: 'broken' },
      status: 409,
    },
  ])('refuses to roll back $name', async ({ body, status }) => {
    expect(await call(createWorld(), 'POST /rollback', { body })).toMatchObject({ status });
  });

  it('keeps the first word when a second one comes', async () => {
    const world = createWorld();
    await admitted(world, { status: 'active' });
    await call(world, `POST /deployments/${id}/cancel`, { body: { reason: 'first' } });
    await call(world, `POST /deployments/${id}/cancel`, { body: { reason: 'second' } });
    expect((await world.deps.ledger.get('deployments', id))?.signal).toMatchObject({ reason: 'first' });
  });

  it('answers although the workflow cannot be woken', async () => {
    const world = createWorld();
    await admitted(world, { status: 'active', awaiting: { seq: 3, callbackUrl: callbackUrl() } });
    world.callback.answer = () => {
      throw new Error('no connection');
    };
    const body = { reason: 'wrong tag' };
    expect(await call(world, `POST /deployments/${id}/cancel`, { body })).toMatchObject({ status: 202 });
  });

  it('cancels one that waits at once', async () => {
    const world = createWorld();
    await admitted(world, { status: 'waiting' });
    const answer = await call(world, `POST /deployments/${id}/cancel`, { body: { reason: 'wrong tag' } });
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'finished', result: { outcome: 'cancelled' } },
    });
  });

  it.each([
    ['a finished deployment', 'finished' as const, { reason: 'late' }, 409],
    ['no reason', 'active' as const, {}, 400],
    ['an empty reason', 'active' as const, { reason: '' }, 400],
    ['no body', 'active' as const, undefined, 400],
  ])('refuses to stop with %s', async (_name, status, body, expected) => {
    const world = createWorld();
    await admitted(world, { status });
    expect(await call(world, `POST /deployments/${id}/cancel`, { body })).toMatchObject({ status: expected });
    expect((await world.deps.ledger.get('deployments', id))?.signal).toBeUndefined();
  });
});

describe('what lies in modules of its own', () => {
  it.each([
    ['GET /doctor/slack', undefined, 200],
    ['POST /preflight', {}, 400],
    ['GET /locks', undefined, 200],
    ['GET /audit', undefined, 200],
  ])('is reached by %s', async (target, body, status) => {
    const world = createWorld({ slack: undefined });
    expect(await call(world, target, { body })).toMatchObject({ status });
  });
});
