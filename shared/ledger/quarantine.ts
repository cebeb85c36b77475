import type { Deployment, Result } from '#shared/domain/deployment.ts';
import { quarantineId, quarantineReason, type Quarantine } from '#shared/domain/quarantine.ts';
import { placeId, type Ledger, type Reader, type Transaction } from './ledger.ts';

/** The quarantine of this very digest and configuration while it holds. */
export async function heldQuarantine(
  tx: Reader,
  place: string,
  digest: string,
  configHash: string,
): Promise<Quarantine | undefined> {
  const found = await tx.get('quarantine', quarantineId(place, digest, configHash));
  return found?.holds && found.digest === digest && found.configHash === configHash ? found : undefined;
}

/**
 * What the end of a deployment writes into the quarantine, or undefined. Only reads; who was let go before and is found bad
 * again is held again.
 */
export async function quarantineFor(
  tx: Transaction,
  deployment: Deployment,
  result: Result,
): Promise<Quarantine | undefined> {
  const { id, service, environment, release, configHash, request } = deployment;
  const reason = quarantineReason(deployment, result.outcome);
  if (reason === undefined || !release) return undefined;
  const key = quarantineId(placeId(service, environment), release.digest, configHash);
  const before = await tx.get('quarantine', key);
  return {
    id: key,
    service,
    environment,
    digest: release.digest,
    ...(release.tag === undefined ? {} : { tag: release.tag }),
    configHash,
    reason,
    deploymentId: id,
    owner: request.requestedBy,
    at: result.finishedAt,
    holds: true,
    releases: before?.releases ?? [],
  };
}

/** Lets a release go; it stays on record who did. A second time changes nothing. @returns undefined when there is none */
export function releaseQuarantine(
  ledger: Ledger,
  id: string,
  release: { by: string; reason: string },
  nowMs: number,
): Promise<Quarantine | undefined> {
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const found = await tx.get('quarantine', id);
    if (!found?.holds) return found;
    const released = { ...found, holds: false, releases: [...found.releases, { ...release, at }] };
    await tx.put('quarantine', id, released);
    return released;
  });
}
