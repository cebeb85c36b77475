import type { Deployment } from '#shared/domain/deployment.ts';
import { dispatchId } from '#shared/ledger/ledger.ts';
import { isDue, markDone } from '#shared/ledger/last-done.ts';
import type { Deps } from '#functions/deps.ts';

/** Longer than the longest pause between two tries and a dispatch's deadline together; whoever waits longer says `again`. */
const usualMs = 30 * 60_000;
const repeatMs = 60 * 60_000;

/**
 * Calls a person when an active deployment does not move: its record changes with every dispatch, so it should have changed
 * within half an hour, or within half an hour of when its step wanted to look again. Once an hour at most.
 */
export async function watchProgress(deps: Deps, deployment: Deployment): Promise<void> {
  const { ledger, clock, log } = deps;
  const { id, service, environment, updatedAt, newestSeq } = deployment;
  const now = clock.now();
  const idleMs = now - Date.parse(updatedAt);
  if (idleMs <= usualMs) return;
  const reply = (await ledger.get('dispatches', dispatchId(id, newestSeq)))?.reply;
  if (reply?.status === 'pending' && now <= reply.again * 1000 + usualMs) return;
  const alarm = `deployment-stuck.${id}`;
  if (!(await isDue(ledger, alarm, repeatMs, now))) return;
  const run = deployment.steps.findLast((step) => step.seq === newestSeq);
  const where = run ? `${run.step} (${run.phase})` : 'no step';
  log(
    'ERROR',
    `${id}, ${service} → ${environment}, has not moved since ${updatedAt}: ${where}; to have it undone: slipway take-over ${id} --reason …`,
    {
      metric: 'deployment_stuck',
      deploymentId: id,
      service,
      environment,
      idleSeconds: Math.round(idleMs / 1000),
    },
  );
  await markDone(ledger, alarm, now);
}
