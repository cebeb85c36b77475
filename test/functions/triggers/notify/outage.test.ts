import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '#local/http.ts';
import { createSlack as createLocalSlack } from '#local/slack/slack.ts';
import type { SlackFault } from '#local/slack/weather.ts';
import { openStore } from '#local/store.ts';
import type { Slack } from '#shared/ports/people.ts';
import { createSlack } from '#shared/slack/client.ts';
import type { Delivery } from '#functions/delivery.ts';
import { notify } from '#functions/triggers/notify.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { admitted } from '#test/support/dispatch.ts';
import { connect, pushed } from '#test/support/engine.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { eventOf } from '#test/support/telling.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { createWorld } from '#test/support/world.ts';

describe('Slack away for an hour', () => {
  it('delays no deployment and changes no outcome; then each has one message, with its end', async () => {
    const world = createWorld();
    world.slack.mood = 'down';
    const engine = connect(world);
    const tags = ['v1', 'v2', 'v3', 'v4'];
    world.release('v3', { answer: () => ({ status: 500, body: 'broken' }) });
    for (const tag of tags) {
      const { digest } = world.registry.images.get(tag) ?? { digest: world.release(tag) };
      engine.publish('gcr', pushed(tag, digest));
      await world.pass(15 * 60);
    }
    const ends = (await world.deps.ledger.list('deployments')).toReversed();
    expect(ends.map(({ result }) => result?.outcome.split('-')[0])).toEqual([
      'live',
      'live',
      'failed',
      'live',
    ]);
    // Nobody waits for Slack longer than the report does.
    expect(world.workflows.executions.map(({ state }) => state)).toEqual(tags.map(() => 'succeeded'));
    await engine.idle();
    expect(world.slack.messages).toEqual([]);

    world.slack.mood = 'well';
    const { calls } = world.slack;
    await world.finish(reconcile(world.deps));
    await engine.idle();
    const told = world.slack.roots();
    expect(told).toHaveLength(ends.length);
    expect(new Set(told.map(({ subject }) => subject))).toEqual(new Set(ends.map(({ id }) => id)));
    // Nothing of what happened meanwhile is played back: one look for what was lost, one post, and the thread.
    expect(told.map(({ edits }) => edits)).toEqual([0, 0, 0, 0]);
    expect(world.slack.calls - calls).toBeLessThanOrEqual(world.slack.messages.length + 2 * tags.length);
    for (const { id } of ends)
      expect(await world.deps.ledger.get('notifications', id)).toMatchObject({ final: true });
    await world.finish(reconcile(world.deps));
    await engine.idle();
    expect(world.slack.roots()).toHaveLength(4);
  });

  it('that comes back in the middle of a deployment shows how far it is, and then its end', async () => {
    const world = createWorld();
    world.slack.mood = 'down';
    const engine = connect(world);
    engine.publish('gcr', pushed('v1', world.release('v1', { startMs: 60_000 })));
    await world.pass(20);
    world.slack.mood = 'well';
    await world.pass(15);
    expect(world.slack.roots()).toMatchObject([{ text: expect.stringContaining('Deploying') as string }]);
    await engine.idle();
    expect(world.slack.roots()).toHaveLength(1);
    expect((await world.newest()).result?.outcome).toMatch(/^live/);
    expect(await world.deps.ledger.list('notifications')).toMatchObject([{ final: true }]);
  });
});

const id = 'd00000000001';
const token = 'xoxb-secret-token';

/** A world whose Slack is the official client over a socket to the local one; `#ops` is the fallback channel. */
async function overSockets() {
  const clock = createVirtualClock();
  const local = createLocalSlack({
    store: openStore(':memory:'),
    clock,
    botToken: token,
    channels: [
      { id: 'C0000001', name: 'deployments' },
      { id: 'C0000002', name: 'ops' },
    ],
  });
  const server = await serve({ routes: local.routes, authenticate: () => undefined });
  onTestFinished(() => server.close());
  const slack: Slack = createSlack({ token, clock, endpoint: `${server.origin}/api/`, timeoutMs: 500 });
  const world = createWorld({ slack, clock });
  const config = {
    ...world.deps.config,
    slack: { ...world.deps.config.slack, fallbackChannel: '#ops' },
  };
  return { world, deps: { ...world.deps, config }, local, clock };
}
type Setting = Awaited<ReturnType<typeof overSockets>>;

/** One delivery, while both clocks run: the sockets' own and the virtual one. @returns whether it was acknowledged */
async function deliver({ deps, clock }: Setting, message: Delivery): Promise<boolean> {
  const state = { over: false, acknowledged: false };
  const work = notify(deps, message).then(
    () => Object.assign(state, { over: true, acknowledged: true }),
    () => Object.assign(state, { over: true }),
  );
  while (!state.over) if (!(await clock.next())) await new Promise((resolve) => setTimeout(resolve, 1));
  await work;
  return state.acknowledged;
}

/** Until it is acknowledged, with Pub/Sub's shortest wait. */
async function settle(setting: Setting, message: Delivery, most = 20): Promise<boolean> {
  for (let attempt = 0; attempt < most; attempt += 1) {
    if (await deliver(setting, message)) return true;
    await setting.clock.advance(10_000);
  }
  return false;
}

/** What lasts and what passes: after three deliveries it is over. */
const faults: [string, SlackFault[]][] = [
  ['without any fault', []],
  ['that is down', [{ kind: 'down' }]],
  ['that is slow', [{ kind: 'slow', delayMs: 60_000 }]],
  ['that wants to be left alone', [{ kind: 'rate-limited', retryAfterSeconds: 25 }]],
  ['that took the first message and was not heard', [{ kind: 'accepted-but-lost', times: 1 }]],
  ['that is never heard', [{ kind: 'accepted-but-lost' }]],
  ['that refuses sections', [{ kind: 'invalid-blocks', blockType: 'section' }]],
  ['that knows no tables', [{ kind: 'invalid-blocks', blockType: 'table' }]],
  ['whose token was revoked', [{ kind: 'revoked-token' }]],
  ['whose channel was archived', [{ kind: 'archived-channel', channel: 'C0000001' }]],
];

describe('a Slack', () => {
  it.each(
    faults.flatMap(([name, list]) =>
      (['', ' when the deployment runs already'] as const).map((when) => ({ name, list, when })),
    ),
  )('$name$when ends with one root that shows the end, and each detail once', async ({ list, when }) => {
    const setting = await overSockets();
    const { world, local, clock } = setting;
    if (when !== '') {
      await admitted(world);
      await deliver(setting, eventOf(id));
      await clock.advance(10_000);
    }
    await admitted(world, { ...finishedAs('rolled-back'), id, revision: 9 });
    local.setFaults(list);
    const message = eventOf(id);
    await settle(setting, message, 3);
    local.setFaults([]);
    // Pub/Sub's next delivery, or reconcile's word.
    expect(await settle(setting, message)).toBe(true);
    const known = await world.deps.ledger.get('notifications', id);
    expect(known).toMatchObject({ final: true });
    const all = [...local.messages('deployments'), ...local.messages('ops')];
    const ends = all.filter(({ threadTs, text }) => threadTs === undefined && text.includes('Rolled back'));
    expect(ends).toMatchObject([{ ts: known?.rootTs }]);
    const thread = all.filter(({ threadTs }) => threadTs !== undefined).map(({ text }) => text);
    expect(thread.length).toBeGreaterThan(2);
    expect(thread).toEqual([...new Set(thread)]);
  });

  it('that holds back in the middle of a thread gets the rest of it, and nothing twice', async () => {
    const setting = await overSockets();
    const { world, local } = setting;
    await admitted(world, { ...finishedAs('rolled-back'), id });
    // What a channel may get at once is used up by others.
    for (let index = 0; index < 3; index += 1)
      await world.deps.slack?.post('#deployments', { text: 'hello', blocks: [] });
    const message = eventOf(id);
    // It waits for its turn itself: another delivery would take ten seconds.
    expect(await deliver(setting, message)).toBe(true);
    const texts = local.messages('deployments').flatMap(({ text }) => (text === 'hello' ? [] : [text]));
    expect(texts.length).toBeGreaterThan(3);
    expect(texts).toEqual([...new Set(texts)]);
  });

  it('whose message a person deleted has another one, and the thread below that', async () => {
    const setting = await overSockets();
    const { world, local, clock } = setting;
    await admitted(world);
    await deliver(setting, eventOf(id));
    local.deleteMessage('deployments', local.messages('deployments')[0]!.ts);
    await clock.advance(10_000);
    await admitted(world, { ...finishedAs('rolled-back'), id, revision: 9 });
    expect(await settle(setting, eventOf(id))).toBe(true);
    const [root, ...thread] = local.messages('deployments');
    expect(root?.text).toContain('Rolled back');
    expect(new Set(thread.map(({ threadTs }) => threadTs))).toEqual(new Set([root?.ts]));
  });
});
