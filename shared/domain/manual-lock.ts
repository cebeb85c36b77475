import { isSamePerson } from './people.ts';

/** A person keeps everybody else from deploying to a place. What runs already runs on. */
export interface ManualLock {
  owner: string;
  reason: string;
  /** ISO 8601 */
  since: string;
  /** ISO 8601; without it the lock holds until somebody takes it away. */
  expiresAt?: string;
}

/** One change of a lock, with whose lock was there before. */
export interface LockChange {
  change: 'locked' | 'unlocked' | 'stolen' | 'broken';
  by: string;
  reason: string;
  at: string;
  before?: ManualLock;
}

/** The lock while it holds. An expired one is none. */
export const heldLock = (lock: ManualLock | undefined, nowMs: number): ManualLock | undefined =>
  lock?.expiresAt !== undefined && Date.parse(lock.expiresAt) <= nowMs ? undefined : lock;

/**
 * What comes of a person's wish to set (`lock`) or take away (`unlock`) the lock of a place.
 *
 * | there is | without `steal` | with `steal` |
 * |---|---|---|
 * | no lock, or an expired one | `locked`; nothing to unlock | the same |
 * | one's own lock | `locked` anew, `unlocked` | the same |
 * | somebody else's lock | refused, with whose it is | `stolen`, `broken` |
 */
export function decideLockChange(
  wish: { action: 'lock' | 'unlock'; by: string; steal: boolean },
  held: ManualLock | undefined,
): LockChange['change'] | { refused: 'no-lock' | 'held' } {
  if (held && !isSamePerson(held.owner, wish.by)) {
    if (!wish.steal) return { refused: 'held' };
    return wish.action === 'lock' ? 'stolen' : 'broken';
  }
  if (wish.action === 'lock') return 'locked';
  return held ? 'unlocked' : { refused: 'no-lock' };
}

/** `locked by ada@example.com since 2026-01-01 00:00 UTC, until …: release day` */
export function lockInWords({ owner, reason, since, expiresAt }: ManualLock): string {
  const until = expiresAt === undefined ? 'without an end' : `until ${minute(expiresAt)}`;
  return `locked by ${owner} since ${minute(since)}, ${until}: ${reason}`;
}

const minute = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
