import type { AuditRecord } from '#shared/ledger/audit-record.ts';
import { recordAttempt } from '#shared/ledger/audit.ts';
import { messageOf } from '#shared/errors.ts';
import type { Deps } from '#functions/deps.ts';
import type { Ordered } from '#functions/orders/result.ts';

type What = Pick<AuditRecord, 'action' | 'service' | 'environment' | 'subject' | 'text'>;

/** Carries an order of the API out and puts on record who wanted it and what became of it, denied or failed ones too. */
export async function audited<Done extends object>(
  deps: Deps,
  person: string,
  what: What,
  order: () => Promise<Ordered<Done>>,
): Promise<Ordered<Done>> {
  const at = new Date(deps.clock.now()).toISOString();
  const write = async (decision: AuditRecord['decision'], reason: string): Promise<void> => {
    const record = { id: `api/${deps.newId()}`, at, person, via: 'api' as const, ...what, decision, reason };
    try {
      await recordAttempt(deps.ledger, record);
    } catch (error) {
      // The order stands: then the log is the record.
      deps.log('ERROR', `audit: ${messageOf(error)}`, { audit: record });
    }
  };
  try {
    const ordered = await order();
    await write(ordered.status, ordered.status === 'done' ? 'as ordered' : ordered.reason);
    return ordered;
  } catch (error) {
    await write('failed', messageOf(error));
    throw error;
  }
}
