import { isFinished, type Deployment, type Signal, type StepRun } from '#shared/domain/deployment.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import { putDeployment } from './claims.ts';
import { placeId, type Ledger } from './ledger.ts';

/** Writes a person's word to a deployment, the first one wins. @returns undefined when there is no such deployment */
export function signalDeployment(
  ledger: Ledger,
  id: DeploymentId,
  signal: Signal,
): Promise<Deployment | undefined> {
  return ledger.transaction(async (tx) => {
    const deployment = await tx.get('deployments', id);
    if (!deployment || isFinished(deployment) || deployment.signal) return deployment;
    return putDeployment(tx, deployment, signal.at, { signal });
  });
}

/** Cancels a deployment that still waits: it never started, so nothing has to be undone. */
export function cancelWaiting(
  ledger: Ledger,
  id: DeploymentId,
  explanation: string,
  nowMs: number,
): Promise<Deployment | undefined> {
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const deployment = await tx.get('deployments', id);
    if (deployment?.status !== 'waiting') return deployment;
    const place = placeId(deployment.service, deployment.environment);
    const lock = await tx.get('locks', place);
    if (lock?.waiting === id) {
      const { waiting: _left, ...rest } = lock;
      await tx.put('locks', place, rest);
    }
    const verdict = { status: 'inconclusive' as const, explanation: 'no check was made' };
    const result = { outcome: 'cancelled' as const, verdict, explanation, serving: null, finishedAt: at };
    return putDeployment(tx, deployment, at, { status: 'finished', result });
  });
}

/**
 * Takes a deployment away from an execution that will never act again and hands it to a new one in `mode: recover`,
 * under the next fence. What that execution left running has ended.
 * @param seen the deployment as it was when its execution was found dead: a later owner or fence means that it was not
 * @param dead executions that must never bind it again
 * @returns undefined when it has changed hands meanwhile, or has not the lock
 */
export function takeOver(
  ledger: Ledger,
  seen: Deployment,
  dead: readonly string[],
  nowMs: number,
): Promise<Deployment | undefined> {
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const deployment = await tx.get('deployments', seen.id);
    if (!deployment || isFinished(deployment)) return undefined;
    if (deployment.executionId !== seen.executionId || deployment.fence !== seen.fence) return undefined;
    const place = placeId(deployment.service, deployment.environment);
    const lock = await tx.get('locks', place);
    // A waiter has no execution either.
    if (lock?.active !== seen.id) return undefined;
    const fence = lock.fence + 1;
    await tx.put('locks', place, { ...lock, fence });
    const { executionId: _dead, awaiting: _void, ...rest } = deployment;
    return putDeployment(tx, rest, at, {
      status: 'starting',
      mode: 'recover',
      fence,
      steps: deployment.steps.map((run): StepRun => (run.endedAt === undefined ? ended(run, at) : run)),
      deadExecutions: [...new Set([...deployment.deadExecutions, ...dead])],
    });
  });
}

const ended = (run: StepRun, at: string): StepRun => ({
  ...run,
  status: 'failed',
  endedAt: at,
  summary: 'its execution ended before it',
});

/**
 * Takes the next number of a place's lock for a write from outside the pipeline, and tells the deployment that is under way
 * that it was taken back. Whoever writes under an older number stops (fence).
 */
export function takeFence(
  ledger: Ledger,
  place: { service: string; environment: string },
  signal: Signal,
): Promise<{ fence: number; active: Deployment | undefined }> {
  return ledger.transaction(async (tx) => {
    const id = placeId(place.service, place.environment);
    const lock = (await tx.get('locks', id)) ?? { ...place, fence: 0 };
    const active = lock.active === undefined ? undefined : await tx.get('deployments', lock.active);
    const fence = lock.fence + 1;
    await tx.put('locks', id, { ...lock, fence });
    if (!active || isFinished(active)) return { fence, active: undefined };
    return { fence, active: active.signal ? active : await putDeployment(tx, active, signal.at, { signal }) };
  });
}
