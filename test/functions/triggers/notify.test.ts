import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { notify } from '#functions/triggers/notify.ts';
import { at } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { admitted, callbackUrl } from '#test/support/dispatch.ts';
import { asProcess, crashPoint } from '#test/crash/crash.ts';
import { delivered, errors } from '#test/support/telling.ts';
import { createWorld, delivery, type World } from '#test/support/world.ts';

const id = 'd00000000001';
const event = (revision = 1) => delivery('notify', { version: 1, deploymentId: id, revision });
const tell = (world: World) => world.finish(notify(world.deps, event()));
/** A later state of the running deployment, that reads differently. */
const changed = (world: World, revision: number) =>
  admitted(world, {
    revision,
    signal: { kind: 'cancel', by: 'ana@example.com', reason: `look ${revision}`, at: at(revision) },
  });
const said = (world: World): string => JSON.stringify(world.slack.messages);
const shown = async (world: World) => (await world.deps.ledger.get('notifications', id))!;
const finished: Partial<Deployment> = { ...finishedAs('live'), id, revision: 9 };

describe('notify', () => {
  it('posts one root message, by which it can be found again', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    expect(world.slack.roots()).toMatchObject([{ subject: id, text: expect.stringContaining('hello') }]);
    expect(await shown(world)).toMatchObject({ shownRevision: 1, final: false, postingUntil: 0 });
  });

  it('edits that message when there is something newer, and says nothing when there is not', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    await tell(world);
    await changed(world, 2);
    await tell(world);
    await tell(world);
    expect(world.slack.messages).toMatchObject([{ edits: 1 }]);
    expect(said(world)).toContain('look 2');
  });

  it('asks nothing of Slack when what it says is the same', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    const { calls } = world.slack;
    await admitted(world, { revision: 2 });
    await tell(world);
    expect(world.slack.calls).toBe(calls);
    expect(await shown(world)).toMatchObject({ shownRevision: 2 });
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

  it('that is overtaken because Slack took so long writes nothing on record any more', async () => {
    const world = createWorld();
    await admitted(world, finished);
    const post = world.slack.post.bind(world.slack);
    let first = true;
    world.slack.post = async (...given) => {
      if (first) {
        first = false;
        await world.clock.sleep(40_000);
      }
      return post(...given);
    };
    const slow = notify(world.deps, event()).then(
      () => 'done',
      (error: unknown) => String(error),
    );
    await world.pass(31);
    await tell(world);
    const known = await shown(world);
    expect(known.final).toBe(true);
    expect(await world.finish(slow)).toContain('written by another function now');
    expect(await shown(world)).toEqual(known);
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
    await tell(world);
    expect(await shown(world)).toMatchObject({ undeliverable: 'not_in_channel', final: false });
    expect(errors(world)).toEqual([`Slack refuses the message of ${id}: not_in_channel`]);
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
    await changed(world, 2);
    await tell(world);
    expect(world.slack.roots()).toHaveLength(1);
  });

  it.each([
    ['slack', 'SLIPWAY_HAS_SLACK is set and SLACK_BOT_TOKEN is not'],
    ['pager', 'SLIPWAY_HAS_PAGER is set and SLIPWAY_PAGER_URL is not'],
  ] as const)('says loudly that it has no secret for the %s that others count on', async (port, problem) => {
    const world = createWorld();
    await admitted(world);
    world.deps[port] = undefined;
    await expect(tell(world)).rejects.toThrow(problem);
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

describe('the edits of running deployments', () => {
  /** Every half second something new, for that long; events arrive while others still wait. */
  async function busy(world: World, seconds: number, subjects: readonly string[]): Promise<Promise<void>[]> {
    const deliveries: Promise<void>[] = [];
    for (let revision = 2; revision <= seconds * 2; revision += 1) {
      for (const subject of subjects) {
        await admitted(world, {
          id: subject,
          revision,
          signal: { kind: 'cancel', by: 'ana@example.com', reason: `look ${revision}.`, at: at(1) },
        });
        const message = delivery('notify', { version: 1, deploymentId: subject, revision });
        // What is not acknowledged is delivered again.
        const again = async (): Promise<void> => {
          for (;;) {
            const done = await notify(world.deps, message).then(
              () => true,
              () => false,
            );
            if (done) return;
            await world.clock.sleep(10_000);
          }
        };
        deliveries.push(again());
      }
      await world.pass(0.5);
    }
    return deliveries;
  }

  it('are three seconds apart, and the newest state is shown at last without another event', async () => {
    const world = createWorld();
    await Promise.all((await busy(world, 15, [id])).map((one) => world.finish(one)));
    expect(said(world)).toContain('look 30.');
    expect(world.slack.messages).toHaveLength(1);
    expect(world.slack.messages[0]?.edits).toBeGreaterThanOrEqual(3);
    expect(world.slack.messages[0]?.edits).toBeLessThanOrEqual(6);
  });

  it('of many together stay below what Slack allows an app in a minute, and none is forgotten', async () => {
    const world = createWorld();
    const subjects = Array.from({ length: 10 }, (_, index) => `d000000000${10 + index}`);
    const deliveries = await busy(world, 60, subjects);
    const edits = world.slack.messages.reduce((sum, message) => sum + message.edits, 0);
    expect(edits).toBeGreaterThan(20);
    expect(edits).toBeLessThanOrEqual(50);
    await Promise.all(deliveries.map((one) => world.finish(one)));
    expect(world.slack.messages).toHaveLength(10);
    for (const message of world.slack.messages) expect(JSON.stringify(message)).toContain('look 120.');
  });

  it('are not lost when the function that waits for its turn dies: its event comes again', async () => {
    const world = createWorld();
    await admitted(world);
    await tell(world);
    await changed(world, 2);
    const waiting = event(2);
    const point = crashPoint(3, 'after');
    const dying = asProcess(world.deps, point, (deps) => notify(deps, waiting)).catch(() => undefined);
    await world.pass(1);
    expect(point).toMatchObject({ crashed: true, name: 'ledger.transaction' });
    await dying;
    await changed(world, 3);
    // Another event relies on the one that waits.
    await tell(world);
    expect(world.slack.messages).toMatchObject([{ edits: 0 }]);
    await delivered(world, waiting);
    expect(world.slack.messages).toMatchObject([{ edits: 1 }]);
    expect(said(world)).toContain('look 3');
  });

  it('leave Slack alone for as long as it asks, over deliveries', async () => {
    const world = createWorld();
    await admitted(world, finished);
    world.slack.mood = 'busy';
    const message = event();
    await expect(world.finish(notify(world.deps, message))).rejects.toThrow('too often');
    world.slack.mood = 'well';
    const { calls } = world.slack;
    await world.pass(5);
    await expect(world.finish(notify(world.deps, message))).rejects.toThrow('may not be written yet');
    expect(world.slack.calls).toBe(calls);
    await world.pass(5);
    await delivered(world, message);
    expect(world.clock.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 1) + 30_000);
    expect(await shown(world)).toMatchObject({ final: true });
  });
});
