import { Fault } from '#shared/domain/fault.ts';
import { ApprovalEvent, DeployEvent, LockEvent } from '#shared/domain/requests.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { announceLock } from '#functions/triggers/announce-lock.ts';
import { tellApproval } from '#functions/triggers/notify/approval.ts';
import { tellDeployment } from '#functions/triggers/notify/deployment.ts';

/**
 * The only writer to Slack's channels, level-triggered: an event says what to look at, and the newest ledger state is what
 * is shown. What fails for a while is thrown, and Pub/Sub brings the event again.
 * @throws Fault `invalid-input` when others wait for a Slack or a pager that it has no secret for
 */
export async function notify(deps: Deps, delivery: Delivery): Promise<void> {
  const { config, slack, pager } = deps;
  if (config.hasSlack && !slack) throw lacks('SLIPWAY_HAS_SLACK', 'SLACK_BOT_TOKEN');
  if (config.hasPager && !pager) throw lacks('SLIPWAY_HAS_PAGER', 'SLIPWAY_PAGER_URL');
  const deployment = DeployEvent.safeParse(delivery.data);
  if (deployment.success) return tellDeployment(deps, delivery, deployment.data);
  const approval = ApprovalEvent.safeParse(delivery.data);
  if (approval.success) return tellApproval(deps, delivery, approval.data);
  const lock = LockEvent.safeParse(delivery.data);
  if (lock.success) return announceLock(deps, lock.data);
  return refuse(deps, delivery, 'not a deploy event');
}

const lacks = (flag: string, secret: string): Fault =>
  new Fault('invalid-input', `${flag} is set and ${secret} is not: notify can tell nobody`);
