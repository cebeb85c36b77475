import type { Deployment } from '#shared/domain/deployment.ts';
import { readmit } from '#shared/ledger/readmission.ts';
import { takeOver } from '#shared/ledger/signals.ts';
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
 * Takes a deployment away from the execution that owns it; a new one undoes what was done and reports (`mode: recover`).
 * A fault after the first part leaves it to `reconcile` to start that one.
 * @param word whose wish it is; without it the execution was found dead
 * @returns undefined when it has changed hands, or has ended, since it was `seen`
 */
export async function handOver(
  deps: Deps,
  seen: Deployment & { executionId: string },
  word?: { by: string; reason: string },
): Promise<Deployment | undefined> {
  const { executionId } = seen;
  const wish = word && { ...word, executionId };
  const taken = await takeOver(deps.ledger, seen, [executionId], deps.clock.now(), wish);
  if (!taken) return undefined;
  const why = word ? `was taken over by ${word.by} (${word.reason})` : 'ended early';
  deps.log('WARNING', `execution ${executionId} of ${taken.id} ${why}; a new one undoes and reports`);
  await announce(deps, taken);
  await startExecution(deps, taken);
  return taken;
}

/**
 * Creates the deployment's execution if it has none. Creating takes no id and is not transactional: look by label first;
 * should two be made all the same, the first claim decides which one acts.
 */
async function startExecution(deps: Deps, deployment: Deployment): Promise<void> {
  if (deployment.status !== 'starting') return;
  const labels = { deployment: deployment.id, fence: String(deployment.fence) };
  if (await deps.workflows.find(labels)) return;
  const argument = { deploymentId: deployment.id, mode: deployment.mode, after: deployment.newestSeq };
  const executionId = await deps.workflows.create(argument, labels);
  deps.log('INFO', `execution ${executionId} started for ${deployment.id} (${deployment.mode})`);
}
