import { placeId, type Ledger } from './ledger.ts';

/**
 * Takes the next number of a place's lock for a write from outside the pipeline, while no deployment has the lock. One that
 * starts after this has a higher number, and whose write comes second is decided by the etag.
 * @returns undefined when a deployment has the lock
 */
export function takeIdleFence(
  ledger: Ledger,
  place: { service: string; environment: string },
): Promise<number | undefined> {
  const { service, environment } = place;
  return ledger.transaction(async (tx) => {
    const id = placeId(service, environment);
    const lock = (await tx.get('locks', id)) ?? { service, environment, fence: 0 };
    if (lock.active !== undefined) return undefined;
    const fence = lock.fence + 1;
    await tx.put('locks', id, { ...lock, fence });
    return fence;
  });
}
