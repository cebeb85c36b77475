import { expiryInWords, isOver, takeWord, type Approval, type Word } from '#shared/domain/approval.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import { placeId, requestKey, type Ledger, type RequestRecord, type Transaction } from './ledger.ts';

/** `refused`: this person may not say it. Else the approval as it is now, whatever was said before. */
export type WordSaid =
  | { status: 'taken'; approval: Approval; changed: boolean }
  | { status: 'refused'; reason: string };

/** Takes a person's yes or no in one transaction; a no, or too late a word, decides the request. @returns undefined when there is no such approval */
export function sayWord(
  ledger: Ledger,
  id: string,
  yes: boolean,
  word: Word,
  nowMs: number,
): Promise<WordSaid | undefined> {
  return ledger.transaction(async (tx): Promise<WordSaid | undefined> => {
    const approval = await tx.get('approvals', id);
    if (!approval) return undefined;
    const taken = takeWord(approval, yes, word, nowMs);
    if ('refused' in taken) return { status: 'refused', reason: taken.refused };
    if (!taken.changed) return { status: 'taken', approval, changed: false };
    const now = await putState(tx, { ...approval, ...taken.state }, word.at);
    return { status: 'taken', approval: now, changed: true };
  });
}

/** Refuses every request whose approvals did not come in time. @returns those that ended now */
export async function expireApprovals(ledger: Ledger, nowMs: number): Promise<Approval[]> {
  const at = new Date(nowMs).toISOString();
  const over = (await ledger.list('approvals', { status: 'open' })).filter((one) => isOver(one, nowMs));
  const expired: Approval[] = [];
  for (const { id } of over) {
    const ended = await ledger.transaction(async (tx) => {
      const approval = await tx.get('approvals', id);
      // Somebody may have said something in between.
      if (!approval || !isOver(approval, nowMs)) return undefined;
      return putState(tx, { ...approval, status: 'expired' }, at);
    });
    if (ended) expired.push(ended);
  }
  return expired;
}

/** Refuses a request that was approved, but cannot be admitted as it was. @returns undefined when it is decided already */
export function refuseApproved(
  ledger: Ledger,
  id: string,
  reason: string,
  nowMs: number,
): Promise<Approval | undefined> {
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const approval = await tx.get('approvals', id);
    if (!approval || approval.settled) return undefined;
    const records = await recordsOf(tx, id);
    return settle(tx, approval, records, { decision: 'refused', reason, at });
  });
}

/** What became of an approval's requests. */
export type Settlement = Pick<RequestRecord, 'decision' | 'reason' | 'at'> & { deploymentId?: DeploymentId };

/** The requests that wait for an approval: the first one, and who asked for the same meanwhile. */
export const recordsOf = (tx: Transaction, approvalId: string): Promise<RequestRecord[]> =>
  tx.list('requests', { approvalId });

/** Writes what became of an approval into it and into the record of every request that waited for it. */
export async function settle(
  tx: Transaction,
  approval: Approval,
  records: readonly RequestRecord[],
  settlement: Settlement,
): Promise<Approval> {
  const { service, environment, id } = approval;
  const { reason: outcome, deploymentId } = settlement;
  const settled: Approval = {
    ...approval,
    settled: true,
    outcome,
    ...(deploymentId === undefined ? {} : { deploymentId }),
  };
  await tx.put('approvals', id, settled);
  for (const record of records)
    await tx.put('requests', requestKey(record.requestId, placeId(service, environment)), {
      ...record,
      ...settlement,
    });
  return settled;
}

/** Open and approved ones wait on; a no ends the request with them. */
async function putState(tx: Transaction, approval: Approval, at: string): Promise<Approval> {
  const reason = refusal(approval);
  if (reason !== undefined)
    return settle(tx, approval, await recordsOf(tx, approval.id), { decision: 'refused', reason, at });
  await tx.put('approvals', approval.id, approval);
  return approval;
}

function refusal(approval: Approval): string | undefined {
  switch (approval.status) {
    case 'open':
    case 'approved':
      return undefined;
    case 'expired':
      return expiryInWords(approval);
    case 'rejected': {
      const { by, reason } = approval.rejection ?? {};
      return `rejected by ${by}${reason === undefined ? '' : `: ${reason}`}`;
    }
  }
}
