import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import { cancelWaiting, signalDeployment } from '#shared/ledger/signals.ts';
import type { Deps } from '#functions/deps.ts';
import { announce, poke } from '#functions/events.ts';
import { guardOf, permitted, type Caller } from '#functions/orders/caller.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';

/** Stops a deployment. One that waits ends at once; one that runs is told, and takes back what it did. */
export async function orderCancel(
  deps: Deps,
  caller: Caller,
  { deploymentId, reason }: { deploymentId: DeploymentId; reason: string },
): Promise<Ordered<{ deployment: Deployment }>> {
  const deployment = await deps.ledger.get('deployments', deploymentId);
  if (!deployment) return refused('unknown', `there is no deployment ${deploymentId}`);
  const may = await permitted(caller, 'cancel', await guardOf(deps, deployment), 'last-good');
  if (may.status === 'refused') return may;
  if (isFinished(deployment))
    return refused('conflict', `${deploymentId} is finished: ${deployment.result?.outcome}`);
  const { id: by } = may.person;
  const nowMs = deps.clock.now();
  if (deployment.status === 'waiting') {
    const why = `cancelled by ${by}: ${reason}`;
    const cancelled = await cancelWaiting(deps.ledger, deploymentId, why, nowMs);
    if (cancelled) await announce(deps, cancelled);
    if (cancelled?.status === 'finished') return { status: 'done', deployment: cancelled };
  }
  const at = new Date(nowMs).toISOString();
  const told = await signalDeployment(deps.ledger, deploymentId, { kind: 'cancel', by, reason, at });
  if (!told) return refused('unknown', `there is no deployment ${deploymentId}`);
  await announce(deps, told);
  await poke(deps, told);
  return { status: 'done', deployment: told };
}
