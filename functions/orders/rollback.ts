import { Fault } from '#shared/domain/fault.ts';
import type { Deps } from '#functions/deps.ts';
import { rollBackNow, type RollbackAnswer, type RollbackOrder } from '#functions/emergency-rollback.ts';
import { guardOf, permitted, type Caller } from '#functions/orders/caller.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';

type Done = Omit<Extract<RollbackAnswer, { status: 'done' }>, 'status'>;

/** Takes a service back at once, whatever the pipeline does. It needs no approval and heeds no lock. */
export async function orderRollback(
  deps: Deps,
  caller: Caller,
  order: Omit<RollbackOrder, 'by'>,
): Promise<Ordered<Done>> {
  const may = await permitted(caller, 'rollback', await guardOf(deps, order), 'last-good');
  if (may.status === 'refused') return may;
  try {
    const answer = await rollBackNow(deps, { ...order, by: may.person.id });
    return answer.status === 'refused' ? refused('conflict', answer.reason) : answer;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refused('unconfirmed', `not verified: ${error.message}`);
  }
}
