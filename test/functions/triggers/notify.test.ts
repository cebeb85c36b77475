import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { notify } from '#functions/triggers/notify.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { admitted, callbackUrl } from '#test/support/dispatch.ts';
import { asProcess, crashPoint } from '#test/crash/crash.ts';
import { createWorld, delivery, type World } from '#test/support/world.ts';

const id = 'd00000000001';
const event = (revision = 1) => delivery('notify', { version: 1, deploymentId: id, revision });
const tell = (world: World) => world.finish(notify(world.deps, event()));
const shown = async (world: World) => (await world.deps.ledger.get('notifications', id))!;
const finished: Partial<Deployment> = { ...finishedAs('live'), id, revision: 9 };

describe('notify', () => {
  it('posts one root message, by which it can be found again', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    expect(world.slack.roots()).toMatchObject([{ deploymentId: id, text: expect.stringContaining('hello') }]);
    expect(await shown(world)).toMatchObject({ shownRevision: 1, final: false, postingUntil: 0 });
  });

  it('edits that message when there is something newer, and says nothing when there is not', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    await tell(world);
    await world.pass(5);
    await admitted(world, { revision: 2 });
    await tell(world);
    await tell(world);
    expect(world.slack.messages).toMatchObject([{ edits: 1 }]);
  });

  it('edits at most once in three seconds while the deployment runs', async () => {
    const world = createWorld();
    for (let revision = 1; revision <= 20; revision += 1) {
      await admitted(world, { revision });
      await tell(world);
      await world.pass(0.5);
    }
    expect(world.slack.messages).toHaveLength(1);
    expect(world.slack.messages[0]?.edits).toBeLessThanOrEqual(3);
  });

  it('shows the end at once, with its details in the thread, once, and wakes the workflow', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    await admitted(world, { ...finished, awaiting: { seq: 9, callbackUrl: callbackUrl() } });
    await tell(world);
    await tell(world);
    const [root, ...thread] = world.slack.messages;
    expect(root).toMatchObject({ edits: 1 });
    expect(thread.length).toBeGreaterThan(0);
    expect(new Set(thread.map(({ threadTs }) => threadTs))).toEqual(new Set([root?.ts]));
    expect((await shown(world)).final).toBe(true);
    expect(world.callback.posts).toEqual([{ url: callbackUrl(), body: { poke: true } }]);
  });

  it.each([
    ['a running deployment', {}],
    ['one that ended before it was ever shown', finished],
  ])('told of %s twice at once posts it once', async (_name, change) => {
    const world = createWorld();
    await admitted(world, change);
    await Promise.allSettled([tell(world), notify(world.deps, event())]);
    await tell(world);
    expect(world.slack.roots()).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)(
    'that dies %s any of its calls posts no second root, and the end gets there',
    async (when) => {
      for (let at = 1; ; at += 1) {
        const world = createWorld();
        await admitted(world, finished);
        const point = crashPoint(at, when);
        await world
          .finish(asProcess(world.deps, point, (deps) => notify(deps, event())))
          .catch(() => undefined);
        // Redelivered until it is acknowledged.
        for (let attempt = 0; attempt < 10; attempt += 1) {
          await world.pass(10);
          const done = await tell(world).then(
            () => true,
            () => false,
          );
          if (done) break;
        }
        expect(world.slack.roots(), `${when} call ${at}, ${point.name}`).toHaveLength(1);
        expect((await shown(world)).final, `${when} call ${at}, ${point.name}`).toBe(true);
        if (!point.crashed) break;
      }
    },
  );

  it('that got no answer from Slack although the message landed finds it again', async () => {
    const world = createWorld();
    await admitted(world);
    world.slack.mood = 'deaf';
    await expect(tell(world)).rejects.toThrow('no answer');
    world.slack.mood = 'well';
    await tell(world);
    expect(world.slack.messages).toMatchObject([{ edits: 1 }]);
  });

  it('is not acknowledged while Slack is away', async () => {
    const world = createWorld();
    await admitted(world);
    world.slack.mood = 'down';
    await expect(tell(world)).rejects.toThrow('no answer');
  });

  it('acknowledges what Slack refuses, keeps why, and forgets it when the next one gets through', async () => {
    const world = createWorld();
    await admitted(world);
    world.slack.mood = 'refuses';
    await tell(world);
    expect(await shown(world)).toMatchObject({ undeliverable: 'not_in_channel', final: false });
    expect(world.logs).toContainEqual([
      'ERROR',
      expect.stringContaining('not_in_channel'),
      expect.anything(),
    ]);
    world.slack.mood = 'well';
    await tell(world);
    expect((await shown(world)).undeliverable).toBeUndefined();
    expect(world.slack.roots()).toHaveLength(1);
  });

  it('posts anew when its message was deleted', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    world.slack.messages.length = 0;
    await world.pass(5);
    await admitted(world, { revision: 2 });
    await tell(world);
    expect(world.slack.roots()).toHaveLength(1);
  });

  it('does nothing where there is no Slack', async () => {
    const world = createWorld({ slack: undefined });
    await admitted(world);
    await tell(world);
    expect(await world.deps.ledger.list('notifications')).toEqual([]);
  });

  it.each([
    ['what is no event', { deploymentId: id }],
    ['an event of a deployment nobody knows', { version: 1, deploymentId: 'd00000000009', revision: 1 }],
  ])('refuses %s', async (_name, data) => {
    const world = createWorld();
    await notify(world.deps, delivery('notify', data));
    expect(await world.deps.ledger.list('refusals')).toHaveLength(1);
  });
});
