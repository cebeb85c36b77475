import { decideLockChange, heldLock, type LockChange, type ManualLock } from '#shared/domain/manual-lock.ts';
import { placeId, type Ledger, type ManualLockRecord } from './ledger.ts';

/** Changes that are kept; who locked what years ago is in the log. */
const keptChanges = 100;

export interface LockWish {
  action: 'lock' | 'unlock';
  service: string;
  environment: string;
  by: string;
  reason: string;
  /** True: somebody else's lock may be replaced or removed. */
  steal: boolean;
  /** How long a new lock holds; for ever without it. */
  forSeconds?: number | undefined;
}

export type LockChanged =
  | { status: 'changed'; change: LockChange; record: ManualLockRecord }
  | { status: 'no-lock' }
  | { status: 'held'; held: ManualLock };

/** Sets or removes the manual lock of a place in one transaction (`decideLockChange` has the rule). */
export function changeManualLock(ledger: Ledger, wish: LockWish, nowMs: number): Promise<LockChanged> {
  const { service, environment, by, reason, forSeconds } = wish;
  const key = placeId(service, environment);
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx): Promise<LockChanged> => {
    const found = await tx.get('manualLocks', key);
    const held = heldLock(found?.lock, nowMs);
    const decision = decideLockChange(wish, held);
    if (typeof decision === 'object')
      return held && decision.refused === 'held' ? { status: 'held', held } : { status: 'no-lock' };
    const change: LockChange = { change: decision, by, reason, at, ...(held ? { before: held } : {}) };
    const expiresAt =
      forSeconds === undefined ? {} : { expiresAt: new Date(nowMs + forSeconds * 1000).toISOString() };
    const record: ManualLockRecord = {
      service,
      environment,
      ...(wish.action === 'lock' ? { lock: { owner: by, reason, since: at, ...expiresAt } } : {}),
      history: [...(found?.history ?? []), change].slice(-keptChanges),
    };
    await tx.put('manualLocks', key, record);
    return { status: 'changed', change, record };
  });
}
