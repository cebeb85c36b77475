import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { quarantineId } from '#shared/domain/quarantine.ts';
import { putDeployment } from './claims.ts';
import { placeId, type Ledger } from './ledger.ts';

/**
 * After a person went back from outside: the release that serves again is the live one, and the one taken back goes into
 * quarantine, so that the next push of it does not bring it again. What served before Slipway came has no record: then the
 * live record says that it was taken back.
 * @returns the deployment that was taken back, if it had ended before
 */
export function recordRollback(
  ledger: Ledger,
  rollback: { from: Deployment; toRevision: string; by: string; reason: string; at: string },
): Promise<Deployment | undefined> {
  const { from, toRevision, by, reason, at } = rollback;
  const { service, environment } = from;
  const place = placeId(service, environment);
  return ledger.transaction(async (tx) => {
    const live = await tx.get('live', place);
    const where = { service, environment, 'candidate.revision': toRevision };
    const [serving] = await tx.list('deployments', where, 1);
    const digest = from.release?.digest;
    const key = digest === undefined ? undefined : quarantineId(place, digest, from.configHash);
    const known = key === undefined ? undefined : await tx.get('quarantine', key);
    const ended = await tx.get('deployments', from.id);

    if (serving?.release) {
      const { image, digest: of, tag } = serving.release;
      await tx.put('live', place, {
        service,
        environment,
        deploymentId: serving.id,
        image,
        digest: of,
        ...(tag === undefined ? {} : { tag }),
        ...(serving.request.order === undefined ? {} : { order: serving.request.order }),
        configHash: serving.configHash,
        at,
      });
    } else if (live) await tx.put('live', place, { ...live, takenBack: { by, reason, at } });
    // Back to the release that is live anyway, say after a change in the console.
    if (serving?.id === from.id) return undefined;
    const taken =
      ended && isFinished(ended)
        ? await putDeployment(tx, ended, at, { takenBack: { by, reason, at, to: toRevision } })
        : undefined;
    if (key === undefined || digest === undefined) return taken;
    await tx.put('quarantine', key, {
      id: key,
      service,
      environment,
      digest,
      ...(from.release?.tag === undefined ? {} : { tag: from.release.tag }),
      configHash: from.configHash,
      reason: `rolled back by ${by}: ${reason}`,
      deploymentId: from.id,
      owner: by,
      at,
      holds: true,
      releases: known?.releases ?? [],
    });
    return taken;
  });
}
