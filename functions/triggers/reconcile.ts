import type { Deployment } from '#shared/domain/deployment.ts';
import { expireApprovals } from '#shared/ledger/approvals.ts';
import { takeOver } from '#shared/ledger/signals.ts';
import { messageOf } from '#shared/errors.ts';
import type { Deps } from '#functions/deps.ts';
import { announce } from '#functions/events.ts';
import { giveTurn, startExecution } from '#functions/start.ts';

/**
 * Runs on a schedule and mends what events could not: a deployment without an execution gets one, one whose execution is
 * no longer active is taken over (`mode: recover`: undo and report), a final status that Slack missed is told again, and a
 * request that nobody approved in time is refused.
 */
export async function reconcile(deps: Deps): Promise<void> {
  const [starting, active, finished] = await Promise.all([
    deps.ledger.list('deployments', { status: 'starting' }),
    deps.ledger.list('deployments', { status: 'active' }),
    deps.ledger.list('deployments', { status: 'finished' }, 50),
  ]);
  const faults: unknown[] = [];
  /** One that cannot be mended now must not keep the others from it. */
  async function each(deployments: Deployment[], mend: (deployment: Deployment) => Promise<void>) {
    for (const deployment of deployments)
      await mend(deployment).catch((error: unknown) => {
        deps.log('ERROR', `reconcile of ${deployment.id}: ${messageOf(error)}`);
        faults.push(error);
      });
  }
  await each(starting, (deployment) => restart(deps, deployment));
  await each(active, (deployment) => checkExecution(deps, deployment));
  if (deps.slack)
    await each(finished, async (deployment) => {
      const shown = await deps.ledger.get('notifications', deployment.id);
      if (!shown?.final) await announce(deps, deployment);
    });
  await mendApprovals(deps).catch((error: unknown) => {
    deps.log('ERROR', `reconcile of approvals: ${messageOf(error)}`);
    faults.push(error);
  });
  if (faults.length > 0) throw faults[0];
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
  if (again) await giveTurn(deps, again);
}

/** Silence is a no; and whose word was taken, but got lost on its way to `admit`, is told again. */
async function mendApprovals(deps: Deps): Promise<void> {
  for (const { id, outcome } of await expireApprovals(deps.ledger, deps.clock.now()))
    deps.log('INFO', `refused: approval ${id}: ${outcome}`);
  for (const { id } of await deps.ledger.list('approvals', { status: 'approved', settled: false }))
    await deps.pubsub.publish('deploy-requests', { version: 1, kind: 'approved', approvalId: id });
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
