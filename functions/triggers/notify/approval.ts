import type { Approval } from '#shared/domain/approval.ts';
import type { ApprovalEvent } from '#shared/domain/requests.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import { approvalMessage, reminderMessage } from '#shared/slack/approval-message.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { showRoot } from '#functions/triggers/notify/root.ts';
import { sayOnce } from '#functions/triggers/notify/say.ts';
import { inTurn } from '#functions/triggers/notify/turn.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';

/**
 * Shows an approval as it is now: one message that asks and calls, edited as people answer and when it is decided, wherever
 * that was; and one reminder in its thread.
 */
export async function tellApproval(
  deps: Deps,
  delivery: Delivery,
  { approvalId, remind }: ApprovalEvent,
): Promise<void> {
  const { ledger, slack } = deps;
  const approval = await ledger.get('approvals', approvalId);
  if (!approval) return refuse(deps, delivery, `there is no approval ${approvalId}`);
  if (!slack) return;
  const known = await ledger.get('notifications', approvalId);
  await inTurn(
    deps,
    {
      subject: approvalId,
      home: known?.home ?? (await homeOf(deps, approval)),
      messageId: delivery.messageId,
      wish: ({ final }) => (final ? 'nothing' : 0),
      everyMs: 0,
    },
    async (turn) => {
      const now = (await ledger.get('approvals', approvalId)) ?? approval;
      const found = await ledger.get('live', placeId(now.service, now.environment));
      const live = found?.takenBack ? undefined : found;
      const make = (_now: number, first: boolean) => approvalMessage(now, { first, live });
      const stands = await showRoot(deps, slack, turn, make, {});
      if (!stands) return;
      if (remind && now.status === 'open')
        await sayOnce(deps, slack, turn, 'reminder', reminderMessage(now), { threadTs: turn.record.rootTs });
      if (now.settled) await turn.save({ final: true });
    },
  );
}

/** By the service file as it is now: an approval keeps no configuration but its hash. */
async function homeOf(deps: Deps, { service, environment }: Approval): Promise<string> {
  const found = findConfig(await readServiceFiles(deps), service, environment);
  const own = 'config' in found ? found.config.slack : undefined;
  return own?.approvalsChannel ?? own?.channel ?? deps.config.slack.channel;
}
