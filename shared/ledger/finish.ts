import { isFinished, type Deployment, type Result } from '#shared/domain/deployment.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { heldDispatch, putDeployment } from './claims.ts';
import { quarantineFor } from './quarantine.ts';
import { placeId, type Ledger, type Lock, type Transaction } from './ledger.ts';

/**
 * Ends a deployment: outcome, quarantine of a release its checks found bad, release of its lock and the turn of the next
 * waiter in one transaction. A second call changes nothing and returns what is there.
 * @returns undefined when the claim is no longer the caller's: another execution decides how this ends
 */
export function finishDeployment(
  ledger: Ledger,
  message: StepMessage,
  claim: string,
  result: Result,
  nowMs: number,
): Promise<{ finished: Deployment; next: Deployment | undefined } | undefined> {
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const held = await heldDispatch(tx, message, claim);
    if (!held) return undefined;
    const { deployment } = held;
    const { id } = deployment;
    const place = placeId(deployment.service, deployment.environment);
    const lock = await tx.get('locks', place);
    if (isFinished(deployment)) {
      const next = lock?.active && (await tx.get('deployments', lock.active));
      return { finished: deployment, next: next && next.status === 'starting' ? next : undefined };
    }
    const bad = await quarantineFor(tx, deployment, result);
    const next = lock?.active === id ? await startWaiter(tx, lock, at) : undefined;
    const live = result.outcome === 'live' || result.outcome === 'live-with-recommendations';
    if (bad) await tx.put('quarantine', bad.id, bad);
    if (live && deployment.release) {
      const { order } = deployment.request;
      const { image, digest, tag } = deployment.release;
      await tx.put('live', place, {
        service: deployment.service,
        environment: deployment.environment,
        deploymentId: id,
        image,
        digest,
        ...(tag === undefined ? {} : { tag }),
        ...(order === undefined ? {} : { order }),
        configHash: deployment.configHash,
        at,
      });
    }
    return { finished: await putDeployment(tx, deployment, at, { status: 'finished', result }), next };
  });
}

/** Frees the lock and gives it to the waiter, if there is one; admission decides again before it starts. */
export async function startWaiter(tx: Transaction, lock: Lock, at: string): Promise<Deployment | undefined> {
  const { active: _released, waiting, ...rest } = lock;
  const waiter = waiting && (await tx.get('deployments', waiting));
  const place = placeId(lock.service, lock.environment);
  if (!waiter) {
    await tx.put('locks', place, rest);
    return undefined;
  }
  const fence = lock.fence + 1;
  await tx.put('locks', place, { ...rest, fence, active: waiter.id });
  return putDeployment(tx, waiter, at, { status: 'starting', fence, readmit: true });
}
