import { describe, expect, it } from 'vitest';
import { loadConfig } from '#shared/env.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { notify } from '#functions/triggers/notify.ts';
import { admitted } from '#test/support/dispatch.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { delivered, errors, eventOf } from '#test/support/telling.ts';
import { createWorld, delivery, type World } from '#test/support/world.ts';

const id = 'd00000000001';
const home = '#deployments';
const fallback = '#ops';
const finished = { ...finishedAs('live'), id, revision: 9 };
const shown = async (world: World) => (await world.deps.ledger.get('notifications', id))!;

function withFallback(channel: string | undefined = fallback): World {
  const config = loadConfig({
    SLIPWAY_PROJECT: 'slipway-local',
    SLIPWAY_PROJECT_NUMBER: '424242424242',
    SLIPWAY_REGION: 'us-central1',
    SLIPWAY_BUCKET: 'slipway',
    SLIPWAY_LEDGER: 'sqlite::memory:',
    SLIPWAY_SLACK_CHANNEL: home,
    SLIPWAY_SLACK_FALLBACK_CHANNEL: channel,
  });
  return createWorld({ config });
}

const words = [
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'invalid_auth',
  'account_inactive',
  'missing_scope',
  'token_revoked',
];

describe('a channel that takes no message', () => {
  it.each(words)('(%s) leaves it to the fallback channel, which says why', async (error) => {
    const world = withFallback();
    world.slack.refusals.set(home, error);
    await admitted(world, finished);
    await delivered(world, eventOf(id));
    const [root, ...thread] = world.slack.messages;
    expect(root).toMatchObject({
      channel: world.slack.idOf(fallback),
      text: expect.stringContaining(`Posted here because ${home} does not take it: ${error}`),
    });
    expect(thread.length).toBeGreaterThan(0);
    expect(new Set(thread.map(({ channel, threadTs }) => `${channel} ${threadTs}`))).toEqual(
      new Set([`${root?.channel} ${root?.ts}`]),
    );
    expect(await shown(world)).toMatchObject({ final: true, movedBecause: error });
    expect(world.logs.filter(([severity]) => severity === 'ERROR')).toEqual([
      [
        'ERROR',
        `${home} does not take the message of ${id}: ${error}; ${fallback} does`,
        { metric: 'slack_notify_failures' },
      ],
    ]);
  });

  it('any more, since the deployment began, has the end in the fallback channel, and its thread there', async () => {
    const world = withFallback();
    await admitted(world);
    await delivered(world, eventOf(id));
    world.slack.refusals.set(home, 'is_archived');
    await admitted(world, finished);
    await delivered(world, eventOf(id));
    const [before, root, ...thread] = world.slack.messages;
    expect(before).toMatchObject({ channel: world.slack.idOf(home), edits: 0 });
    expect(root).toMatchObject({ channel: world.slack.idOf(fallback), subject: id });
    expect(thread.every(({ threadTs }) => threadTs === root?.ts)).toBe(true);
    expect(thread.length).toBeGreaterThan(0);
  });

  it('is complained of once: later edits go to where the message stands', async () => {
    const world = withFallback();
    world.slack.refusals.set(home, 'is_archived');
    await admitted(world);
    await delivered(world, eventOf(id));
    await admitted(world, finished);
    await delivered(world, eventOf(id));
    expect(world.slack.roots()).toMatchObject([{ edits: 1, text: expect.stringContaining('is_archived') }]);
    expect(errors(world)).toHaveLength(1);
  });

  it('whose post in the fallback channel was not heard finds that one again', async () => {
    const world = withFallback();
    world.slack.refusals.set(home, 'is_archived');
    await admitted(world, finished);
    world.slack.mood = 'deaf';
    const message = eventOf(id);
    await expect(world.finish(notify(world.deps, message))).rejects.toThrow('no answer');
    world.slack.mood = 'well';
    await delivered(world, message);
    expect(world.slack.roots()).toMatchObject([{ edits: 1, text: expect.stringContaining('is_archived') }]);
    expect(await shown(world)).toMatchObject({ final: true, movedBecause: 'is_archived' });
  });

  it('while the fallback channel takes none either is on record, and no event is repeated for it', async () => {
    const world = withFallback();
    world.slack.mood = 'refuses';
    await admitted(world, finished);
    expect(await delivered(world, eventOf(id))).toBe(1);
    expect(await shown(world)).toMatchObject({
      final: false,
      undeliverable: `not_in_channel; ${fallback}: not_in_channel`,
    });
  });

  it('takes it again when the fallback channel, where it stands, is gone', async () => {
    const world = withFallback();
    world.slack.refusals.set(home, 'not_in_channel');
    await admitted(world);
    await delivered(world, eventOf(id));
    world.slack.refusals.clear();
    world.slack.refusals.set(fallback, 'is_archived');
    await admitted(world, finished);
    await delivered(world, eventOf(id));
    expect(world.slack.roots()).toMatchObject([{ edits: 0 }, { channel: world.slack.idOf(home) }]);
    expect(world.slack.roots()[1]?.text).not.toContain('Posted here');
    expect((await shown(world)).movedBecause).toBeUndefined();
  });
});

describe('a message that was deleted', () => {
  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])(
    '(%s) has one successor with all details in its thread',
    async (error) => {
      const world = createWorld();
      await admitted(world);
      await delivered(world, eventOf(id));
      const update = world.slack.update.bind(world.slack);
      world.slack.update = async () => ({ ok: false, error });
      await admitted(world, finished);
      await delivered(world, eventOf(id));
      world.slack.update = update;
      await delivered(world, eventOf(id));
      const [, root, ...thread] = world.slack.messages;
      expect(world.slack.roots()).toHaveLength(2);
      expect(thread.length).toBeGreaterThan(0);
      expect(thread.every(({ threadTs }) => threadTs === root?.ts)).toBe(true);
    },
  );

  it('after the end has one with the details once more, when there is something new to say', async () => {
    const world = createWorld();
    await admitted(world, finished);
    await delivered(world, eventOf(id));
    const details = world.slack.messages.length - 1;
    world.slack.messages.length = 0;
    const acknowledged = { by: 'lee@example.com', at: '2026-01-01T00:01:00.000Z' };
    await admitted(world, { ...finished, revision: 10, acknowledged });
    await delivered(world, eventOf(id));
    const [root, ...thread] = world.slack.messages;
    expect(thread).toHaveLength(details);
    expect(thread.every(({ threadTs }) => threadTs === root?.ts)).toBe(true);
  });

  it('and whose successor was not heard of has one all the same', async () => {
    const world = createWorld();
    await admitted(world);
    await delivered(world, eventOf(id));
    world.slack.messages.length = 0;
    await admitted(world, finished);
    world.slack.mood = 'deaf';
    const message = eventOf(id);
    await expect(world.finish(notify(world.deps, message))).rejects.toThrow('no answer');
    world.slack.mood = 'well';
    await delivered(world, message);
    expect(world.slack.roots()).toHaveLength(1);
    expect(await shown(world)).toMatchObject({ final: true });
  });
});

describe('what Slack did not take', () => {
  /** Everything that reconcile asks for, delivered. */
  async function reconciled(world: World): Promise<number> {
    world.pubsub.published.length = 0;
    await world.finish(reconcile(world.deps));
    const events = world.pubsub.published.filter(({ topic }) => topic === 'deploy-events');
    for (const { message } of events) await delivered(world, delivery('notify', message));
    return events.length;
  }

  it('is tried again every ten minutes at most, for a day, and stands there once it is mended', async () => {
    const world = createWorld();
    await admitted(world, {
      ...finished,
      result: { ...finished.result!, finishedAt: new Date(world.clock.now()).toISOString() },
    });
    world.slack.mood = 'refuses';
    await delivered(world, eventOf(id));
    expect(await reconciled(world)).toBe(1);
    expect(await reconciled(world)).toBe(0);
    await world.pass(600);
    expect(await reconciled(world)).toBe(1);
    expect(errors(world)).toHaveLength(1);
    world.slack.mood = 'well';
    await world.pass(600);
    expect(await reconciled(world)).toBe(1);
    expect(world.slack.roots()).toHaveLength(1);
    expect(await reconciled(world)).toBe(0);
  });

  it('is given up after a day', async () => {
    const world = createWorld();
    await admitted(world, finished);
    world.slack.mood = 'refuses';
    await delivered(world, eventOf(id));
    await world.pass(25 * 3600);
    expect(await reconciled(world)).toBe(0);
  });

  it('is told also when many deployments ended since', async () => {
    const world = createWorld();
    await admitted(world, finished);
    world.slack.mood = 'down';
    await expect(world.finish(notify(world.deps, eventOf(id)))).rejects.toThrow('no answer');
    world.slack.mood = 'well';
    const record = await shown(world);
    await world.deps.ledger.transaction(async (tx) => {
      for (let index = 10; index < 70; index += 1) {
        const other = `d000000000${index}`;
        await tx.put('deployments', other, { ...finished, id: other });
        await tx.put('notifications', other, { ...record, subject: other, final: true });
      }
    });
    expect(await reconciled(world)).toBe(1);
    expect(await shown(world)).toMatchObject({ final: true });
  });
});
