import type { Quarantine } from '#shared/domain/quarantine.ts';
import { releaseQuarantine } from '#shared/ledger/quarantine.ts';
import type { Deps } from '#functions/deps.ts';
import { guardOf, permitted, type Caller } from '#functions/orders/caller.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';

/** Gives a release that was found bad another chance. */
export async function orderRelease(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string },
): Promise<Ordered<{ quarantine: Quarantine }>> {
  const unknown = refused('unknown', `there is no quarantine ${id}`);
  const known = await deps.ledger.get('quarantine', id);
  if (!known) return unknown;
  const may = await permitted(caller, 'quarantine', await guardOf(deps, known), 'fresh');
  if (may.status === 'refused') return may;
  const { id: by } = may.person;
  const quarantine = await releaseQuarantine(deps.ledger, id, { by, reason }, deps.clock.now());
  if (!quarantine) return unknown;
  deps.log('WARNING', `quarantine ${id} released by ${by}: ${reason}`);
  return { status: 'done', quarantine };
}
