import type { Deployment } from '#shared/domain/deployment.ts';
import { expireApprovals } from '#shared/ledger/approvals.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import type { Deps } from '#functions/deps.ts';
import { announceApproval } from '#functions/events.ts';
import { watchDrift } from '#functions/reconcile/drift.ts';
import { checkExecution, restart } from '#functions/reconcile/executions.ts';
import { newQuota, removeLeftovers } from '#functions/reconcile/leftovers.ts';
import { requestLostPushes, watchedImages } from '#functions/reconcile/lost-pushes.ts';
import { openQuestions, tellEnd, tellQuestion, toldLast } from '#functions/reconcile/messages.ts';
import { watchProgress } from '#functions/reconcile/no-progress.ts';
import { createSweep } from '#functions/reconcile/sweep.ts';

const idOf = ({ id }: { id: string }): string => id;
const placeOf = (one: { service: string; environment: string }): string =>
  placeId(one.service, one.environment);

/**
 * Runs on a schedule and mends what events could not, or says what only people can. Every part may be repeated and may end
 * at any point. What is wrong with one thing keeps nobody from the others, and is thrown at the end.
 *
 * Leases that ran out need nothing here: the message of a dispatch whose function died is delivered again, its claim is
 * then replaced, and if even that fails, the workflow's own deadline ends the wait.
 */
export async function reconcile(deps: Deps): Promise<void> {
  const { ledger } = deps;
  const sweep = createSweep(deps);
  const inState = (status: Deployment['status']) => (): Promise<Deployment[]> =>
    ledger.list('deployments', { status });

  await sweep.each('deployments to start', inState('starting'), idOf, (one) => restart(deps, one));
  await sweep.each('running deployments', inState('active'), idOf, (one) => checkExecution(deps, one));
  await sweep.each(
    'final messages',
    () => toldLast(deps),
    idOf,
    (one) => tellEnd(deps, one),
  );
  await sweep.each(
    'approvals',
    async () => ['approvals'],
    (what) => what,
    () => mendApprovals(deps),
  );
  await sweep.each(
    'open questions',
    () => openQuestions(deps),
    idOf,
    (one) => tellQuestion(deps, one),
  );
  await sweep.each('waits', inState('active'), idOf, (one) => watchProgress(deps, one));
  await sweep.each(
    'tracked images',
    () => watchedImages(deps),
    ({ image }) => image,
    (watched) => requestLostPushes(deps, watched),
  );
  await sweep.each(
    'live releases',
    () => ledger.list('live'),
    placeOf,
    (live) => watchDrift(deps, live),
  );
  const quota = newQuota();
  await sweep.each(
    'places to tidy',
    () => ledger.list('locks'),
    placeOf,
    (lock) => removeLeftovers(deps, lock, quota),
  );
  sweep.end();
}

/** Silence is a no; and whose word was taken, but got lost on its way to `admit`, is told again. */
async function mendApprovals(deps: Deps): Promise<void> {
  for (const { id, outcome } of await expireApprovals(deps.ledger, deps.clock.now())) {
    deps.log('INFO', `refused: approval ${id}: ${outcome}`);
    await announceApproval(deps, id);
  }
  for (const { id } of await deps.ledger.list('approvals', { status: 'approved', settled: false }))
    await deps.pubsub.publish('deploy-requests', { version: 1, kind: 'approved', approvalId: id });
}
