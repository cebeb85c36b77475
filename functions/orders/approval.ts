import type { Approval } from '#shared/domain/approval.ts';
import { sayWord } from '#shared/ledger/approvals.ts';
import type { Deps } from '#functions/deps.ts';
import { announceApproval } from '#functions/events.ts';
import type { Caller } from '#functions/orders/caller.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';

/**
 * Says yes or no to a request that waits for approval.
 * @returns the approval as it is now; `counted: false` when all was said before this
 */
export async function orderWord(
  deps: Deps,
  caller: Caller,
  wish: { approvalId: string; yes: boolean; reason?: string | undefined },
): Promise<Ordered<{ approval: Approval; by: string; counted: boolean }>> {
  const { approvalId, yes, reason } = wish;
  const open = await deps.ledger.get('approvals', approvalId);
  if (!open) return refused('unknown', `there is no approval ${approvalId}`);
  const found = await caller.identify(open.from, 'fresh');
  if ('refused' in found) return refused('forbidden', found.refused);
  const { id: by, slackUser, groups = [] } = found.person;
  const nowMs = deps.clock.now();
  const word = {
    by,
    ...(slackUser === undefined ? {} : { slackUser }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    at: new Date(nowMs).toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
  const taken = await sayWord(deps.ledger, approvalId, yes, word, nowMs);
  if (!taken) return refused('unknown', `there is no approval ${approvalId}`);
  if (taken.status === 'refused') return refused('forbidden', [taken.reason, ...found.unknown].join('; '));
  const { approval, changed } = taken;
  deps.log('INFO', `approval ${approvalId}: ${by} says ${yes ? 'yes' : 'no'}; it is ${approval.status}`);
  if (changed) await announceApproval(deps, approvalId);
  // Also when it was said before: the message may have been lost.
  if (approval.status === 'approved' && !approval.settled)
    await deps.pubsub.publish('deploy-requests', { version: 1, kind: 'approved', approvalId });
  return { status: 'done', approval, by, counted: changed };
}
