import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deployment, Signal } from '#shared/domain/deployment.ts';
import { placeId, type Ledger, type Lock } from '#shared/ledger/ledger.ts';
import { cancelWaiting, signalDeployment, takeOver } from '#shared/ledger/signals.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { at, deploymentWith } from '#test/shared/domain/records.ts';
import { strict } from '#test/shared/ledger/strict-ledger.ts';

const id = 'd00000000001';
const other = 'd00000000002';
const place = placeId('hello', 'staging');
const now = Date.UTC(2026, 0, 1, 0, 5);
const signal: Signal = { kind: 'cancel', by: 'ada@example.com', reason: 'wrong release', at };
const lockWith = (change: Partial<Lock>): Lock => ({
  service: 'hello',
  environment: 'staging',
  fence: 3,
  ...change,
});

let database: Ledger;
let ledger: Ledger;
beforeEach(() => {
  database = openSqliteLedger(':memory:');
  ledger = strict(database);
});
afterEach(() => database.close());

const given = (change: Partial<Deployment>, lock?: Partial<Lock>): Promise<void> =>
  ledger.transaction(async (tx) => {
    await tx.put('deployments', id, deploymentWith({ id, ...change }));
    if (lock) await tx.put('locks', place, lockWith(lock));
  });
const deployment = () => ledger.get('deployments', id);
const lock = () => ledger.get('locks', place);

describe('a signal', () => {
  test.each(['waiting', 'starting', 'active'] as const)('to one that is %s is on record', async (status) => {
    await given({ status });
    expect(await signalDeployment(ledger, id, signal)).toMatchObject({ status, signal, revision: 2 });
    expect(await deployment()).toMatchObject({ signal });
  });

  test('that comes second changes nothing: the first one stands', async () => {
    await given({ status: 'active' });
    const first = await signalDeployment(ledger, id, signal);
    const second: Signal = { ...signal, kind: 'rollback', by: 'bob@example.com' };
    expect(await signalDeployment(ledger, id, second)).toEqual(first);
    expect(await deployment()).toEqual(first);
  });

  test('to one that is finished changes nothing', async () => {
    await given({ status: 'finished' });
    const before = await deployment();
    expect(await signalDeployment(ledger, id, signal)).toEqual(before);
    expect(await deployment()).toEqual(before);
  });

  test('to one that is not there has no answer', async () => {
    expect(await signalDeployment(ledger, id, signal)).toBeUndefined();
  });
});

describe('the cancelling of a waiter', () => {
  test('ends it, frees the waiting place and leaves the active one alone', async () => {
    await given({ status: 'waiting', fence: 0 }, { active: other, waiting: id });
    const ended = await cancelWaiting(ledger, id, 'cancelled by ada', now);
    expect(ended).toMatchObject({
      status: 'finished',
      revision: 2,
      result: {
        outcome: 'cancelled',
        explanation: 'cancelled by ada',
        serving: null,
        finishedAt: new Date(now).toISOString(),
      },
    });
    expect(await lock()).toEqual(lockWith({ active: other }));
  });

  test.each(['starting', 'active', 'finished'] as const)('does nothing to one that is %s', async (status) => {
    await given({ status }, { active: id });
    const before = await deployment();
    expect(await cancelWaiting(ledger, id, 'cancelled by ada', now)).toEqual(before);
    expect(await deployment()).toEqual(before);
    expect(await lock()).toEqual(lockWith({ active: id }));
  });

  test('leaves the waiting place to another who took it', async () => {
    await given({ status: 'waiting' }, { active: 'd0000000000x', waiting: other });
    await cancelWaiting(ledger, id, 'cancelled by ada', now);
    expect((await lock())?.waiting).toBe(other);
  });

  test('of one that is not there has no answer', async () => {
    expect(await cancelWaiting(ledger, id, 'cancelled by ada', now)).toBeUndefined();
  });
});

describe('a takeover', () => {
  const bound = { status: 'active', executionId: 'dead', fence: 3 } as const;
  /** As `reconcile` does it: looks, finds the execution dead, takes over. */
  const takeOverFrom = async (dead: string): Promise<Deployment | undefined> =>
    takeOver(ledger, (await deployment())!, [dead], now);

  test('hands the deployment to a new execution, in recover mode and under the next fence', async () => {
    await given({ ...bound, newestSeq: 7, awaiting: { seq: 7, callbackUrl: 'https://c' } }, { active: id });
    const taken = await takeOverFrom('dead');
    expect(taken).toMatchObject({
      status: 'starting',
      mode: 'recover',
      fence: 4,
      newestSeq: 7,
      deadExecutions: ['dead'],
    });
    expect(taken).not.toHaveProperty('executionId');
    expect(taken).not.toHaveProperty('awaiting');
    expect(await deployment()).toEqual(taken);
    expect(await lock()).toEqual(lockWith({ active: id, fence: 4 }));
  });

  test('at a person’s word says whose it was, and who had it before', async () => {
    const steps = [
      { step: 'deploy', phase: 'candidate', seq: 7, attempt: 1, status: 'running', startedAt: at } as const,
    ];
    await given({ ...bound, steps }, { active: id });
    const word = { by: 'ada@example.com', reason: 'it hangs', executionId: 'dead' };
    const taken = await takeOver(ledger, (await deployment())!, ['dead'], now, word);
    const ended = new Date(now).toISOString();
    expect(taken).toMatchObject({
      takeovers: [{ ...word, at: ended }],
      deadExecutions: ['dead'],
      steps: [{ status: 'failed', endedAt: ended, summary: 'taken over by ada@example.com before it ended' }],
    });
    const bobs = { by: 'bob@example.com', reason: 'it hangs again', executionId: 'second' };
    await given({ ...taken!, status: 'active', executionId: 'second' });
    const again = await takeOver(ledger, (await deployment())!, ['second'], now, bobs);
    expect(again?.takeovers).toEqual([
      { ...word, at: ended },
      { ...bobs, at: ended },
    ]);
  });

  test('leaves the waiter where it is', async () => {
    await given(bound, { active: id, waiting: other });
    await takeOverFrom('dead');
    expect((await lock())?.waiting).toBe(other);
  });

  test('happens once per execution, also when two try at the same moment', async () => {
    await given(bound, { active: id });
    const taken = await Promise.all([takeOverFrom('dead'), takeOverFrom('dead')]);
    expect(taken.filter((each) => each !== undefined)).toHaveLength(1);
    expect((await lock())?.fence).toBe(4);
  });

  test('of one that never had an execution is possible while it starts', async () => {
    await given({ status: 'starting' }, { active: id });
    const taken = await takeOverFrom('never-claimed');
    expect(taken).toMatchObject({
      status: 'starting',
      mode: 'recover',
      fence: 4,
      deadExecutions: ['never-claimed'],
    });
  });

  test('remembers every dead execution', async () => {
    await given({ ...bound, deadExecutions: ['older'] }, { active: id });
    expect((await takeOverFrom('dead'))?.deadExecutions).toEqual(['older', 'dead']);
  });

  test.each<{ name: string; seen?: Partial<Deployment>; change: Partial<Deployment>; lock: Partial<Lock> }>([
    {
      name: 'was bound to another execution meanwhile',
      change: { ...bound, executionId: 'alive' },
      lock: { active: id },
    },
    { name: 'was bound meanwhile', seen: { executionId: undefined! }, change: bound, lock: { active: id } },
    { name: 'was taken over meanwhile', seen: { ...bound, fence: 2 }, change: bound, lock: { active: id } },
    { name: 'is finished', change: { ...bound, status: 'finished' }, lock: {} },
    { name: 'still waits for another', change: { status: 'waiting' }, lock: { active: other, waiting: id } },
    { name: 'has not the lock', change: bound, lock: { active: other } },
  ])('is refused when it $name, and nothing changes', async ({ seen, change, lock: held }) => {
    await given(change, held);
    const before = [await deployment(), await lock()];
    const old = { ...before[0], ...(change.status === 'waiting' ? {} : bound), ...seen } as Deployment;
    expect(await takeOver(ledger, old, ['dead'], now)).toBeUndefined();
    expect([await deployment(), await lock()]).toEqual(before);
  });

  test('of one that is not there has no answer', async () => {
    expect(await takeOver(ledger, deploymentWith({ id }), ['dead'], now)).toBeUndefined();
  });
});
