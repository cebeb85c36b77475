import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '#shared/domain/deployment.ts';
import { quarantineId } from '#shared/domain/quarantine.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import type { Policy } from '#shared/domain/service/policy.ts';
import { admitRequest, type Wanted } from '#shared/ledger/admission.ts';
import type { LookUpOrder } from '#shared/ledger/admission-facts.ts';
import { placeId, type Ledger } from '#shared/ledger/ledger.ts';
import { changeManualLock } from '#shared/ledger/manual-locks.ts';
import { releaseQuarantine } from '#shared/ledger/quarantine.ts';
import { readmit } from '#shared/ledger/readmission.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { at, checkWith, config, digest } from '#test/shared/domain/records.ts';
import { wantedWith } from './crowd-contract.ts';
import { endAs, start } from './place.ts';
import { strict } from './strict-ledger.ts';

const place = placeId('hello', 'staging');
const [ada, bob] = ['ada@example.com', 'bob@example.com'];
const [a, b, c, d] = ['d0000000000a', 'd0000000000b', 'd0000000000c', 'd0000000000d'] as const;
const holidays = { name: 'holidays', start: '2026-01-01T00:00', end: '2026-01-07T00:00', timeZone: 'UTC' };
const withPolicy = (policy: Partial<Policy>) => ({
  config: { ...config, policy: { ...config.policy, ...policy } },
});
const pushed = { source: 'image-push', requestedBy: 'topic gcr' } as const;
/** Release n is version 1.0.n. */
const byVersion: LookUpOrder = async (release) => ({ version: `1.0.${release.digest.at(-1)}` });

let database: Ledger;
let ledger: Ledger;
beforeEach(() => {
  database = openSqliteLedger(':memory:');
  ledger = strict(database);
});
afterEach(() => database.close());

const admit = (id: string, digit: string, change: Partial<Wanted> = {}, lookUp = byVersion, nowMs = start) =>
  admitRequest(
    ledger,
    wantedWith({ requestId: `request-${id}`, digest: digest(digit), ...change }),
    id,
    nowMs,
    lookUp,
  );
const decisionOf = async (...asked: Parameters<typeof admit>) => (await admit(...asked)).record;
const deployment = async (id: string) => (await ledger.get('deployments', id))!;
const lock = () => ledger.get('locks', place);
const rejected: Failure = {
  ending: 'rejected',
  step: 'validate',
  phase: 'candidate',
  code: 'rejected',
  message: 'status 500',
  at,
};
const bad = { failure: rejected, checks: [checkWith('fail', 'required', { step: 'validate' })] };
const lockPlace = (
  by: string,
  more: { steal?: boolean; forSeconds?: number; action?: 'lock' | 'unlock' } = {},
) =>
  changeManualLock(
    ledger,
    {
      action: 'lock',
      service: 'hello',
      environment: 'staging',
      by,
      reason: 'release day',
      steal: false,
      ...more,
    },
    start,
  );

describe('a request that a rule refuses', () => {
  it('is on record with the reason, and leaves neither deployment nor lock', async () => {
    const record = await decisionOf(a, '1', withPolicy({ freeze: [holidays] }));
    expect(record).toMatchObject({ decision: 'refused', reason: expect.stringMatching(/^frozen/) as string });
    expect(record.deploymentId).toBeUndefined();
    expect(await ledger.list('deployments')).toEqual([]);
    expect(await lock()).toBeUndefined();
    expect(await decisionOf(b, '1', { requestId: `request-${a}` })).toEqual(record);
  });

  it('in a freeze may be overridden by a person, which is on the deployment’s record', async () => {
    const { changed } = await admit(a, '1', {
      ...withPolicy({ freeze: [holidays] }),
      override: { freeze: 'down' },
    });
    expect(changed).toMatchObject([
      {
        request: { override: { freeze: 'down' } },
        overrides: [
          { rule: 'freeze', by: ada, reason: 'down', what: expect.stringMatching(/^holidays/) as string, at },
        ],
      },
    ]);
  });
});

describe('the order of releases', () => {
  it('is looked up only where two are to be compared, and once for each', async () => {
    const asked: string[] = [];
    const lookUp: LookUpOrder = (release) => {
      asked.push(release.digest.slice(-1));
      return byVersion(release);
    };
    await admit(a, '1', {}, lookUp);
    expect(asked).toEqual([]);
    await admit(b, '3', pushed, lookUp);
    expect(asked).toEqual(['3', '1']);
    expect((await deployment(b)).request.order).toEqual({ version: '1.0.3' });
    await admit(c, '2', { ...pushed, order: { version: '1.0.2' } }, lookUp);
    expect(asked).toEqual(['3', '1', '1']);
  });

  it('decides in the transaction that looks: who came in between is compared too', async () => {
    await admit(a, '1');
    let came = false;
    const lookUp: LookUpOrder = async (release) => {
      if (!came) {
        came = true;
        await admit(b, '3', pushed);
      }
      return byVersion(release);
    };
    const record = await decisionOf(c, '2', pushed, lookUp);
    expect(record).toMatchObject({
      decision: 'superseded',
      reason: expect.stringContaining(`older than ${b} (waiting) by semantic version`) as string,
    });
    expect((await lock())?.waiting).toBe(b);
  });

  it('stays with what is live', async () => {
    const order: ReleaseOrder = { sourceTime: at };
    await admit(a, '3', { order });
    await endAs(ledger, a, 'live');
    expect(await ledger.get('live', place)).toMatchObject({ order });
  });

  it('holds for two tags that come at once, whichever comes first', async () => {
    await admit(a, '2', pushed);
    expect((await decisionOf(b, '1', pushed)).decision).toBe('superseded');
    expect((await decisionOf(c, '3', pushed)).decision).toBe('waiting');
  });

  it('refuses a tag that is moved back to what was live before, until a person asks for it', async () => {
    for (const [id, digit] of [
      [a, '1'],
      [b, '2'],
    ] as const) {
      await admit(id, digit, pushed);
      await endAs(ledger, id, 'live-with-recommendations');
    }
    const unknown: LookUpOrder = async () => ({});
    expect(await decisionOf(c, '1', pushed, unknown)).toMatchObject({
      decision: 'refused',
      reason: `v1 was live before (${a}); to go back, say why: slipway rollback hello staging --reason …`,
    });
    expect(await decisionOf(d, '1', {}, unknown)).toMatchObject({
      decision: 'admitted',
      reason: expect.stringContaining(`was live before (${a}), but asked for by ada`) as string,
    });
  });

  it('is no matter of what was tried before, but never live', async () => {
    await admit(a, '1', pushed);
    await endAs(ledger, a, 'failed');
    expect((await decisionOf(b, '1', pushed)).decision).toBe('admitted');
  });
});

describe('quarantine', () => {
  const id = quarantineId(place, digest('1'), 'hash-1');

  it('comes with the end of a deployment whose checks failed, and refuses the same release from then on', async () => {
    await admit(a, '1');
    await endAs(ledger, a, 'rolled-back', bad);
    expect(await ledger.get('quarantine', id)).toMatchObject({
      id,
      digest: digest('1'),
      configHash: 'hash-1',
      deploymentId: a,
      owner: ada,
      reason: 'validate (candidate): status 500',
      holds: true,
    });
    expect(await decisionOf(b, '1')).toMatchObject({
      decision: 'refused',
      reason: expect.stringContaining(`slipway quarantine release ${id}`) as string,
    });
    expect((await decisionOf(c, '1', { configHash: 'hash-2' })).decision).toBe('admitted');
  });

  it.each(['fault', 'cancelled', 'interrupted'] as const)('never comes of a %s', async (ending) => {
    await admit(a, '1');
    await endAs(ledger, a, 'failed', { ...bad, failure: { ...rejected, ending } });
    expect(await ledger.list('quarantine')).toEqual([]);
  });

  it('ends with a person’s word, which stays on record through the next time', async () => {
    await admit(a, '1');
    await endAs(ledger, a, 'failed', bad);
    const release = { by: bob, reason: 'the database was down' };
    const released = await releaseQuarantine(ledger, id, release, start);
    expect(released).toMatchObject({ holds: false, releases: [{ ...release, at }] });
    expect(await releaseQuarantine(ledger, id, { by: ada, reason: 'again' }, start)).toEqual(released);
    expect((await decisionOf(b, '1')).decision).toBe('admitted');
    await endAs(ledger, b, 'failed', bad);
    expect(await ledger.get('quarantine', id)).toMatchObject({
      holds: true,
      deploymentId: b,
      releases: [release],
    });
  });

  it('of a release whose digest only begins the same does not hold', async () => {
    await admit(a, '1');
    await endAs(ledger, a, 'failed', bad);
    const twin = `sha256:${'1'.repeat(63)}0`;
    expect(quarantineId(place, twin, 'hash-1')).toBe(id);
    expect((await decisionOf(b, '1', { digest: twin })).decision).toBe('admitted');
  });

  it('of what is not there cannot end', async () => {
    expect(await releaseQuarantine(ledger, id, { by: bob, reason: 'x' }, start)).toBeUndefined();
  });
});

describe('a manual lock', () => {
  it('keeps others from deploying until it ends; the history tells everything', async () => {
    await admit(a, '1');
    expect(await lockPlace(ada, { forSeconds: 60 })).toMatchObject({ status: 'changed' });
    expect((await deployment(a)).status).toBe('starting');
    expect((await decisionOf(b, '2', pushed)).decision).toBe('refused');
    expect((await decisionOf(c, '2', pushed, byVersion, start + 60_000)).decision).toBe('waiting');
    expect(await lockPlace(bob)).toMatchObject({ status: 'held', held: { owner: ada } });
    await lockPlace(bob, { steal: true });
    await lockPlace(bob, { action: 'unlock' });
    const record = await ledger.get('manualLocks', place);
    expect(record).not.toHaveProperty('lock');
    expect(record?.history.map(({ change, by, before }) => [change, by, before?.owner])).toEqual([
      ['locked', ada, undefined],
      ['stolen', bob, ada],
      ['unlocked', bob, bob],
    ]);
    expect(await lockPlace(bob, { action: 'unlock' })).toEqual({ status: 'no-lock' });
  });

  it('has one owner, however many want it at once', async () => {
    const people = Array.from({ length: 20 }, (_, index) => `p${index}@example.com`);
    const answers = await Promise.all(people.map((by) => lockPlace(by)));
    expect(answers.filter(({ status }) => status === 'changed')).toHaveLength(1);
    expect((await ledger.get('manualLocks', place))?.history).toHaveLength(1);
  });
});

describe('a deployment that waited', () => {
  /** a is deploying release 1, b waits with release 2 as it is pushed. */
  const wait = async (change: Partial<Wanted> = {}) => {
    await admit(a, '1', pushed);
    await admit(b, '2', { ...pushed, ...change });
  };
  const turn = (nowMs = start) => readmit(ledger, b, nowMs, byVersion);

  it('starts when nothing changed, once', async () => {
    await wait();
    await endAs(ledger, a, 'live');
    expect(await deployment(b)).toMatchObject({ status: 'starting', readmit: true });
    const started = await turn();
    expect(started).toMatchObject({ status: 'starts', deployment: { id: b, fence: 2 } });
    expect(await deployment(b)).not.toHaveProperty('readmit');
    await lockPlace(ada);
    expect(await turn()).toEqual(started);
  });

  const refusals: {
    name: string;
    arrange: () => Promise<unknown>;
    outcome: string;
    says: RegExp;
    change?: Partial<Wanted>;
    later?: number;
  }[] = [
    { name: 'locked', arrange: () => lockPlace(ada), outcome: 'refused', says: /locked by ada/ },
    {
      name: 'frozen',
      arrange: async () => undefined,
      change: withPolicy({ freeze: [{ ...holidays, start: '2026-01-01T00:01' }] }),
      later: 60_000,
      outcome: 'refused',
      says: /^frozen/,
    },
    {
      name: 'quarantined',
      arrange: () =>
        ledger.transaction((tx) =>
          tx.put('quarantine', quarantineId(place, digest('2'), 'hash-1'), {
            id: 'q',
            service: 'hello',
            environment: 'staging',
            digest: digest('2'),
            configHash: 'hash-1',
            reason: 'bad',
            deploymentId: d,
            owner: bob,
            at,
            holds: true,
            releases: [],
          }),
        ),
      outcome: 'refused',
      says: /quarantine/,
    },
    {
      name: 'a duplicate of what is live',
      arrange: () => putLive('2'),
      outcome: 'superseded',
      says: new RegExp(`${d} already made this release live`),
    },
    {
      name: 'older than what is live',
      arrange: () => putLive('3'),
      outcome: 'superseded',
      says: /older than .* \(live\)/,
    },
  ];
  const putLive = (digit: string) =>
    ledger.transaction((tx) =>
      tx.put('live', place, {
        service: 'hello',
        environment: 'staging',
        deploymentId: d,
        image: config.image,
        digest: digest(digit),
        configHash: 'hash-1',
        at,
      }),
    );
  it.each(refusals)(
    'and is $name now ends as $outcome and frees the lock',
    async ({ arrange, outcome, says, change, later = 0 }) => {
      await wait(change);
      await endAs(ledger, a, 'failed');
      await arrange();
      expect(await turn(start + later)).toMatchObject({ status: 'ended', next: undefined });
      expect(await deployment(b)).toMatchObject({
        status: 'finished',
        result: { outcome, serving: null, explanation: expect.stringMatching(says) as string },
      });
      expect(await lock()).toEqual({ service: 'hello', environment: 'staging', fence: 2 });
      expect((await turn(start + later))?.status).toBe('ended');
    },
  );

  it('leaves its turn to who waits behind it', async () => {
    await wait();
    await endAs(ledger, a, 'failed');
    await admit(c, '3', pushed);
    await lockPlace(ada);
    const ended = await turn();
    expect(ended).toMatchObject({
      status: 'ended',
      next: { id: c, status: 'starting', readmit: true, fence: 3 },
    });
    expect(await turn()).toMatchObject({ status: 'ended', next: { id: c } });
    expect((await lock())?.active).toBe(c);
  });

  it('and has not the lock any more takes it from nobody', async () => {
    await wait();
    await endAs(ledger, a, 'failed');
    const taken = { service: 'hello', environment: 'staging', active: c, fence: 7 };
    await ledger.transaction((tx) => tx.put('locks', place, taken));
    await lockPlace(ada);
    await turn();
    expect(await lock()).toEqual(taken);
  });

  it('needs no second approval, and keeps who gave the first', async () => {
    const { config: wants } = withPolicy({ approvals: { required: 1, from: [bob], timeout: 1800 } });
    await wait();
    await ledger.transaction(async (tx) => {
      const seen = (await tx.get('deployments', b))!;
      await tx.put('deployments', b, { ...seen, config: wants, approvedBy: [bob] });
    });
    await endAs(ledger, a, 'live');
    expect(await turn()).toMatchObject({ status: 'starts', deployment: { approvedBy: [bob] } });
  });

  it('in spite of a freeze still does', async () => {
    await admit(a, '1');
    await admit(b, '2', { ...withPolicy({ freeze: [holidays] }), override: { freeze: 'down' } });
    await endAs(ledger, a, 'live');
    expect(await turn()).toMatchObject({ status: 'starts', deployment: { overrides: [{ reason: 'down' }] } });
  });

  it('is unknown when it does not exist', async () => {
    expect(await readmit(ledger, d, start)).toBeUndefined();
  });
});
