import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeWord, type ApprovalState } from '#shared/domain/approval.ts';
import { at } from '#test/shared/domain/records.ts';

const nowMs = Date.parse(at);
const [ada, bob, eve, zoe] = ['ada@example.com', 'bob@example.com', 'eve@example.com', 'zoe@example.com'];
const open: ApprovalState = {
  status: 'open',
  requestedBy: ada,
  required: 2,
  from: [ada, bob, eve],
  expiresAt: new Date(nowMs + 60_000).toISOString(),
  approvals: [],
};
const word = (by: string | undefined) => ({ by: by!, at });
const say = (state: ApprovalState, by: string | undefined, yes = true, ms = nowMs) =>
  takeWord(state, yes, word(by), ms);
const once: ApprovalState = { ...open, approvals: [word(bob)] };

describe('a word about a request', () => {
  it.each([
    { name: 'the first yes of two', state: open, by: bob, status: 'open', approvals: [bob] },
    { name: 'the second yes of two', state: once, by: eve, status: 'approved', approvals: [bob, eve] },
    { name: 'a no after a yes', state: once, by: eve, yes: false, status: 'rejected', approvals: [bob] },
    { name: 'a no of who said yes', state: once, by: bob, yes: false, status: 'rejected', approvals: [bob] },
    {
      name: 'a yes in the last moment',
      state: once,
      by: eve,
      ms: nowMs + 59_999,
      status: 'approved',
      approvals: [bob, eve],
    },
    {
      name: 'a yes that comes too late',
      state: once,
      by: eve,
      ms: nowMs + 60_000,
      status: 'expired',
      approvals: [bob],
    },
  ])('$name makes it $status', ({ state, by, yes = true, ms = nowMs, status, approvals }) => {
    const taken = say(state, by, yes, ms);
    expect(taken).toMatchObject({ changed: true, state: { status } });
    expect('state' in taken && taken.state.approvals.map((one) => one.by)).toEqual(approvals);
  });

  it.each([
    { name: 'the same person again', state: once, by: 'Bob@Example.com' },
    ...(['approved', 'rejected', 'expired'] as const).map((status) => ({
      name: `anybody after it was ${status}`,
      state: { ...once, status },
      by: eve,
    })),
  ])('of $name changes nothing', ({ state, by }) => {
    expect(say(state, by)).toEqual({ changed: false, state });
  });

  it.each([
    { name: 'who asked for it', by: 'ADA@example.com', why: /asked for it/ },
    { name: 'who is not among the approvers', by: zoe, why: /not among those who may approve/ },
  ])('of $name does not count, yes or no', ({ by, why }) => {
    for (const yes of [true, false])
      expect(say(open, by, yes)).toEqual({ refused: expect.stringMatching(why) as string });
  });

  it('never counts the requester, a stranger, or a person twice', () => {
    const person = fc.constantFrom(ada, bob, eve, zoe, 'BOB@example.com', 'Eve@example.com');
    fc.assert(
      fc.property(fc.array(person, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (people, required) => {
        let state: ApprovalState = { ...open, required };
        for (const by of people) {
          const taken = say(state, by);
          if ('state' in taken) state = taken.state;
        }
        const counted = state.approvals.map(({ by }) => by.toLowerCase());
        expect(new Set(counted).size).toBe(counted.length);
        expect([bob, eve]).toEqual(expect.arrayContaining(counted));
        const able = new Set(people.map((by) => by.toLowerCase()).filter((by) => by === bob || by === eve));
        expect(state.status).toBe(able.size >= required ? 'approved' : 'open');
      }),
    );
  });
});
