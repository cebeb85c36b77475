import { lockInWords } from '#shared/domain/manual-lock.ts';
import type { ManualLockRecord } from '#shared/ledger/ledger.ts';
import { changeManualLock, type LockWish } from '#shared/ledger/manual-locks.ts';
import type { Deps } from '#functions/deps.ts';
import { guardOf, permitted, type Caller } from '#functions/orders/caller.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';

/** Sets or takes away the lock of a place, for the caller. Somebody else's only with `steal`, and then that is told. */
export async function orderLock(
  deps: Deps,
  caller: Caller,
  wish: Omit<LockWish, 'by'>,
): Promise<Ordered<{ record: ManualLockRecord }>> {
  const { action, service, environment, reason } = wish;
  if (action === 'lock') {
    // A lock on a misspelt name would keep nobody from anything.
    const found = findConfig(await readServiceFiles(deps), service, environment);
    if ('problem' in found) return refused('unknown', found.problem);
  }
  const may = await permitted(caller, 'lock', await guardOf(deps, wish), 'fresh');
  if (may.status === 'refused') return may;
  const { id: by } = may.person;
  const changed = await changeManualLock(deps.ledger, { ...wish, by }, deps.clock.now());
  switch (changed.status) {
    case 'held':
      return refused('conflict', `${service} ${environment} is ${lockInWords(changed.held)}`, {
        lock: changed.held,
      });
    case 'no-lock':
      return refused('unknown', `${service} ${environment} is not locked`);
    case 'changed': {
      const { change, before, at } = changed.change;
      const from = before && before.owner !== by ? `, which was ${lockInWords(before)}` : '';
      deps.log('WARNING', `${service} ${environment} ${change} by ${by}: ${reason}${from}`);
      // Not best effort: whoever loses a lock is told, or the caller hears that it was not said.
      if (change === 'stolen' || change === 'broken')
        await deps.pubsub.publish('deploy-events', { version: 1, kind: 'lock', service, environment, at });
      return { status: 'done', record: changed.record };
    }
  }
}
