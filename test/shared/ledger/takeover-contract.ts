import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { claimDispatch, commitReply } from '#shared/ledger/claims.ts';
import { placeId, type Ledger } from '#shared/ledger/ledger.ts';
import { takeOver } from '#shared/ledger/signals.ts';
import { deploymentWith } from '#test/shared/domain/records.ts';
import type { LedgerPlace } from '#test/shared/ledger/ledger-contract.ts';

const id = 'd00000000001';
const place = placeId('hello', 'staging');
const start = Date.UTC(2026, 0, 1);
const people = ['ana@example.com', 'bob@example.com', 'eve@example.com', 'joe@example.com'];
const message: StepMessage = {
  version: 1,
  deploymentId: id,
  executionId: 'hanging',
  seq: 5,
  step: 'shift-traffic',
  attempt: 1,
  phase: 'traffic-50',
  callbackUrl: 'https://example.com/callbacks/5',
  deadline: start / 1000 + 180,
};

/** Several people take one deployment from an execution that still acts, on every adapter of the ledger. */
export function describeTakeovers(name: string, create: () => Promise<LedgerPlace>): void {
  describe(`takeovers of a running deployment, through two openers of ${name}`, () => {
    let database: LedgerPlace;
    let openers: [Ledger, Ledger];
    beforeEach(async () => {
      database = await create();
      openers = [database.open(), database.open()];
      await openers[0].transaction(async (tx) => {
        await tx.put('deployments', id, deploymentWith({ id, fence: 3 }));
        await tx.put('locks', place, { service: 'hello', environment: 'staging', active: id, fence: 3 });
      });
      await claimDispatch(openers[0], message, 'claim', start);
    });
    afterEach(async () => {
      for (const opened of openers) opened.close();
      await database.remove();
    });

    test('give it to one of them, under the next fence, and who it was is on record', async () => {
      const seen = (await openers[0].get('deployments', id))!;
      const answers = await Promise.all(
        people.map((by, index) => {
          const word = { by, reason: 'it hangs', executionId: 'hanging' };
          return takeOver(openers[index % 2]!, seen, ['hanging'], start + 1000, word);
        }),
      );
      const winners = people.filter((_, index) => answers[index] !== undefined);
      expect(winners).toHaveLength(1);
      const taken = await openers[1].get('deployments', id);
      expect(taken).toMatchObject({
        status: 'starting',
        mode: 'recover',
        fence: 4,
        takeovers: [{ by: winners[0] }],
      });
      expect(taken?.takeovers).toHaveLength(1);
      expect((await openers[1].get('locks', place))?.fence).toBe(4);
    });

    test('leave the execution that lost it nothing to store, whichever comes first', async () => {
      const seen = (await openers[0].get('deployments', id))!;
      const reply = { seq: 5, status: 'succeeded', decision: {} } as const;
      const word = { by: people[0]!, reason: 'it hangs', executionId: 'hanging' };
      const [taken, stored] = await Promise.all([
        takeOver(openers[0], seen, ['hanging'], start + 1000, word),
        commitReply(
          openers[1],
          message,
          'claim',
          { reply, patch: { completed: true }, summary: '' },
          start + 1000,
        ),
      ]);
      expect(taken).toMatchObject({ fence: 4, completed: stored !== undefined });
      const next = { ...message, seq: 6, callbackUrl: 'https://example.com/callbacks/6' };
      expect(await claimDispatch(openers[1], next, 'late', start + 2000)).toEqual({ status: 'not-owner' });
      const anew = { ...next, executionId: 'anew' };
      expect(await claimDispatch(openers[0], anew, 'new', start + 2000)).toMatchObject({ status: 'claimed' });
      expect(await claimDispatch(openers[1], { ...next, seq: 7 }, 'late', start + 2000)).toEqual({
        status: 'not-owner',
      });
    });
  });
}
