import type { Deployment } from '#shared/domain/deployment.ts';
import { isFinished } from '#shared/domain/deployment.ts';
import { messageOf } from '#shared/errors.ts';
import type { Deps } from '#functions/deps.ts';

/**
 * Tells `notify` to look at a deployment again. Only a hint: a lost one is made good by the next change, and the last one
 * by the report step, which repeats it until the final status is in Slack.
 */
export async function announce(deps: Deps, deployment: Deployment): Promise<void> {
  try {
    await deps.pubsub.publish('deploy-events', {
      version: 1,
      deploymentId: deployment.id,
      revision: deployment.revision,
    });
  } catch (error) {
    deps.log('WARNING', `deploy-events: ${messageOf(error)}`, {
      deploymentId: deployment.id,
      finished: isFinished(deployment),
    });
  }
}

/** Tells `notify` to look at an approval again, as `announce` does of a deployment. */
export async function announceApproval(
  deps: Deps,
  approvalId: string,
  /** Nobody has answered for half of its time. */
  { remind = false } = {},
): Promise<void> {
  try {
    await deps.pubsub.publish('deploy-events', { version: 1, kind: 'approval', approvalId, remind });
  } catch (error) {
    deps.log('WARNING', `deploy-events: ${messageOf(error)}`, { approvalId });
  }
}

/** Ends the wait of the deployment's workflow, best effort: the wait has a time limit of its own. */
export async function poke(deps: Deps, deployment: Deployment): Promise<void> {
  if (!deployment.awaiting) return;
  try {
    await deps.callback.post(deployment.awaiting.callbackUrl, { poke: true });
  } catch (error) {
    deps.log('INFO', `poke of ${deployment.id}: ${messageOf(error)}`);
  }
}
