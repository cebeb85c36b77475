import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deployment, Release, Result } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { admitRequest, recordRequest, type Wanted } from '#shared/ledger/admission.ts';
import { claimDispatch } from '#shared/ledger/claims.ts';
import { takeOver } from '#shared/ledger/signals.ts';
import { finishDeployment } from '#shared/ledger/finish.ts';
import { placeId, type Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { at, config, digest } from '#test/shared/domain/records.ts';
import { wantedWith } from '#test/shared/ledger/crowd-contract.ts';
import { strict } from '#test/shared/ledger/strict-ledger.ts';

const start = Date.UTC(2026, 0, 1);
const place = placeId('hello', 'staging');
const release = (digit: string): Release => ({
  image: config.image,
  digest: digest(digit),
  sizeBytes: 1,
  platforms: ['linux/amd64'],
});
const resultOf = (outcome: Outcome): Result => ({
  outcome,
  verdict: { status: 'pass', explanation: 'the one check passed' },
  explanation: 'the one check passed',
  serving: [],
  finishedAt: at,
});
describe('admission over the ledger', () => {
  let database: Ledger;
  let ledger: Ledger;
  beforeEach(() => {
    database = openSqliteLedger(':memory:');
    ledger = strict(database);
  });
  afterEach(() => database.close());

  const admit = (id: string, change: Partial<Wanted> = {}) =>
    admitRequest(ledger, wantedWith({ requestId: `request-${id}`, ...change }), id, start);
  const lock = () => ledger.get('locks', place);
  const deployment = async (id: string): Promise<Deployment> => (await ledger.get('deployments', id))!;
  /** As the report step does it: claims its dispatch, then ends the deployment under that claim. */
  const claimReport = async (id: string) => {
    const seq = ((await ledger.get('deployments', id))?.newestSeq ?? 0) + 1;
    const message: StepMessage = {
      version: 1,
      deploymentId: id,
      executionId: `execution-of-${id}`,
      seq,
      step: 'report',
      attempt: 1,
      phase: 'after',
      callbackUrl: 'https://example.com/callback',
      deadline: start / 1000 + 180,
    };
    await claimDispatch(ledger, message, `claim-${seq}`, start);
    return { message, claim: `claim-${seq}` };
  };
  const finish = async (id: string, outcome: Outcome = 'live') => {
    const { message, claim } = await claimReport(id);
    return (await finishDeployment(ledger, message, claim, resultOf(outcome), start + 1000))!;
  };

  const [a, b, c, d] = ['d0000000000a', 'd0000000000b', 'd0000000000c', 'd0000000000d'] as const;

  test('the first request starts, with the lock, the first fence and everything that was asked on record', async () => {
    const change = { id: '1278', title: 'Longer timeout', claims: [] };
    const { record, changed } = await admit(a, { change });
    expect(record).toMatchObject({
      decision: 'admitted',
      deploymentId: a,
      service: 'hello',
      environment: 'staging',
    });
    expect(changed).toEqual([await deployment(a)]);
    expect(changed[0]).toMatchObject({
      id: a,
      revision: 1,
      status: 'starting',
      mode: 'deploy',
      fence: 1,
      configHash: 'hash-1',
      configSource: 'services/hello.yaml#1',
      request: {
        id: `request-${a}`,
        source: 'api',
        tag: 'v1',
        digest: digest('1'),
        change,
        requestedBy: 'ada@example.com',
      },
      createdAt: at,
    });
    expect(await lock()).toEqual({ service: 'hello', environment: 'staging', active: a, fence: 1 });
  });

  test('a request while another is deployed waits, without lock and fence', async () => {
    await admit(a);
    const { record, changed } = await admit(b, { digest: digest('2') });
    expect(record).toMatchObject({ decision: 'waiting', deploymentId: b });
    expect(changed).toMatchObject([{ id: b, status: 'waiting', fence: 0 }]);
    expect(await lock()).toEqual({
      service: 'hello',
      environment: 'staging',
      active: a,
      waiting: b,
      fence: 1,
    });
  });

  test('a newer one takes the waiting place and the older one is superseded, by name', async () => {
    await admit(a);
    await admit(b, { digest: digest('2') });
    const { changed } = await admit(c, { digest: digest('3') });
    expect(changed.map(({ id }) => id)).toEqual([c, b]);
    expect(await deployment(b)).toMatchObject({
      revision: 2,
      status: 'finished',
      result: { outcome: 'superseded', serving: null, explanation: expect.stringContaining(c) as string },
    });
    expect((await lock())?.waiting).toBe(c);
  });

  test.each(['admitted', 'waiting', 'duplicate'])(
    'a repeat of a request that was %s gets the first answer',
    async (first) => {
      if (first !== 'admitted') await admit(a);
      const same = { requestId: 'message-1', digest: digest(first === 'waiting' ? '2' : '1') };
      const { record } = await admit(b, same);
      expect(record.decision).toBe(first);
      const before = await ledger.list('deployments');
      const again = await admit(c, { ...same, requestedBy: 'somebody else' });
      expect(again.record).toEqual(record);
      expect(again.changed.map(({ id }) => id)).toEqual([record.deploymentId]);
      expect(await ledger.list('deployments')).toEqual(before);
    },
  );

  test('a repeat that comes after the end still gets the first answer', async () => {
    const { record } = await admit(a, { requestId: 'message-1' });
    await finish(a, 'failed');
    const again = await admit(b, { requestId: 'message-1' });
    expect(again.record).toEqual(record);
    expect(again.changed).toMatchObject([{ id: a, status: 'finished' }]);
    expect(await lock()).not.toHaveProperty('active');
  });

  test('one request may start one deployment in each environment', async () => {
    await admit(a, { requestId: 'message-1' });
    const production = { ...config, environment: 'production' };
    const { record } = await admit(b, { requestId: 'message-1', config: production });
    expect(record.decision).toBe('admitted');
    expect((await ledger.get('locks', placeId('hello', 'production')))?.active).toBe(b);
    expect((await lock())?.active).toBe(a);
  });

  test('an id that is taken already does not overwrite its deployment', async () => {
    await admit(a);
    const before = await deployment(a);
    const clash = admit(a, { requestId: 'another', digest: digest('2') });
    await expect(clash).rejects.toMatchObject({ code: 'conflict', retryable: true });
    expect(await deployment(a)).toEqual(before);
    expect(await ledger.get('requests', `another.${place}`)).toBeUndefined();
  });

  test('a request that leads to nothing is recorded once', async () => {
    const record = { requestId: 'r', decision: 'ignored' as const, reason: 'first', requestedBy: 'gcr', at };
    await recordRequest(ledger, 'r', record);
    await recordRequest(ledger, 'r', { ...record, reason: 'second' });
    expect(await ledger.get('requests', 'r')).toEqual(record);
  });

  describe('the end of a deployment', () => {
    test('frees the lock and keeps its number', async () => {
      await admit(a);
      const { finished, next } = await finish(a, 'failed');
      expect(finished).toMatchObject({ id: a, status: 'finished', result: resultOf('failed') });
      expect(next).toBeUndefined();
      expect(await lock()).toEqual({ service: 'hello', environment: 'staging', fence: 1 });
      await admit(b);
      expect((await deployment(b)).fence).toBe(2);
    });

    test('starts the waiter with the next fence', async () => {
      await admit(a);
      await admit(b, { digest: digest('2') });
      const { next } = await finish(a);
      expect(next).toMatchObject({ id: b, status: 'starting', fence: 2 });
      expect(await deployment(b)).toEqual(next);
      expect(await lock()).toEqual({ service: 'hello', environment: 'staging', active: b, fence: 2 });
    });

    test('comes once: a second call changes nothing and names the same waiter', async () => {
      await admit(a);
      await admit(b, { digest: digest('2') });
      const held = await claimReport(a);
      const end = (outcome: Outcome) =>
        finishDeployment(ledger, held.message, held.claim, resultOf(outcome), start + 1000);
      const first = await end('rolled-back');
      const before = [
        await ledger.list('deployments'),
        await ledger.list('locks'),
        await ledger.list('live'),
      ];
      expect(await end('live')).toEqual(first);
      expect([
        await ledger.list('deployments'),
        await ledger.list('locks'),
        await ledger.list('live'),
      ]).toEqual(before);
    });

    test.each([
      { outcome: 'live', live: true },
      { outcome: 'live-with-recommendations', live: true },
      { outcome: 'rolled-back', live: false },
      { outcome: 'failed', live: false },
      { outcome: 'rollback-failed', live: false },
      { outcome: 'cancelled', live: false },
    ] as const)('as $outcome makes it the live release: $live', async ({ outcome, live }) => {
      await admit(a);
      await ledger.transaction(async (tx) => {
        const seen = (await tx.get('deployments', a))!;
        await tx.put('deployments', a, { ...seen, release: release('1') });
      });
      await finish(a, outcome);
      const seen = await ledger.get('live', place);
      expect(seen?.deploymentId).toBe(live ? a : undefined);
      const { record } = await admit(b);
      expect(record.decision).toBe(live ? 'duplicate' : 'admitted');
      expect(record.deploymentId).toBe(live ? a : b);
    });

    test('of a deployment that has not the lock leaves the lock to who has it', async () => {
      await admit(a);
      await admit(b, { digest: digest('2') });
      await finish(b, 'cancelled');
      expect((await lock())?.active).toBe(a);
    });

    test('by a function whose claim was taken over changes nothing', async () => {
      await admit(a);
      const seen = await claimReport(a);
      await takeOver(ledger, await deployment(a), ['execution-of-d0000000000a'], start);
      const before = await deployment(a);
      expect(
        await finishDeployment(ledger, seen.message, seen.claim, resultOf('live'), start),
      ).toBeUndefined();
      expect(await deployment(a)).toEqual(before);
      expect((await lock())?.active).toBe(a);
    });

    test('of one that is not there has no answer', async () => {
      expect(await finish(d)).toBeUndefined();
    });
  });
});
