import type { Deployment } from '#shared/domain/deployment.ts';
import { takeOver } from '#shared/ledger/signals.ts';
import type { Deps } from '#functions/deps.ts';
import { giveTurn, handOver } from '#functions/start.ts';

/** Gives a deployment that is to start its execution. One with a dead execution of its own fence ended before its first claim. */
export async function restart(deps: Deps, deployment: Deployment): Promise<void> {
  const labels = { deployment: deployment.id, fence: String(deployment.fence) };
  const executionId = await deps.workflows.find(labels);
  const state = executionId === undefined ? undefined : await deps.workflows.state(executionId);
  if (state === 'active') return;
  const again =
    executionId === undefined || state === undefined
      ? deployment
      : await takeOver(deps.ledger, deployment, [executionId], deps.clock.now());
  if (again) await giveTurn(deps, again);
}

/** Takes a deployment over whose execution was ended from outside (`mode: recover`: undo and report). */
export async function checkExecution(deps: Deps, deployment: Deployment): Promise<void> {
  const { executionId } = deployment;
  if (executionId === undefined || (await deps.workflows.state(executionId)) === 'active') return;
  await handOver(deps, { ...deployment, executionId });
}
