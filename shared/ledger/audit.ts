import type { AuditRecord, ChatAnswer } from './audit-record.ts';
import { requestKey, type Ledger } from './ledger.ts';

/** What is known of an attempt before anything is decided. */
export type Attempt = Pick<AuditRecord, 'id' | 'at' | 'person' | 'via' | 'action' | 'slackUser' | 'text'>;

/** What became of it. */
export type Ending = Omit<AuditRecord, keyof Attempt | 'answered' | 'busyUntil' | 'answer'> & {
  /** Who it turned out to be, and what it turned out to be about. */
  person?: string;
  action?: string;
};

/** The newest have the greatest key. Of a repeat the moment may be another one: it is found by its request. */
const keyOf = ({ at, id }: Pick<AuditRecord, 'at' | 'id'>): string => requestKey(`${at}.${id}`);

export type Turn =
  | { status: 'act' }
  /** It was done; only the person was not told. */
  | { status: 'answer'; record: AuditRecord; answer: ChatAnswer }
  /** All is done, or another function is at it. */
  | { status: 'nothing' | 'busy' };

/**
 * Puts an attempt on record before it is acted on, so that one whose function dies is there too. Repeats by machines are
 * kept apart: only one acts at a time, and only until it was answered.
 */
export function beginAttempt(
  ledger: Ledger,
  attempt: Attempt,
  nowMs: number,
  leaseMs: number,
): Promise<Turn> {
  return ledger.transaction(async (tx): Promise<Turn> => {
    const [known] = await tx.list('audit', { id: attempt.id }, 1);
    if (known?.answered) return { status: 'nothing' };
    if (known?.busyUntil !== undefined && known.busyUntil > nowMs) return { status: 'busy' };
    const record = known ?? {
      ...attempt,
      decision: 'begun' as const,
      reason: 'it was begun',
      answered: false,
    };
    await tx.put('audit', keyOf(record), { ...record, busyUntil: nowMs + leaseMs });
    return known?.answer ? { status: 'answer', record: known, answer: known.answer } : { status: 'act' };
  });
}

/** Writes down what became of an attempt, and what the person is to be told. */
export function endAttempt(ledger: Ledger, id: string, ending: Ending, answer: ChatAnswer): Promise<void> {
  return change(ledger, id, (record) => ({ ...record, ...ending, answer }));
}

/** The person was told, or cannot be told any more: nothing is left to do. */
export function closeAttempt(ledger: Ledger, id: string): Promise<void> {
  return change(ledger, id, ({ answer: _said, busyUntil: _over, ...record }) => ({
    ...record,
    answered: true,
  }));
}

/** Whoever comes next may act, at once. */
export function yieldAttempt(ledger: Ledger, id: string): Promise<void> {
  return change(ledger, id, ({ busyUntil: _over, ...record }) => record);
}

/** Of an attempt whose answer is the call's own. */
export function recordAttempt(ledger: Ledger, record: Omit<AuditRecord, 'answered'>): Promise<void> {
  return ledger.transaction((tx) => tx.put('audit', keyOf(record), { ...record, answered: true }));
}

function change(ledger: Ledger, id: string, by: (record: AuditRecord) => AuditRecord): Promise<void> {
  return ledger.transaction(async (tx) => {
    const [record] = await tx.list('audit', { id }, 1);
    if (record) await tx.put('audit', keyOf(record), by(record));
  });
}
