import { describe, expect, it } from 'vitest';
import type { Approval } from '#shared/domain/approval.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { notify } from '#functions/triggers/notify.ts';
import { asProcess, crashPoint } from '#test/crash/crash.ts';
import { delivered } from '#test/support/telling.ts';
import { createWorld, delivery, digestOf, image, serviceFile, type World } from '#test/support/world.ts';

const id = 'a00000000001';
const start = Date.UTC(2026, 0, 1);
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
const open: Approval = {
  id,
  service: 'hello',
  environment: 'staging',
  image,
  status: 'open',
  requestedBy: 'ana@example.com',
  required: 2,
  from: ['lee@example.com', 'S0APPROVERS'],
  expiresAt: at(30),
  approvals: [],
  request: {
    id: 'r-1',
    source: 'slack',
    requestedBy: 'ana@example.com',
    requestedAt: at(0),
    tag: 'v1',
    digest: digestOf('v1'),
  },
  configHash: 'hash-1',
  timeoutSeconds: 1800,
  settled: false,
};
const decided: Record<string, Partial<Approval>> = {
  approved: {
    status: 'approved',
    approvals: [
      { by: 'lee@example.com', at: at(3) },
      { by: 'sam@example.com', at: at(4) },
    ],
    settled: true,
    outcome: 'admitted',
    deploymentId: 'd00000000001',
  },
  rejected: {
    status: 'rejected',
    rejection: { by: 'lee@example.com', at: at(3), reason: 'not today' },
    settled: true,
  },
  expired: { status: 'expired', settled: true },
};

const put = (world: World, change: Partial<Approval> = {}): Promise<void> =>
  world.deps.ledger.transaction((tx) => tx.put('approvals', id, { ...open, ...change }));
const event = (remind = false) =>
  delivery('notify', { version: 1, kind: 'approval', approvalId: id, remind });
const tell = (world: World, change: Partial<Approval> = {}, remind = false): Promise<unknown> =>
  put(world, change).then(() => delivered(world, event(remind)));
const shown = async (world: World) => (await world.deps.ledger.get('notifications', id))!;

describe('an approval', () => {
  it.each([
    [
      'where approvals are asked for',
      'slack: { channel: "#apps", approvalsChannel: "#approvals" }',
      '#approvals',
    ],
    ['in the channel of the service when there is no other', 'slack: { channel: "#apps" }', '#apps'],
    ['in the channel of all when the service has none', '', '#deployments'],
  ])('is asked for %s, and calls those who may give it', async (_, slack, channel) => {
    const world = createWorld();
    world.configure(serviceFile(slack));
    await tell(world);
    await tell(world);
    expect(world.slack.messages).toMatchObject([
      { channel: world.slack.idOf(channel), subject: id, edits: 0 },
    ]);
    const [message] = world.slack.messages;
    expect(message?.text).toContain('<!subteam^S0APPROVERS>');
    expect(JSON.stringify(message?.blocks)).toContain('"action_id":"approve"');
  });

  it('is edited as people answer, and calls nobody by that', async () => {
    const world = createWorld();
    await tell(world);
    await tell(world, { approvals: [{ by: 'lee@example.com', at: at(3) }] });
    expect(world.slack.messages).toMatchObject([{ edits: 1 }]);
    const said = JSON.stringify(world.slack.messages);
    expect(said).toContain('1 of 2');
    expect(said).not.toContain('subteam');
    expect(await shown(world)).toMatchObject({ final: false });
  });

  it.each(Object.entries(decided))(
    'that is %s, wherever that was, says so and has no buttons',
    async (_, change) => {
      const world = createWorld();
      await tell(world);
      await tell(world, change);
      await tell(world, change, true);
      expect(world.slack.messages).toMatchObject([{ edits: 1 }]);
      expect(JSON.stringify(world.slack.messages[0]?.blocks)).not.toContain('action_id');
      expect(await shown(world)).toMatchObject({ final: true });
    },
  );

  it('that nobody was asked for in time tells its end all the same', async () => {
    const world = createWorld();
    await tell(world, decided['expired']);
    expect(world.slack.messages).toHaveLength(1);
    expect(world.slack.messages[0]?.text).not.toContain('subteam');
  });

  it.each(['before', 'after'] as const)(
    'is asked for once by a notify that dies %s any of its calls',
    async (when) => {
      for (let at = 1; ; at += 1) {
        const world = createWorld();
        await put(world);
        const point = crashPoint(at, when);
        const message = event(true);
        await world
          .finish(asProcess(world.deps, point, (deps) => notify(deps, message)))
          .catch(() => undefined);
        await world.pass(10);
        await delivered(world, message);
        const subjects = world.slack.messages.map(({ subject }) => subject);
        expect(subjects, `${when} call ${at}, ${point.name}`).toEqual([id, `${id}/reminder`]);
        if (!point.crashed) break;
      }
    },
  );

  it('that nobody knows is refused', async () => {
    const world = createWorld();
    await notify(world.deps, event());
    expect(await world.deps.ledger.list('refusals')).toHaveLength(1);
  });
});

describe('reconcile', () => {
  /** Runs it and delivers what it asks for. @returns the events */
  async function reconciled(world: World) {
    world.pubsub.published.length = 0;
    await world.finish(reconcile(world.deps));
    const events = world.pubsub.published.filter(({ topic }) => topic === 'deploy-events');
    for (const { message } of events) await delivered(world, delivery('notify', message));
    return events.map(({ message }) => message);
  }

  it('reminds of an approval once, when half of its time has passed', async () => {
    const world = createWorld();
    await tell(world);
    await world.pass(14 * 60);
    expect(await reconciled(world)).toEqual([]);
    await world.pass(60);
    expect(await reconciled(world)).toMatchObject([{ approvalId: id, remind: true }]);
    expect(await reconciled(world)).toEqual([]);
    const [root] = world.slack.roots();
    expect(world.slack.besides('reminder')).toMatchObject([
      { threadTs: root?.ts, text: expect.stringContaining('<!subteam^S0APPROVERS>') as string },
    ]);
  });

  it('reminds of it once also when Slack was away meanwhile', async () => {
    const world = createWorld();
    await tell(world);
    await world.pass(15 * 60);
    world.slack.mood = 'down';
    const waiting = [event(true), event(true), event(true)];
    for (const message of waiting)
      await expect(world.finish(notify(world.deps, message))).rejects.toThrow('no answer');
    world.slack.mood = 'well';
    for (const message of waiting) await delivered(world, message);
    expect(world.slack.besides('reminder')).toHaveLength(1);
  });

  it('has one asked for whose event was lost', async () => {
    const world = createWorld();
    await put(world);
    expect(await reconciled(world)).toMatchObject([{ approvalId: id }]);
    expect(world.slack.messages).toHaveLength(1);
    expect(await reconciled(world)).toEqual([]);
  });

  it('has a decision told whose event was lost', async () => {
    const world = createWorld();
    await tell(world);
    await put(world, decided['rejected']);
    expect(await reconciled(world)).toMatchObject([{ approvalId: id }]);
    expect(world.slack.messages[0]?.text).toContain('Rejected by lee@example.com');
    expect(await reconciled(world)).toEqual([]);
  });

  it('ends one that nobody answered, and says so', async () => {
    const world = createWorld();
    await tell(world);
    await world.pass(31 * 60);
    await reconciled(world);
    expect(world.slack.messages).toMatchObject([
      { text: expect.stringContaining('Not approved in time') as string },
    ]);
  });

  it('asks for nothing where there is no Slack', async () => {
    const world = createWorld({ slack: undefined });
    await put(world);
    expect(await reconciled(world)).toEqual([]);
  });
});
