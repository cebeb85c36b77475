import { driftKinds, type Drift, type DriftFound } from '#shared/domain/drift.ts';
import { placeId, type Collections, type Ledger } from './ledger.ts';

/** Everything that is not as it was left, by the last look. */
export const openDrift = (ledger: Ledger): Promise<Drift[]> => ledger.list('drift', { open: true });

/**
 * Writes down what a look at a place found: what began, what lasts, what has ended. Nothing when the place is not as it was
 * before the look: then the look may have met a deployment halfway.
 * @param seen the live release and the lock's number, read before the look
 */
export function recordDrift(
  ledger: Ledger,
  seen: { live: Collections['live']; fence: number },
  found: readonly DriftFound[],
  nowMs: number,
): Promise<{ begun: Drift[]; ended: Drift[] }> {
  const { service, environment, deploymentId } = seen.live;
  const place = placeId(service, environment);
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const [lock, live] = [await tx.get('locks', place), await tx.get('live', place)];
    const changes: { begun: Drift[]; ended: Drift[] } = { begun: [], ended: [] };
    if (lock?.active !== undefined || lock?.fence !== seen.fence || live?.deploymentId !== deploymentId)
      return changes;
    for (const kind of driftKinds) {
      const id = `${place}.${kind}`;
      const known = await tx.get('drift', id);
      const now = found.find((one) => one.kind === kind);
      // What another deployment left is another expectation.
      const lasts = known?.open && known.deploymentId === deploymentId;
      if (now) {
        const since = lasts ? known.since : at;
        const drift: Drift = { ...now, service, environment, deploymentId, since, at, open: true };
        await tx.put('drift', id, drift);
        if (!lasts) changes.begun.push(drift);
      } else if (known?.open) {
        const drift: Drift = { ...known, open: false, endedAt: at };
        await tx.put('drift', id, drift);
        changes.ended.push(drift);
      }
    }
    return changes;
  });
}
