import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { notEnoughNow, takeWord, type ApprovalState } from '#shared/domain/approval.ts';
import { Policy } from '#shared/domain/service/policy.ts';
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

describe('approvals given under an older policy', () => {
  const policy = (approvals?: { required?: number; from: string[] }) =>
    Policy.parse(approvals ? { approvals } : {});
  const lead = { by: 'lee@example.com', slackUser: 'U0LEE', groups: ['S0LEADS'], at };
  it.each([
    { name: 'nobody', now: policy(), says: /^$/ },
    { name: 'the same', now: policy({ from: ['S0LEADS', bob] }), says: /^$/ },
    {
      name: 'more',
      now: policy({ from: ['S0LEADS', bob], required: 2 }),
      says: /wants 2 of S0LEADS, bob@example.com; of the approvals given count: lee@example.com/,
    },
    {
      name: 'others',
      now: policy({ from: ['S0OTHERS', bob] }),
      says: /wants 1 of S0OTHERS, bob@example.com; of the approvals given count: none/,
    },
    { name: 'the person by name', now: policy({ from: ['U0LEE'] }), says: /^$/ },
  ])('are looked at by the one now: it wants $name', ({ now, says }) => {
    expect(notEnoughNow(now, [lead]) ?? '').toMatch(says);
  });
});

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

  it.each([
    {
      name: 'a Slack user named as such',
      from: ['U0LEE'],
      by: { by: 'lee@example.com', slackUser: 'U0LEE' },
      counts: true,
    },
    {
      name: 'a member of a user group',
      from: ['S0LEADS'],
      by: { by: 'lee@example.com', slackUser: 'U0LEE', groups: ['S0LEADS'] },
      counts: true,
    },
    {
      name: 'a member of another group',
      from: ['S0LEADS'],
      by: { by: 'lee@example.com', slackUser: 'U0LEE', groups: ['S0OTHERS'] },
      counts: false,
    },
    {
      name: 'an address where only a group is named',
      from: ['S0LEADS'],
      by: { by: 'lee@example.com' },
      counts: false,
    },
  ])('of $name counts: $counts', ({ from, by, counts }) => {
    const taken = takeWord({ ...open, required: 1, from }, true, { ...by, at }, nowMs);
    expect('state' in taken && taken.state.status === 'approved').toBe(counts);
  });

  it.each([
    {
      name: 'may be who asked',
      requestedBy: 'lee@example.com',
      before: [],
      refused: /slack:U0ZOE may be lee@example.com, who asked for it/,
    },
    {
      name: 'may have approved',
      requestedBy: 'topic gcr',
      before: ['lee@example.com'],
      refused: /slack:U0ZOE may be lee@example.com, who approved already/,
    },
    { name: 'may not be a topic', requestedBy: 'topic gcr', before: [], refused: /^$/ },
    {
      name: 'is another Slack user',
      requestedBy: 'slack:U0ANA',
      before: ['slack:U0LEE'],
      refused: /^$/,
    },
  ])('of one whose address Slack does not tell and who $name', ({ requestedBy, before, refused }) => {
    const from = ['U0ZOE', 'U0LEE', 'lee@example.com'];
    const state = { ...open, requestedBy, from, approvals: before.map((by) => ({ by, at })) };
    const taken = takeWord(state, true, { by: 'slack:U0ZOE', slackUser: 'U0ZOE', at }, nowMs);
    expect('refused' in taken ? taken.refused : '').toMatch(refused);
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
