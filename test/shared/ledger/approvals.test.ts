import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newDeploymentId } from '#shared/domain/ids.ts';
import { admitRequest, type Wanted } from '#shared/ledger/admission.ts';
import { expireApprovals, refuseApproved, sayWord } from '#shared/ledger/approvals.ts';
import { placeId, requestKey, type Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { at, config, digest } from '#test/shared/domain/records.ts';
import { wantedWith } from './crowd-contract.ts';
import { start } from './place.ts';
import { strict } from './strict-ledger.ts';

const place = placeId('hello', 'staging');
const [ada, bob, eve] = ['ada@example.com', 'bob@example.com', 'eve@example.com'] as const;
const [a, b] = ['d0000000000a', 'd0000000000b'] as const;
const needing = (required: number) => ({
  config: {
    ...config,
    policy: { ...config.policy, approvals: { required, from: [ada, bob, eve], timeout: 1800 } },
  },
});
const word = (by: string) => ({ by, at });

describe('a request that needs approval', () => {
  let database: Ledger;
  let ledger: Ledger;
  beforeEach(() => {
    database = openSqliteLedger(':memory:');
    ledger = strict(database);
  });
  afterEach(() => database.close());
  const admit = (id: string, change: Partial<Wanted> = {}, nowMs = start) =>
    admitRequest(ledger, wantedWith({ requestId: `request-${id}`, ...needing(2), ...change }), id, nowMs);
  const approval = async () => (await ledger.get('approvals', 'a0000000000a'))!;
  const record = (id: string) => ledger.get('requests', requestKey(`request-${id}`, place));
  const say = (by: string, yes = true, nowMs = start) =>
    sayWord(ledger, 'a0000000000a', yes, word(by), nowMs);
  const decideAgain = (id: string) => admit(id, { requestId: `request-${a}`, approvalId: 'a0000000000a' });

  it('is kept with everything that was asked, without deployment and lock', async () => {
    const change = { id: '12', title: 'Faster', claims: [] };
    const answer = await admit(a, { change, order: { version: '1.0.0' }, override: { freeze: 'down' } });
    expect(answer).toMatchObject({
      changed: [],
      record: { decision: 'awaiting-approval', approvalId: 'a0000000000a' },
    });
    expect(await approval()).toMatchObject({
      status: 'open',
      settled: false,
      required: 2,
      from: [ada, bob, eve],
      requestedBy: ada,
      configHash: 'hash-1',
      expiresAt: '2026-01-01T00:30:00.000Z',
      request: {
        id: `request-${a}`,
        digest: digest('1'),
        tag: 'v1',
        change,
        order: { version: '1.0.0' },
        override: { freeze: 'down' },
      },
    });
    expect(await ledger.list('deployments')).toEqual([]);
    expect(await ledger.get('locks', place)).toBeUndefined();
  });

  it('is decided again when enough people said yes, and the deployment names them', async () => {
    await admit(a);
    expect(await say(bob)).toMatchObject({ status: 'taken', approval: { status: 'open' } });
    expect((await decideAgain(b)).record.decision).toBe('awaiting-approval');
    expect(await say(eve)).toMatchObject({ approval: { status: 'approved', settled: false } });
    const { record: decided, changed } = await decideAgain(b);
    expect(decided).toMatchObject({ decision: 'admitted', deploymentId: b });
    expect(changed).toMatchObject([
      { id: b, status: 'starting', approvedBy: [bob, eve], request: { requestedBy: ada } },
    ]);
    expect(await approval()).toMatchObject({ settled: true, deploymentId: b });
    expect(await record(a)).toMatchObject({ decision: 'admitted', deploymentId: b });
    // Every repeat of everything gets that answer.
    expect((await decideAgain('d0000000000c')).record).toMatchObject({
      decision: 'admitted',
      deploymentId: b,
    });
    expect((await admit('d0000000000c', { requestId: `request-${a}` })).record.deploymentId).toBe(b);
    expect(await say(ada)).toMatchObject({
      status: 'taken',
      approval: { status: 'approved', deploymentId: b },
    });
    expect(await ledger.list('deployments')).toHaveLength(1);
  });

  it('is refused after all when a rule refuses it by then', async () => {
    await admit(a);
    await say(bob);
    await say(eve);
    await ledger.transaction((tx) =>
      tx.put('manualLocks', place, {
        service: 'hello',
        environment: 'staging',
        history: [],
        lock: { owner: eve, reason: 'x', since: at },
      }),
    );
    expect((await decideAgain(b)).record).toMatchObject({ decision: 'refused' });
    expect(await record(a)).toMatchObject({
      decision: 'refused',
      reason: expect.stringMatching(/^locked/) as string,
    });
    expect(await approval()).toMatchObject({
      settled: true,
      outcome: expect.stringMatching(/^locked/) as string,
    });
  });

  it('that comes again from somebody else waits for the same approval, and both are told', async () => {
    await admit(a);
    const joined = await admit(b, { requestedBy: bob });
    expect(joined.record).toMatchObject({ decision: 'awaiting-approval', approvalId: 'a0000000000a' });
    expect(await ledger.list('approvals')).toHaveLength(1);
    await say(eve, false);
    for (const id of [a, b])
      expect(await record(id)).toMatchObject({ decision: 'refused', reason: 'rejected by eve@example.com' });
  });

  it.each([{ configHash: 'hash-2' }, { digest: digest('2') }])(
    'for anything else (%j) needs its own',
    async (other) => {
      await admit(a);
      expect((await admit(b, other)).record.approvalId).toBe('a0000000000b');
      expect(await ledger.list('approvals')).toHaveLength(2);
    },
  );

  it('ends with the first no; later words get that answer', async () => {
    await admit(a);
    await say(bob);
    const answer = await sayWord(ledger, 'a0000000000a', false, { ...word(eve), reason: 'not today' }, start);
    expect(answer).toMatchObject({ approval: { status: 'rejected', settled: true } });
    expect(await record(a)).toMatchObject({
      decision: 'refused',
      reason: 'rejected by eve@example.com: not today',
    });
    expect(await say(bob)).toEqual({ ...answer, changed: false });
    expect((await decideAgain(b)).record.decision).toBe('refused');
  });

  it.each([
    { yes: [], reason: 'nobody approved within 30m' },
    { yes: [bob], reason: '1 of 2 approved within 30m' },
  ])('is refused in time when silence lasts: $reason', async ({ yes, reason }) => {
    await admit(a);
    for (const by of yes) await say(by);
    expect(await expireApprovals(ledger, start + 1_799_999)).toEqual([]);
    expect(await expireApprovals(ledger, start + 1_800_000)).toMatchObject([
      { status: 'expired', outcome: reason },
    ]);
    expect(await record(a)).toMatchObject({ decision: 'refused', reason });
    expect(await expireApprovals(ledger, start + 1_800_000)).toEqual([]);
    // The next request for the same begins anew.
    const next = await admit(b, {}, start + 1_800_000);
    expect(next.record).toMatchObject({ decision: 'awaiting-approval', approvalId: 'a0000000000b' });
  });

  it('does not wait on for an approval that is over, but not yet swept', async () => {
    await admit(a);
    const next = await admit(b, {}, start + 1_800_000);
    expect(next.record.approvalId).toBe('a0000000000b');
    expect(await say(bob, true, start + 1_800_000)).toMatchObject({ approval: { status: 'expired' } });
    expect(await record(a)).toMatchObject({ decision: 'refused' });
  });

  it('that is approved while the sweep looks at it is not refused', async () => {
    await admit(a, needing(1));
    const slow: Ledger = {
      ...ledger,
      async list(...asked) {
        const found = await ledger.list(...asked);
        await say(bob, true, start + 1_799_999);
        return found;
      },
    };
    expect(await expireApprovals(slow, start + 1_800_000)).toEqual([]);
    expect(await approval()).toMatchObject({ status: 'approved', settled: false });
  });

  it('whose configuration changed is refused once', async () => {
    await admit(a);
    await say(bob);
    await say(eve);
    const refused = await refuseApproved(ledger, 'a0000000000a', 'the configuration changed', start);
    expect(refused).toMatchObject({ settled: true, outcome: 'the configuration changed' });
    expect(await record(a)).toMatchObject({ decision: 'refused', reason: 'the configuration changed' });
    expect(await refuseApproved(ledger, 'a0000000000a', 'again', start)).toBeUndefined();
  });

  it('hears no word of who asked, and none about what is not there', async () => {
    await admit(a);
    expect(await say(ada)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('asked for it') as string,
    });
    expect(await sayWord(ledger, 'a0000000000z', true, word(bob), start)).toBeUndefined();
    expect((await approval()).approvals).toEqual([]);
  });
});

describe('many at once, through two openers of one file', () => {
  let folder: string;
  let openers: [Ledger, Ledger];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-approvals-'));
    const file = join(folder, 'ledger.sqlite');
    openers = [openSqliteLedger(file), openSqliteLedger(file)];
  });
  afterEach(async () => {
    for (const opened of openers) opened.close();
    await rm(folder, { recursive: true });
  });
  const fifty = <T>(work: (ledger: Ledger, index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: 50 }, (_, index) => work(openers[index % 2]!, index)));
  const idOf = (index: number) => newDeploymentId(start + index * 1000, () => 0.5);

  it('fifty requests for one release wait for one approval, and lead to one deployment', async () => {
    const answers = await fifty((ledger, index) =>
      admitRequest(ledger, wantedWith({ requestId: `request-${index}`, ...needing(2) }), idOf(index), start),
    );
    const [approval, ...more] = await openers[0].list('approvals');
    expect(more).toEqual([]);
    expect(new Set(answers.map(({ record }) => record.approvalId))).toEqual(new Set([approval!.id]));

    // Two people, each clicking twenty-five times, on both sides.
    const clicks = await fifty((ledger, index) =>
      sayWord(ledger, approval!.id, true, word(index % 3 === 0 ? bob : eve), start),
    );
    expect(clicks.every((click) => click?.status === 'taken')).toBe(true);
    expect((await openers[0].get('approvals', approval!.id))?.approvals).toHaveLength(2);

    const decided = await fifty((ledger, index) =>
      admitRequest(
        ledger,
        wantedWith({ requestId: approval!.request.id, approvalId: approval!.id, ...needing(2) }),
        idOf(100 + index),
        start,
      ),
    );
    expect(await openers[0].list('deployments')).toHaveLength(1);
    expect(new Set(decided.map(({ record }) => record.deploymentId)).size).toBe(1);
    expect(await openers[0].list('requests', { decision: 'admitted' })).toHaveLength(50);
  });

  it('fifty pushed releases leave the newest one waiting or active, whatever the order they came in', async () => {
    const version = (index: number) => (index * 37) % 50;
    await fifty((ledger, index) =>
      admitRequest(
        ledger,
        wantedWith({
          source: 'image-push',
          requestedBy: 'topic gcr',
          requestId: `request-${index}`,
          digest: `sha256:${String(version(index)).padStart(64, '0')}`,
        }),
        idOf(index),
        start,
        async (release) => ({ version: `1.0.${Number(release.digest.slice(-2))}` }),
      ),
    );
    const all = await openers[0].list('deployments');
    const under = all.filter(({ status }) => status === 'starting' || status === 'waiting');
    const versions = under.map(({ request }) => Number(request.digest?.slice(-2)));
    expect(all.filter(({ status }) => status === 'starting')).toHaveLength(1);
    expect(Math.max(...versions)).toBe(49);
    expect(await openers[1].list('requests')).toHaveLength(50);
  });

  it('yes and no at once come to one of them', async () => {
    await admitRequest(openers[0], wantedWith(needing(1)), idOf(0), start);
    const [approval] = await openers[0].list('approvals');
    await Promise.all([
      sayWord(openers[0], approval!.id, true, word(bob), start),
      sayWord(openers[1], approval!.id, false, word(eve), start),
    ]);
    const settled = (await openers[0].get('approvals', approval!.id))!;
    expect(settled.status === 'approved' ? settled.rejection : settled.approvals[0]).toBeUndefined();
    expect(['approved', 'rejected']).toContain(settled.status);
  });
});
