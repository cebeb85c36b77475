import type { Deployment } from '#shared/domain/deployment.ts';
import { takeOver } from '#shared/ledger/signals.ts';
import type { Deps } from '#functions/deps.ts';
import { announce } from '#functions/events.ts';
import { startExecution } from '#functions/start.ts';

/**
 * Runs on a schedule and mends what events could not: a deployment without an execution gets one, one whose execution is
 * no longer active is taken over (`mode: recover`: undo and report), a final status that Slack missed is told again.
 */
export async function reconcile(deps: Deps): Promise<void> {
  const [starting, active, finished] = await Promise.all([
    deps.ledger.list('deployments', { status: 'starting' }),
    deps.ledger.list('deployments', { status: 'active' }),
    deps.ledger.list('deployments', { status: 'finished' }, 50),
  ]);
  for (const deployment of starting) await restart(deps, deployment);
  for (const deployment of active) await checkExecution(deps, deployment);
  if (!deps.slack) return;
  for (const deployment of finished) {
    const shown = await deps.ledger.get('notifications', deployment.id);
    if (!shown?.final) await announce(deps, deployment);
  }
}

/** `starting` with a dead execution of its own fence: it ended before its first claim. */
async function restart(deps: Deps, deployment: Deployment): Promise<void> {
  const labels = { deployment: deployment.id, fence: String(deployment.fence) };
  const executionId = await deps.workflows.find(labels);
  const state = executionId === undefined ? undefined : await deps.workflows.state(executionId);
  if (state === 'active') return;
  const again =
    executionId === undefined || state === undefined
      ? deployment
      : await takeOver(deps.ledger, deployment, [executionId], deps.clock.now());
  if (again) await startExecution(deps, again);
}

async function checkExecution(deps: Deps, deployment: Deployment): Promise<void> {
  const { executionId } = deployment;
  if (executionId === undefined || (await deps.workflows.state(executionId)) === 'active') return;
  const taken = await takeOver(deps.ledger, deployment, [executionId], deps.clock.now());
  if (!taken) return;
  deps.log(
    'WARNING',
    `execution ${executionId} of ${deployment.id} ended early; a new one undoes and reports`,
  );
  await announce(deps, taken);
  await startExecution(deps, taken);
}
