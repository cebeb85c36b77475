import { describe, expect, it } from 'vitest';
import type { Approval } from '#shared/domain/approval.ts';
import { Fault } from '#shared/domain/fault.ts';
import { quarantineId } from '#shared/domain/quarantine.ts';
import { admitted } from '#test/support/dispatch.ts';
import { connect, type Engine } from '#test/support/engine.ts';
import { createWorld, type World } from '#test/support/world.ts';
import { call } from '#test/functions/admission/call.ts';
import { fileOf, say } from './chat.ts';

const id = 'd00000000001';

function worldOf(file = fileOf('staging')): { world: World; engine: Engine } {
  const world = createWorld();
  world.configure(file);
  for (const tag of ['v1', 'v2', 'v3']) world.release(tag);
  return { world, engine: connect(world) };
}
async function deployed(world: World, engine: Engine, ...tags: string[]): Promise<void> {
  for (const tag of tags) {
    await call(world, 'POST /deployments', {
      body: { requestId: `request-${tag}`, service: 'hello', environment: 'staging', tag },
    });
    await engine.idle();
  }
}
const served = (world: World): unknown =>
  world.run.service()?.effective.filter(({ percent }) => percent !== undefined && percent > 0);

describe('rollback', () => {
  it('goes back to what served before at once, says what it saw, and needs no question where it is protected', async () => {
    const { world, engine } = worldOf(fileOf('staging', '{ protected: true, allow: { rollback: [U0SAM] } }'));
    await deployed(world, engine, 'v1', 'v2');
    const first = (await world.deps.ledger.list('deployments')).at(-1)!;
    const said = await say(world, 'rollback hello staging checkout is broken', { user: 'U0SAM' });
    expect(said).toMatchObject({
      inChannel: true,
      record: { decision: 'done', action: 'rollback', service: 'hello' },
    });
    expect(said.text).toMatch(/Rolled back.*sam@example.com.*checkout is broken/s);
    expect(served(world)).toMatchObject([{ revision: first.candidate?.revision, percent: 100 }]);
  });

  it.each([
    ['a deployment', (ids: string[]) => ids[0]!],
    ['a tag', () => 'v1'],
    ['a revision', (ids: string[]) => `hello-${ids[0]}`],
  ])('goes to %s', async (_name, to) => {
    const { world, engine } = worldOf();
    await deployed(world, engine, 'v1', 'v2', 'v3');
    const ids = (await world.deps.ledger.list('deployments')).map((one) => one.id).reverse();
    await say(world, `rollback hello staging to ${to(ids)} bad`);
    expect(served(world)).toMatchObject([{ revision: `hello-${ids[0]}`, percent: 100 }]);
  });

  it.each([
    [
      'by one who may not',
      'rollback hello staging bad',
      { user: 'U0LEE' },
      /may not roll back hello staging/,
    ],
    ['to a deployment of nobody', 'rollback hello staging to d99999999999 bad', {}, /made no revision/],
    [
      'of a workspace that is not ours',
      'rollback hello staging bad',
      { team: 'T0OTHER' },
      /T0OTHER are not heard/,
    ],
  ])('is refused %s', async (_name, text, who, says) => {
    const { world, engine } = worldOf(fileOf('staging', '{ allow: { rollback: [ana@example.com] } }'));
    await deployed(world, engine, 'v1', 'v2');
    const before = served(world);
    const said = await say(world, text, who);
    expect(said.text).toMatch(says);
    expect(said.record.decision).toBe('refused');
    expect(served(world)).toEqual(before);
  });
});

describe('cancel', () => {
  it.each([
    ['by its id', `cancel ${id} wrong branch`, 'wrong branch'],
    ['by its place, without a reason', 'cancel hello staging', 'no reason given in Slack'],
  ])('stops a deployment %s, and the second one hears who did', async (_name, text, reason) => {
    const world = createWorld();
    await admitted(world, { status: 'active' });
    const said = await say(world, text);
    expect(said.text).toContain('Being cancelled');
    const signal = { kind: 'cancel', by: 'ana@example.com', reason };
    expect((await world.deps.ledger.get('deployments', id))?.signal).toMatchObject(signal);
    const second = await say(world, { action: 'cancel', deploymentId: id }, { user: 'U0LEE' });
    expect(second.text).toContain('stopped already: cancel by ana@example.com');
  });

  it('says what is there when there is nothing to stop', async () => {
    const world = createWorld();
    expect((await say(world, 'cancel hello staging')).text).toContain('nothing is being deployed there');
    await admitted(world, { status: 'finished' });
    expect((await say(world, `cancel ${id}`)).text).toContain('is finished');
    expect((await say(world, 'cancel d00000000009')).text).toContain('there is no deployment');
  });
});

describe('approve and reject', () => {
  const needing = (required: number, from = '[lee@example.com, U0ZOE, S0DEPLOYERS]'): string =>
    fileOf('staging', `{ approvals: { required: ${required}, from: ${from} } }`);
  async function asked(
    required: number,
    from?: string,
  ): Promise<{ world: World; engine: Engine; approval: Approval }> {
    const { world, engine } = worldOf(needing(required, from));
    const said = await say(world, 'deploy hello staging v1', { user: 'U0SAM' });
    expect(said.text).toContain('Waits for approval');
    const [approval] = await world.deps.ledger.list('approvals');
    return { world, engine, approval: approval! };
  }
  const now = async (world: World, { id: of }: Approval) => (await world.deps.ledger.get('approvals', of))!;

  it('start what waited once enough people said yes, and tell notify each time', async () => {
    const { world, engine, approval } = await asked(2);
    const first = await say(world, `approve ${approval.id}`, { user: 'U0LEE' });
    expect(first.text).toContain('*Approved*: hello staging: 1 of 2 approved');
    const second = await say(world, { action: 'approve', approvalId: approval.id }, { user: 'U0ANA' });
    expect(second.text).toContain('approved by lee@example.com at');
    expect((await now(world, approval)).approvals).toMatchObject([
      { by: 'lee@example.com', slackUser: 'U0LEE' },
      { by: 'ana@example.com', slackUser: 'U0ANA', groups: ['S0DEPLOYERS'] },
    ]);
    await engine.idle();
    expect(await world.newest()).toMatchObject({
      approvedBy: ['lee@example.com', 'ana@example.com'],
      result: { outcome: 'live' },
    });
    const events = world.pubsub.published.filter(
      ({ message }) => (message as { kind?: string }).kind === 'approval',
    );
    // Asked for, two words, and what became of it.
    expect(events.length).toBeGreaterThanOrEqual(4);
  });

  it('of two clicks at the same moment one decides, and the other hears who did', async () => {
    const { world, approval } = await asked(1);
    const clicks = [
      ['U0LEE', 'approve'],
      ['U0ANA', 'reject'],
    ] as const;
    await Promise.all(
      clicks.map(([user, action]) => say(world, { action, approvalId: approval.id }, { user })),
    );
    const attempts = await world.deps.ledger.list('audit', { subject: approval.id });
    const records = attempts.filter(({ action }) => action !== 'deploy');
    expect(records.map(({ decision }) => decision).sort()).toEqual(['done', 'refused']);
    const { status } = await now(world, approval);
    expect(records.find(({ decision }) => decision === 'refused')?.reason).toMatch(
      new RegExp(`decided already: hello staging: ${status} by (lee|ana)@example.com at 2026-01-01`),
    );
    const late = await say(world, { action: 'approve', approvalId: approval.id }, { user: 'U0LEE' });
    expect(late.text).toContain('decided already');
  });

  it.each<[string, string, RegExp]>([
    ['who asked for it', 'U0SAM', /sam@example.com asked for it|not among those who may approve/],
    ['a bot', 'U0ROBOT', /is a bot/],
    ['somebody deactivated', 'U0GONE', /is deactivated/],
    ['somebody of another workspace', 'U0GUEST', /another workspace/],
    ['nobody', 'U0NOBODY', /knows no user U0NOBODY/],
    ['one who may be who asked for it', 'U0ZOE', /slack:U0ZOE may be sam@example.com.*users:read.email/],
  ])('do not count from %s', async (_name, user, says) => {
    const { world, approval } = await asked(
      1,
      '[lee@example.com, sam@example.com, U0ZOE, U0ROBOT, U0GONE, U0GUEST]',
    );
    for (const action of ['approve', 'reject'] as const) {
      const said = await say(world, { action, approvalId: approval.id }, { user });
      expect(said.text).toMatch(says);
      // Found under the service, as every other attempt at it.
      expect(said.record).toMatchObject({ decision: 'refused', service: 'hello', subject: approval.id });
    }
    expect(await now(world, approval)).toMatchObject({ status: 'open', approvals: [] });
  });

  it('say no with the reason, and end the request', async () => {
    const { world, approval } = await asked(2);
    const said = await say(world, `reject ${approval.id} not during the sale`, { user: 'U0LEE' });
    expect(said.text).toContain('*Rejected*: hello staging: rejected by lee@example.com');
    expect(await now(world, approval)).toMatchObject({
      status: 'rejected',
      rejection: { reason: 'not during the sale' },
    });
    expect((await say(world, `approve ${approval.id}`, { user: 'U0ANA' })).text).toContain('decided already');
  });

  it('come too late', async () => {
    const { world, approval } = await asked(1);
    await world.pass(1801);
    const said = await say(world, `approve ${approval.id}`, { user: 'U0LEE' });
    expect(said.text).toMatch(/it was over at .*nobody approved within 30m/);
    expect(await now(world, approval)).toMatchObject({ status: 'expired' });
  });

  it.each([
    ['more people', needing(2), /now wants 2 of/, 0],
    [
      'other people',
      needing(1, '[ana@example.com]'),
      /now wants 1 of ana@example.com; of the approvals given count: none/,
      0,
    ],
    ['nobody any more', fileOf('staging'), /nothing else is deploying/, 1],
    [
      'the same people, and a longer freeze list',
      needing(1).replace('approvals:', 'freeze: [{ name: x, days: [sun], timeZone: UTC }], approvals:'),
      /nothing else is deploying/,
      1,
    ],
  ])('given under an older policy are looked at again: it wants %s', async (_name, file, says, count) => {
    const { world, engine, approval } = await asked(1);
    world.configure(file);
    await say(world, { action: 'approve', approvalId: approval.id }, { user: 'U0LEE' });
    await engine.idle();
    const settled = await now(world, approval);
    const made = await world.deps.ledger.list('deployments');
    expect(settled.settled).toBe(true);
    expect(settled.deploymentId).toBe(made[0]?.id);
    expect(settled.outcome).toMatch(says);
    expect(made).toHaveLength(count);
  });
});

describe('lock and unlock', () => {
  it('keep others away, are stolen only with a reason, and say how', async () => {
    const { world } = worldOf();
    expect((await say(world, 'lock hello staging for 2h release day')).text).toContain(
      'hello staging is locked by ana@example.com',
    );
    const refused = await say(world, 'unlock hello staging', { user: 'U0LEE' });
    expect(refused.text).toMatch(
      /locked by ana@example.com.*\/deploy unlock hello staging steal reason="…"/s,
    );
    await say(world, 'lock hello staging steal reason="ana is away"', { user: 'U0LEE' });
    const record = await world.deps.ledger.get('manualLocks', 'hello.staging');
    expect(record).toMatchObject({
      lock: { owner: 'lee@example.com' },
      history: [{ change: 'locked' }, { change: 'stolen' }],
    });
    expect(world.pubsub.published.at(-1)?.message).toMatchObject({ kind: 'lock' });
    expect((await say(world, 'deploy hello staging v1')).text).toContain(
      '/deploy lock hello staging steal reason="…"',
    );
    expect((await say(world, 'unlock hello staging', { user: 'U0LEE' })).text).toContain(
      'is unlocked by lee@example.com',
    );
    expect((await say(world, 'unlock hello staging')).text).toContain('is not locked');
  });
});

describe('quarantine', () => {
  it('is listed, and let go by who may, with a reason', async () => {
    const { world } = worldOf(fileOf('staging', '{ allow: { quarantine: [U0LEE] } }'));
    const key = quarantineId('hello.staging', `sha256:${'a'.repeat(64)}`, 'b'.repeat(64));
    await world.deps.ledger.transaction((tx) =>
      tx.put('quarantine', key, {
        id: key,
        service: 'hello',
        environment: 'staging',
        digest: `sha256:${'a'.repeat(64)}`,
        tag: 'v7',
        configHash: 'b'.repeat(64),
        reason: 'status 500',
        deploymentId: id,
        owner: 'topic gcr',
        at: '2026-01-01T00:00:00.000Z',
        holds: true,
        releases: [],
      }),
    );
    expect((await say(world, 'quarantine')).text).toMatch(/v7.*status 500/s);
    expect((await say(world, `quarantine release ${key} the database is back`)).text).toContain(
      'may not let releases go',
    );
    const said = await say(world, `quarantine release ${key} the database is back`, { user: 'U0LEE' });
    expect(said).toMatchObject({ record: { decision: 'done', action: 'quarantine release', subject: key } });
    expect(await world.deps.ledger.get('quarantine', key)).toMatchObject({
      holds: false,
      releases: [{ by: 'lee@example.com', reason: 'the database is back' }],
    });
    expect((await say(world, 'quarantine list')).text).toContain('Nothing is in quarantine');
    expect((await say(world, 'quarantine release nothing.here.x y z')).text).toContain(
      'there is no quarantine',
    );
  });
});

describe('on it', () => {
  it('is who says so first; the next one hears who', async () => {
    const world = createWorld();
    await admitted(world, { status: 'finished' });
    const press = (user: string) => say(world, { action: 'on-it', deploymentId: id }, { user });
    expect((await press('U0ANA')).text).toContain('You are on it');
    expect((await press('U0LEE')).text).toContain('ana@example.com is on it');
    expect(await world.deps.ledger.get('deployments', id)).toMatchObject({
      acknowledged: { by: 'ana@example.com', slackUser: 'U0ANA' },
    });
  });
});

describe('while Slack cannot be asked who people are', () => {
  /** What a person did a while ago, so that Slack was asked and said who they are. */
  async function knownBefore(policy: string, hours: number): Promise<{ world: World; engine: Engine }> {
    const { world, engine } = worldOf();
    await deployed(world, engine, 'v1', 'v2');
    world.configure(fileOf('staging', policy));
    for (const user of ['U0ANA', 'U0LEE']) await say(world, 'plan hello staging v3', { user });
    await world.pass(hours * 3600);
    world.slackDirectory.mood = 'down';
    return { world, engine };
  }
  const group = '{ protected: true, allow: { deploy: [S0DEPLOYERS] } }';

  it.each([
    ['rollback hello staging bad', 23, 'done'],
    ['rollback hello staging bad', 25, 'refused'],
    ['deploy hello staging v3', 1, 'refused'],
    ['lock hello staging release day', 1, 'refused'],
    ['unlock hello staging', 1, 'refused'],
    ['status', 1, 'done'],
  ])(
    '%s, asked %i h after Slack answered last, is %s where it is protected',
    async (text, hours, decision) => {
      const { world } = await knownBefore(group, hours);
      const said = await say(world, text);
      expect(said.record.decision).toBe(decision);
      expect(said.text.includes('Slack does not say who U0ANA is')).toBe(decision === 'refused');
    },
  );

  it('cancels by what Slack said before, and deploys where nothing is protected', async () => {
    const { world } = await knownBefore('{}', 1);
    expect((await say(world, 'deploy hello staging v3')).record.decision).toBe('done');
    expect((await say(world, 'cancel hello staging')).record.decision).toBe('done');
  });

  it('counts nobody as a member of a group that Slack does not tell about, and says what to do', async () => {
    const { world } = worldOf(fileOf('staging', group));
    world.slackDirectory.groups.set('S0DEPLOYERS', new Fault('unsupported', 'plan_upgrade_required'));
    expect((await say(world, 'deploy hello staging v1')).text).toMatch(
      /does not tell who is in S0DEPLOYERS.*name people themselves/s,
    );
    world.configure(fileOf('staging', '{ protected: true, allow: { deploy: [S0DEPLOYERS, U0ANA] } }'));
    expect((await say(world, 'deploy hello staging v1')).record.decision).toBe('done');
  });
});
