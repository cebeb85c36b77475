import type { Deployment } from '#shared/domain/deployment.ts';
import { readmit } from '#shared/ledger/readmission.ts';
import type { Deps } from '#functions/deps.ts';
import { announce } from '#functions/events.ts';
import { orderLookUp } from '#functions/triggers/releases.ts';

/**
 * Gives a deployment its turn: one that waited is decided again first, and if it ends there, the turn is the next one's. Safe
 * to repeat at any point.
 */
export async function giveTurn(deps: Deps, deployment: Deployment): Promise<void> {
  let next: Deployment | undefined = deployment;
  while (next) {
    const { id, config }: Deployment = next;
    const turn = await readmit(deps.ledger, id, deps.clock.now(), orderLookUp(deps, config.image));
    if (turn?.status !== 'ended') {
      await startExecution(deps, turn?.deployment ?? next);
      return;
    }
    const { result } = turn.deployment;
    deps.log('INFO', `${id} does not start: ${result?.outcome}: ${result?.explanation}`);
    await announce(deps, turn.deployment);
    next = turn.next;
  }
}

/**
 * Creates the deployment's execution if it has none. Creating takes no id and is not transactional: look by label first;
 * should two be made all the same, the first claim decides which one acts.
 */
export async function startExecution(deps: Deps, deployment: Deployment): Promise<void> {
  if (deployment.status !== 'starting') return;
  const labels = { deployment: deployment.id, fence: String(deployment.fence) };
  if (await deps.workflows.find(labels)) return;
  const argument = { deploymentId: deployment.id, mode: deployment.mode, after: deployment.newestSeq };
  const executionId = await deps.workflows.create(argument, labels);
  deps.log('INFO', `execution ${executionId} started for ${deployment.id} (${deployment.mode})`);
}
