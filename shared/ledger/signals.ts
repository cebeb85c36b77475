import {
  isFinished,
  type Acknowledgement,
  type Deployment,
  type Signal,
  type StepRun,
  type Takeover,
} from '#shared/domain/deployment.ts';
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

/** Somebody looks after a deployment; the first one has it. @returns undefined when there is no such deployment */
export function acknowledge(
  ledger: Ledger,
  id: DeploymentId,
  word: Acknowledgement,
): Promise<Deployment | undefined> {
  return ledger.transaction(async (tx) => {
    const deployment = await tx.get('deployments', id);
    if (!deployment || deployment.acknowledged) return deployment;
    return putDeployment(tx, deployment, word.at, { acknowledged: word });
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
 * Takes a deployment away from an execution, dead or alive, and hands it to a new one in `mode: recover`, under the next
 * fence. What that execution left running has ended: whatever it still does is not stored any more.
 * @param seen the deployment as it was when this was decided: a later owner or fence means that it was decided too late
 * @param dead executions that must never bind it again
 * @param word whose wish it is; without it the executions were found dead
 * @returns undefined when it has changed hands meanwhile, or has not the lock
 */
export function takeOver(
  ledger: Ledger,
  seen: Deployment,
  dead: readonly string[],
  nowMs: number,
  word?: Omit<Takeover, 'at'>,
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
    const why = word ? `taken over by ${word.by} before it ended` : 'its execution ended before it';
    return putDeployment(tx, rest, at, {
      status: 'starting',
      mode: 'recover',
      fence,
      steps: deployment.steps.map((run): StepRun => (run.endedAt === undefined ? ended(run, at, why) : run)),
      deadExecutions: [...new Set([...deployment.deadExecutions, ...dead])],
      ...(word ? { takeovers: [...(deployment.takeovers ?? []), { ...word, at }] } : {}),
    });
  });
}

const ended = (run: StepRun, at: string, summary: string): StepRun => ({
  ...run,
  status: 'failed',
  endedAt: at,
  summary,
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
