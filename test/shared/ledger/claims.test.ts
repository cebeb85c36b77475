import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deployment, Failure } from '#shared/domain/deployment.ts';
import type { StepMessage, StepReply } from '#shared/domain/protocol.ts';
import {
  claimDispatch,
  commitReply,
  leaseSeconds,
  renewClaim,
  savePatch,
  type DeploymentPatch,
} from '#shared/ledger/claims.ts';
import { dispatchId, placeId, type Ledger } from '#shared/ledger/ledger.ts';
import { takeOver } from '#shared/ledger/signals.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { checkWith, deploymentWith } from '#test/shared/domain/records.ts';
import { strict } from '#test/shared/ledger/strict-ledger.ts';

const id = 'd00000000001';
const start = Date.UTC(2026, 0, 1);
const lease = leaseSeconds * 1000;
const iso = (afterMs: number): string => new Date(start + afterMs).toISOString();

const messageWith = (change: Partial<StepMessage> = {}): StepMessage => ({
  version: 1,
  deploymentId: id,
  executionId: 'execution-1',
  seq: 1,
  step: 'preflight',
  attempt: 1,
  phase: 'candidate',
  callbackUrl: `https://example.com/callbacks/${change.seq ?? 1}`,
  deadline: start / 1000 + 180,
  ...change,
});
const succeeded = (seq: number): StepReply => ({ seq, status: 'succeeded', decision: { build: false } });
const failed = (seq: number): StepReply => ({
  seq,
  status: 'failed',
  code: 'timeout',
  message: 'no answer',
  retryable: true,
  retryAfterSeconds: 0,
});
const failureOf = (message: StepMessage): Failure => ({
  ending: 'fault',
  step: message.step,
  phase: message.phase,
  code: 'timeout',
  message: 'no answer',
  at: iso(0),
});

describe('claims', () => {
  let database: Ledger;
  let ledger: Ledger;
  beforeEach(async () => {
    database = openSqliteLedger(':memory:');
    ledger = strict(database);
    await put(deploymentWith({ id }));
  });
  afterEach(() => database.close());

  const put = (deployment: Deployment): Promise<void> =>
    ledger.transaction((tx) => tx.put('deployments', deployment.id, deployment));
  const now = async (): Promise<Deployment> => (await ledger.get('deployments', id))!;
  const claim = (message: StepMessage, name = 'claim-1', afterMs = 0) =>
    claimDispatch(ledger, message, name, start + afterMs);
  const commit = (
    message: StepMessage,
    name: string,
    reply: StepReply,
    patch: DeploymentPatch = {},
    afterMs = 0,
  ) => commitReply(ledger, message, name, { reply, patch, summary: 'as wished' }, start + afterMs);

  describe('C1: the first claim binds the deployment to its execution', () => {
    test('and makes it active, with the run, its start and the callback on record', async () => {
      const message = messageWith();
      const claimed = await claim(message);
      expect(claimed).toMatchObject({ status: 'claimed', claim: 'claim-1', firstStartedAt: iso(0) });
      expect(await now()).toMatchObject({
        revision: 2,
        status: 'active',
        executionId: 'execution-1',
        newestSeq: 1,
        startedAt: iso(0),
        updatedAt: iso(0),
        awaiting: { seq: 1, callbackUrl: message.callbackUrl },
        steps: [
          { step: 'preflight', phase: 'candidate', seq: 1, attempt: 1, status: 'running', startedAt: iso(0) },
        ],
      });
    });

    test('so another execution is not the owner, at any number, and changes nothing', async () => {
      await claim(messageWith());
      const before = await now();
      for (const seq of [1, 2, 1000]) {
        expect(await claim(messageWith({ seq, executionId: 'execution-2' }))).toEqual({
          status: 'not-owner',
        });
      }
      expect(await now()).toEqual(before);
    });

    test('also when two claim at the same moment: one acts', async () => {
      const answers = await Promise.all([
        claim(messageWith({ executionId: 'execution-1' }), 'claim-1'),
        claim(messageWith({ executionId: 'execution-2' }), 'claim-2'),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual(['claimed', 'not-owner']);
    });

    test('and an execution that was declared dead never acts, even before anybody else did', async () => {
      await put(deploymentWith({ id, deadExecutions: ['execution-1'] }));
      expect(await claim(messageWith())).toEqual({ status: 'not-owner' });
    });

    test('and a deployment that is not there is said to be unknown', async () => {
      const message = messageWith({ deploymentId: 'd0000000000x' });
      expect(await claim(message)).toEqual({ status: 'unknown-deployment' });
    });
  });

  describe('C2: a dispatch older than the newest claimed one', () => {
    test('never acts', async () => {
      await claim(messageWith({ seq: 2 }));
      expect(await claim(messageWith({ seq: 1 }), 'late')).toMatchObject({ status: 'stale' });
    });

    test('can store nothing any more, though it was claimed before', async () => {
      const old = messageWith({ seq: 1 });
      await claim(old, 'old');
      await claim(messageWith({ seq: 2, attempt: 2 }), 'new');
      const before = await now();
      expect(await renewClaim(ledger, old, 'old', start)).toBeUndefined();
      expect(await savePatch(ledger, old, 'old', { trafficMoved: true }, start)).toBeUndefined();
      expect(await commit(old, 'old', succeeded(1), { completed: true })).toBeUndefined();
      expect(await now()).toEqual(before);
      expect((await ledger.get('dispatches', dispatchId(id, 1)))?.reply).toBeUndefined();
    });

    test('that was answered in its time is answered the same again', async () => {
      const old = messageWith({ seq: 1 });
      await claim(old, 'old');
      await commit(old, 'old', succeeded(1));
      await claim(messageWith({ seq: 2, step: 'push' }), 'new');
      expect(await claim(old, 'again')).toEqual({ status: 'answered', reply: succeeded(1) });
    });

    test.each([
      { status: 'waiting', step: 'preflight', answer: 'stale', after: 'waiting' },
      { status: 'starting', step: 'preflight', answer: 'claimed', after: 'active' },
      { status: 'active', step: 'preflight', answer: 'claimed', after: 'active' },
      { status: 'finished', step: 'preflight', answer: 'stale', after: 'finished' },
      { status: 'finished', step: 'rollback', answer: 'stale', after: 'finished' },
      { status: 'finished', step: 'report', answer: 'claimed', after: 'finished' },
    ] as const)(
      'and $step of a deployment that is $status is $answer',
      async ({ status, step, answer, after }) => {
        await put(deploymentWith({ id, status }));
        expect((await claim(messageWith({ step }))).status).toBe(answer);
        expect((await now()).status).toBe(after);
      },
    );
  });

  describe('C3: of several claims of one dispatch', () => {
    test('only one holds it until its lease runs out', async () => {
      await claim(messageWith());
      expect(await claim(messageWith(), 'claim-2', lease - 1)).toEqual({ status: 'busy' });
      expect(await claim(messageWith(), 'claim-2', lease)).toMatchObject({
        status: 'claimed',
        claim: 'claim-2',
      });
    });

    test('a renewed one holds it longer', async () => {
      const message = messageWith();
      await claim(message);
      expect(await renewClaim(ledger, message, 'claim-1', start + lease - 1)).toEqual(await now());
      expect(await claim(message, 'claim-2', 2 * lease - 2)).toEqual({ status: 'busy' });
      expect((await claim(message, 'claim-2', 2 * lease - 1)).status).toBe('claimed');
    });

    test('the one that took over can store, and the one that lost it cannot', async () => {
      const message = messageWith();
      await claim(message);
      await claim(message, 'claim-2', lease);
      expect(await renewClaim(ledger, message, 'claim-1', start)).toBeUndefined();
      expect(await savePatch(ledger, message, 'claim-1', { trafficMoved: true }, start)).toBeUndefined();
      expect(await commit(message, 'claim-1', failed(1), { completed: true })).toBeUndefined();
      expect(await commit(message, 'claim-2', succeeded(1))).toMatchObject({
        trafficMoved: false,
        completed: false,
      });
      expect((await ledger.get('dispatches', dispatchId(id, 1)))?.reply).toEqual(succeeded(1));
    });

    test('a takeover of the same dispatch keeps the time at which the step began', async () => {
      await claim(messageWith());
      expect(await claim(messageWith(), 'claim-2', lease)).toMatchObject({ firstStartedAt: iso(0) });
      expect((await now()).steps).toHaveLength(1);
    });

    test('a lease that ran out unnoticed is still good while nobody took over', async () => {
      const message = messageWith();
      await claim(message);
      expect(await commit(message, 'claim-1', succeeded(1), {}, 10 * lease)).toBeDefined();
    });
  });

  describe('C4: patch and reply', () => {
    test('are stored together, with how the run ended', async () => {
      const message = messageWith();
      await claim(message);
      const stored = await commit(message, 'claim-1', succeeded(1), { serviceUrl: 'https://hello' }, 2000);
      expect(stored).toEqual(await now());
      expect(stored).toMatchObject({
        revision: 3,
        serviceUrl: 'https://hello',
        updatedAt: iso(2000),
        steps: [{ status: 'succeeded', summary: 'as wished', startedAt: iso(0), endedAt: iso(2000) }],
      });
      expect((await ledger.get('dispatches', dispatchId(id, 1)))?.reply).toEqual(succeeded(1));
    });

    test('are stored once: a second answer of the same claim is dropped', async () => {
      const message = messageWith();
      await claim(message);
      await commit(message, 'claim-1', succeeded(1));
      const before = await now();
      expect(await commit(message, 'claim-1', failed(1), { completed: true })).toBeUndefined();
      expect(await savePatch(ledger, message, 'claim-1', { completed: true }, start)).toBeUndefined();
      expect(await now()).toEqual(before);
      expect(await claim(message, 'claim-2', 10 * lease)).toEqual({
        status: 'answered',
        reply: succeeded(1),
      });
    });

    test('are both missing when the transaction fails', async () => {
      const message = messageWith();
      await claim(message);
      const before = await now();
      const broken: Ledger = {
        ...database,
        transaction: (work) =>
          database.transaction(async (tx) => {
            await work(tx);
            throw new Error('the disk is full');
          }),
      };
      const answer = { reply: succeeded(1), patch: { completed: true }, summary: '' };
      await expect(commitReply(broken, message, 'claim-1', answer, start)).rejects.toThrow('disk is full');
      expect(await now()).toEqual(before);
      expect((await claim(message, 'claim-2', lease)).status).toBe('claimed');
    });

    test('a patch alone is on record at once, and the claim goes on', async () => {
      const message = messageWith({ step: 'shift-traffic', phase: 'traffic-5' });
      await claim(message);
      const saved = await savePatch(ledger, message, 'claim-1', { trafficMoved: true }, start + 5);
      expect(saved).toMatchObject({ trafficMoved: true, revision: 3 });
      expect(await now()).toEqual(saved);
      expect(await commit(message, 'claim-1', succeeded(1))).toMatchObject({ trafficMoved: true });
    });
  });

  describe('a run', () => {
    test('that is looked at again has one entry, the time it began and no end', async () => {
      const look = messageWith({ seq: 3, step: 'deploy' });
      await claim(look);
      await commit(look, 'claim-1', { seq: 3, status: 'pending', again: start / 1000 + 3 }, {}, 100);
      expect((await now()).steps[0]).toMatchObject({ status: 'pending', summary: 'as wished' });
      expect((await now()).steps[0]).not.toHaveProperty('endedAt');
      const again = await claim(messageWith({ seq: 4, step: 'deploy' }), 'claim-2', 3000);
      expect(again).toMatchObject({ firstStartedAt: iso(0) });
      expect((await now()).steps).toEqual([
        { step: 'deploy', phase: 'candidate', seq: 4, attempt: 1, status: 'running', startedAt: iso(0) },
      ]);
    });

    test('that is retried keeps the time it began', async () => {
      const first = messageWith({ step: 'health-probe' });
      await claim(first);
      await commit(first, 'claim-1', failed(1), { failure: failureOf(first) }, 100);
      const retry = await claim(messageWith({ step: 'health-probe', seq: 2, attempt: 2 }), 'claim-2', 2000);
      expect(retry).toMatchObject({ firstStartedAt: iso(0) });
    });

    test('of the same step in another phase is another one', async () => {
      await claim(messageWith({ step: 'validate' }));
      await claim(messageWith({ step: 'validate', phase: 'traffic-5', seq: 2 }), 'claim-2', 1000);
      expect((await now()).steps.map(({ phase, startedAt }) => [phase, startedAt])).toEqual([
        ['candidate', iso(0)],
        ['traffic-5', iso(1000)],
      ]);
    });

    test('that was rejected says so', async () => {
      const message = messageWith();
      await claim(message);
      await commit(message, 'claim-1', { seq: 1, status: 'rejected', reason: 'no' });
      expect((await now()).steps[0]?.status).toBe('rejected');
    });
  });

  describe('checks', () => {
    test('replace those of the same step, phase, suite and id, and no others', async () => {
      const same = { step: 'validate', phase: 'traffic-5', suite: 'API', id: 'root' };
      const others = [
        checkWith('pass', 'required', { ...same, step: 'health-probe' }),
        checkWith('pass', 'required', { ...same, phase: 'candidate' }),
        checkWith('pass', 'required', { ...same, suite: 'Database' }),
        checkWith('pass', 'required', { ...same, id: 'other' }),
      ];
      await put(deploymentWith({ id, checks: [checkWith('fail', 'required', same), ...others] }));
      const message = messageWith({ step: 'validate', phase: 'traffic-5' });
      await claim(message);
      const renewed = checkWith('pass', 'required', same);
      const stored = await commit(message, 'claim-1', succeeded(1), { checks: [renewed] });
      expect(stored?.checks).toEqual([...others, renewed]);
    });

    test('stay when a patch has none', async () => {
      await put(deploymentWith({ id, checks: [checkWith('pass')] }));
      await claim(messageWith());
      expect((await commit(messageWith(), 'claim-1', succeeded(1)))?.checks).toEqual([checkWith('pass')]);
    });
  });

  describe('a failure', () => {
    const first = messageWith({ step: 'deploy', seq: 1 });
    beforeEach(async () => {
      await claim(first);
      await commit(first, 'claim-1', failed(1), { failure: failureOf(first) });
    });

    test('is on record', async () => {
      expect((await now()).failure).toEqual(failureOf(first));
    });

    test.each([
      { name: 'a retry of the same step succeeds', change: {}, reply: succeeded(2), stays: false },
      {
        name: 'the same step is pending',
        change: {},
        reply: { seq: 2, status: 'pending' as const, again: 0 },
        stays: true,
      },
      {
        name: 'the same step succeeds in another phase',
        change: { phase: 'traffic-5' },
        reply: succeeded(2),
        stays: true,
      },
      {
        name: 'the rollback succeeds',
        change: { step: 'rollback' as const, phase: 'after' },
        reply: succeeded(2),
        stays: true,
      },
    ])('when $name: it stays = $stays', async ({ change, reply, stays }) => {
      const next = messageWith({ step: 'deploy', seq: 2, attempt: 2, ...change });
      await claim(next, 'claim-2', 1000);
      const stored = await commit(next, 'claim-2', reply);
      expect(stored?.failure).toEqual(stays ? failureOf(first) : undefined);
      expect(await now()).toEqual(stored);
    });

    test('is replaced by the failure of a retry', async () => {
      const next = messageWith({ step: 'deploy', seq: 2, attempt: 2 });
      await claim(next, 'claim-2', 1000);
      const failure = { ...failureOf(next), message: 'worse' };
      expect((await commit(next, 'claim-2', failed(2), { failure }))?.failure).toEqual(failure);
    });
  });

  describe('after a takeover by a new execution', () => {
    const rollback = messageWith({ step: 'rollback', phase: 'after', seq: 5 });
    const later = 600_000;
    beforeEach(async () => {
      await ledger.transaction((tx) =>
        tx.put('locks', placeId('hello', 'staging'), {
          service: 'hello',
          environment: 'staging',
          active: id,
          fence: 1,
        }),
      );
      await claim(rollback);
      await takeOver(ledger, (await ledger.get('deployments', id))!, ['execution-1'], start + later);
    });

    test('the old execution can neither claim nor renew nor store', async () => {
      expect(await claim(messageWith({ seq: 6 }), 'claim-2', later)).toEqual({ status: 'not-owner' });
      expect(await renewClaim(ledger, rollback, 'claim-1', start + later)).toBeUndefined();
      expect(await commit(rollback, 'claim-1', succeeded(5), { completed: true })).toBeUndefined();
      expect((await now()).completed).toBe(false);
    });

    test('also when the new one was first to claim', async () => {
      const anew = messageWith({ ...rollback, seq: 6, executionId: 'execution-2' });
      expect((await claim(anew, 'claim-2', later)).status).toBe('claimed');
      expect(await claim(messageWith({ seq: 7 }), 'claim-3', later)).toEqual({ status: 'not-owner' });
      expect(await commit(rollback, 'claim-1', succeeded(5), { completed: true })).toBeUndefined();
    });

    test('a step that begins anew has its whole time, not what the dead one left of it', async () => {
      const anew = messageWith({ ...rollback, seq: 6, executionId: 'execution-2' });
      expect(await claim(anew, 'claim-2', later)).toMatchObject({ firstStartedAt: iso(later) });
      const retry = messageWith({ ...anew, seq: 7, attempt: 2 });
      expect(await claim(retry, 'claim-3', later + 5000)).toMatchObject({ firstStartedAt: iso(later) });
    });

    test('what the dead execution left running is said to have ended', async () => {
      const [run] = (await now()).steps;
      expect(run).toMatchObject({ step: 'rollback', status: 'failed', endedAt: iso(later) });
      expect(run?.summary).toBe('its execution ended before it');
    });
  });

  test('whatever the order of deliveries, lost functions and takeovers, the invariants hold', async () => {
    type Act = { kind: 'claim' | 'commit'; seq: number; execution: string; claim: number; waitMs: number };
    const act: fc.Arbitrary<Act> = fc.record({
      kind: fc.constantFrom('claim', 'claim', 'commit'),
      seq: fc.integer({ min: 1, max: 4 }),
      execution: fc.constantFrom('execution-1', 'execution-1', 'execution-2'),
      claim: fc.integer({ min: 0, max: 3 }),
      waitMs: fc.constantFrom(0, 1000, lease),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 25 }), async (acts) => {
        const memory = openSqliteLedger(':memory:');
        await memory.transaction((tx) => tx.put('deployments', id, deploymentWith({ id })));
        const holder = new Map<number, string>();
        const replies = new Map<number, StepReply>();
        let owner: string | undefined;
        let newest = 0;
        let nowMs = start;
        for (const { kind, seq, execution, claim: number, waitMs } of acts) {
          nowMs += waitMs;
          const name = `claim-${number}`;
          const message = messageWith({ seq, executionId: execution });
          const stranger = owner !== undefined && owner !== execution;
          const answered = replies.get(seq);
          let allowed: boolean;
          if (kind === 'claim') {
            const answer = await claimDispatch(memory, message, name, nowMs);
            const expected: string[] = stranger
              ? ['not-owner']
              : answered
                ? ['answered']
                : seq < newest
                  ? ['stale']
                  : holder.has(seq)
                    ? ['busy', 'claimed']
                    : ['claimed'];
            allowed =
              expected.includes(answer.status) && (answer.status !== 'answered' || answer.reply.seq === seq);
            if (answer.status === 'claimed') {
              owner = execution;
              newest = seq;
              holder.set(seq, name);
            }
          } else {
            const reply: StepReply = { seq, status: 'rejected', reason: `${execution} ${name} ${nowMs}` };
            const answer = { reply, patch: { buildId: reply.reason }, summary: '' };
            const stored = await commitReply(memory, message, name, answer, nowMs);
            const mayStore = execution === owner && seq === newest && holder.get(seq) === name && !answered;
            allowed = (stored !== undefined) === mayStore;
            if (stored) replies.set(seq, reply);
          }
          expect(allowed).toBe(true);
          const seen = (await memory.get('deployments', id))!;
          expect(seen.executionId).toBe(owner);
          expect(seen.newestSeq).toBe(newest);
          const lastReply = [...replies.values()].at(-1);
          expect(seen.buildId).toBe(lastReply?.status === 'rejected' ? lastReply.reason : undefined);
        }
        memory.close();
      }),
      { numRuns: 60 },
    );
  });
});
