import { describe, expect, it } from 'vitest';
import { connect } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile } from '#test/support/world.ts';
import { call } from './call.ts';

const place = { service: 'hello', environment: 'staging' };
const bob = 'bob@example.com';

describe('the api of manual locks', () => {
  it('locks for the caller, for as long as asked, and lists it', async () => {
    const world = createWorld();
    const body = { ...place, reason: 'release day', forSeconds: 60 };
    expect(await call(world, 'POST /locks', { body })).toMatchObject({
      status: 200,
      body: {
        lock: { owner: 'ada@example.com', reason: 'release day', expiresAt: '2026-01-01T00:01:00.000Z' },
      },
    });
    expect((await call(world, 'GET /locks')).body).toMatchObject({
      locks: [{ ...place, lock: { owner: 'ada@example.com' } }],
    });
    await world.pass(60);
    const { locks } = (await call(world, 'GET /locks')).body as { locks: object[] };
    expect(locks[0]).not.toHaveProperty('lock');
    expect(locks[0]).toMatchObject({ history: [{ change: 'locked' }] });
  });

  it('leaves somebody else’s lock alone unless it is stolen with a reason, which is told', async () => {
    const world = createWorld();
    await call(world, 'POST /locks', { body: { ...place, reason: 'release day' } });
    for (const [target, body] of [
      ['POST /locks', { ...place, reason: 'mine' }],
      ['DELETE /locks/hello/staging', { reason: 'gone' }],
    ] as const)
      expect(await call(world, target, { body, by: bob })).toMatchObject({
        status: 409,
        body: {
          error: expect.stringContaining('locked by ada@example.com') as string,
          lock: { reason: 'release day' },
        },
      });
    expect(
      (await call(world, 'DELETE /locks/hello/staging', { body: { steal: true }, by: bob })).status,
    ).toBe(400);
    const body = { reason: 'ada is on holiday', steal: true };
    expect(await call(world, 'DELETE /locks/hello/staging', { body, by: bob })).toMatchObject({
      status: 200,
      body: {
        history: [{ change: 'locked' }, { change: 'broken', by: bob, before: { owner: 'ada@example.com' } }],
      },
    });
    expect(world.logs.at(-1)?.[1]).toMatch(
      /hello staging broken by bob@example.com: ada is on holiday, which was locked by ada/,
    );
    expect((await call(world, 'DELETE /locks/hello/staging', { body, by: bob })).status).toBe(404);
  });

  it('tells Slack of a stolen lock, once, with whose it was and why, and calls the owners', async () => {
    const world = createWorld();
    world.configure(serviceFile('slack: { owners: [S0OWNERS] }'));
    const engine = connect(world);
    override(world.pubsub, 'publish', () => async (topic, message) => {
      // Pub/Sub delivers at least once.
      engine.publish(topic, message);
      engine.publish(topic, message);
    });
    await call(world, 'POST /locks', { body: { ...place, reason: 'release <!channel> day' } });
    await call(world, 'POST /locks', { body: { ...place, reason: 'hotfix', steal: true }, by: bob });
    await engine.idle();
    expect(world.slack.messages.map(({ text }) => text)).toEqual([
      '<!subteam^S0OWNERS> bob@example.com took over the lock of ada@example.com (“release &lt;!channel&gt; day”) on hello → staging: hotfix',
    ]);
  });

  it.each([
    [{ ...place, environment: 'stagin', reason: 'x' }, 404, /known: hello staging/],
    [{ ...place }, 400, /reason/],
    [{ ...place, reason: '' }, 400, /reason/],
    [{ ...place, reason: 'x', forSeconds: 0 }, 400, /forSeconds/],
    [{ ...place, reason: 'x', owner: bob }, 400, /owner/],
    [undefined, 400, /service/],
  ])('refuses to lock by %j', async (body, status, says) => {
    const answer = await call(createWorld(), 'POST /locks', { body });
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(says) as string } });
  });
});

describe('the api of policies', () => {
  it.each([
    'GET /approvals/a00000000000',
    'POST /approvals/a00000000000/approve',
    'POST /approvals/a00000000000/shrug',
    'POST /approvals/a%2Fb/approve',
    'POST /approvals/%E0%A4%A/approve',
    'POST /quarantine/hello.staging.x/release',
    'DELETE /locks/hello',
    'DELETE /locks/hello/staging/more',
    'PUT /locks',
  ])('finds nothing at %s', async (target) => {
    const answer = await call(createWorld(), target, {
      body: target.includes('approve') ? {} : { reason: 'x' },
    });
    expect(answer).toMatchObject({ status: 404, body: { error: expect.stringMatching(/./) as string } });
  });

  it('wants a reason for letting a release go', async () => {
    const answer = await call(createWorld(), 'POST /quarantine/hello.staging.x/release', { body: {} });
    expect(answer.status).toBe(400);
  });
});
