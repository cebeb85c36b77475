import type { Deployment } from '#shared/domain/deployment.ts';
import type { Deps } from '#functions/deps.ts';

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
