import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideLockChange, heldLock, type ManualLock } from '#shared/domain/manual-lock.ts';
import { at } from '#test/shared/domain/records.ts';

const nowMs = Date.parse(at);
const lock: ManualLock = { owner: 'ada@example.com', reason: 'release day', since: at };
const wish = (action: 'lock' | 'unlock', by: string, steal = false) => ({ action, by, steal });

describe('a change of a manual lock', () => {
  it.each([
    {
      name: 'locking what is free',
      wish: wish('lock', 'bob@example.com'),
      held: undefined,
      decision: 'locked',
    },
    {
      name: 'unlocking what is free',
      wish: wish('unlock', 'bob@example.com'),
      held: undefined,
      decision: { refused: 'no-lock' },
    },
    {
      name: 'unlocking what is free, by force',
      wish: wish('unlock', 'bob@example.com', true),
      held: undefined,
      decision: { refused: 'no-lock' },
    },
    {
      name: 'locking anew what is one’s own',
      wish: wish('lock', 'ada@example.com'),
      held: lock,
      decision: 'locked',
    },
    {
      name: 'unlocking what is one’s own',
      wish: wish('unlock', 'Ada@Example.com'),
      held: lock,
      decision: 'unlocked',
    },
    {
      name: 'locking somebody else’s',
      wish: wish('lock', 'bob@example.com'),
      held: lock,
      decision: { refused: 'held' },
    },
    {
      name: 'unlocking somebody else’s',
      wish: wish('unlock', 'bob@example.com'),
      held: lock,
      decision: { refused: 'held' },
    },
    {
      name: 'locking somebody else’s by force',
      wish: wish('lock', 'bob@example.com', true),
      held: lock,
      decision: 'stolen',
    },
    {
      name: 'unlocking somebody else’s by force',
      wish: wish('unlock', 'bob@example.com', true),
      held: lock,
      decision: 'broken',
    },
  ])('by $name: $decision', ({ wish, held, decision }) =>
    expect(decideLockChange(wish, held)).toEqual(decision),
  );
});

describe('a manual lock', () => {
  it('holds until its very end, and without an end for ever', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (offset) => {
        const ends = { ...lock, expiresAt: new Date(nowMs + offset).toISOString() };
        expect(heldLock(ends, nowMs)).toEqual(offset > 0 ? ends : undefined);
        expect(heldLock(lock, nowMs + offset)).toBe(lock);
      }),
    );
  });
});
