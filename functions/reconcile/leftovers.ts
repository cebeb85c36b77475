import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { candidateTag, DeploymentId } from '#shared/domain/ids.ts';
import type { LiveTarget } from '#shared/domain/traffic.ts';
import { takeIdleFence } from '#shared/ledger/idle-fence.ts';
import { isDue, markDone } from '#shared/ledger/last-done.ts';
import { placeId, type Lock } from '#shared/ledger/ledger.ts';
import type { LiveService, RawJson, ServiceRef } from '#shared/ports/cloud-run.ts';
import type { Deps } from '#functions/deps.ts';
import { placeOf, stampedWith } from '#functions/steps/place.ts';

/** How long the revision of a deployment that went wrong stays, for people to look at. */
const keptMs = 24 * 3_600_000;
/** A service may have a thousand revisions: too many to look through at every run. */
const lookEveryMs = 3_600_000;
const maxDeletions = 10;

/** How many revisions one run may still delete. */
export interface DeletionQuota {
  left: number;
}
export const newQuota = (): DeletionQuota => ({ left: maxDeletions });

/**
 * Removes what deployments of a place left on its service and cannot remove any more: first tags, then revisions. Nothing
 * while a deployment has the lock, and nothing that is not named after a deployment on record.
 */
export async function removeLeftovers(deps: Deps, lock: Lock, quota: DeletionQuota): Promise<void> {
  const { service, environment } = lock;
  if (lock.active !== undefined) return;
  const [newest] = await deps.ledger.list('deployments', { service, environment }, 1);
  if (!newest) return;
  const { ref } = placeOf(newest);
  const live = await deps.run.getService(ref);
  if (!live) return;
  const tags = (await leftTags(deps, lock, live)).filter((owner) => !isUndecided(owner, newest));
  const [first] = tags;
  if (first) await removeTags(deps, lock, ref, live, [first, ...tags.slice(1)]);
  // With a tag on it, none of them can be deleted yet.
  else await deleteRevisions(deps, lock, ref, live, quota);
}

/** A person was called for it and may look at it by its tag, until another deployment is made. */
const isUndecided = ({ id, result }: Deployment, newest: Deployment): boolean =>
  result?.outcome === 'rollback-failed' && id === newest.id;

/** Finished deployments of this place whose tag is still there. */
async function leftTags(deps: Deps, lock: Lock, live: LiveService): Promise<Deployment[]> {
  const left: Deployment[] = [];
  for (const { tag } of live.traffic) {
    const owner = await finishedHere(deps, lock, tag);
    if (owner) left.push(owner);
  }
  return left;
}

async function removeTags(
  deps: Deps,
  lock: Lock,
  ref: ServiceRef,
  live: LiveService,
  owners: [Deployment, ...Deployment[]],
): Promise<void> {
  const fence = await takeIdleFence(deps.ledger, lock);
  if (fence === undefined) return;
  const tags = owners.map(({ id }) => candidateTag(id));
  const traffic = withoutTags(live.traffic, new Set(tags));
  const annotations = stampedWith(fence, owners[0].id, live);
  try {
    await deps.run.updateService(ref, { traffic, annotations }, ['traffic', 'annotations'], live.etag);
  } catch (error) {
    // Somebody else changed the service since it was read; the next run looks again.
    if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
    deps.log('INFO', `${ref.name} was changed while its tags were looked at: ${error.message}`);
    return;
  }
  deps.log('INFO', `${ref.name}: tags ${tags.join(', ')} of finished deployments removed`, { fence });
}

/** Everything as it was asked for, LATEST too, but for those tags. */
export function withoutTags(traffic: readonly LiveTarget[], tags: ReadonlySet<string>): RawJson[] {
  return traffic.flatMap((target) => {
    const { tag, ...rest } = target;
    const ours = tag !== undefined && tags.has(tag);
    if (ours && target.percent === 0) return [];
    const { type, ...share } = ours ? rest : target;
    return [
      { ...share, type: `TRAFFIC_TARGET_ALLOCATION_TYPE_${type === 'latest' ? 'LATEST' : 'REVISION'}` },
    ];
  });
}

async function deleteRevisions(
  deps: Deps,
  lock: Lock,
  ref: ServiceRef,
  live: LiveService,
  quota: DeletionQuota,
): Promise<void> {
  const { ledger, clock } = deps;
  const look = `old-revisions.${placeId(lock.service, lock.environment)}`;
  if (!(await isDue(ledger, look, lookEveryMs, clock.now()))) return;
  const used = new Set([
    ...live.traffic.map((target) => (target.type === 'revision' ? target.revision : undefined)),
    ...live.trafficStatuses.map(({ revision }) => revision),
    live.latestCreatedRevision,
  ]);
  for (const revision of await deps.run.revisions(ref)) {
    if (used.has(revision) || !revision.startsWith(`${ref.name}-`)) continue;
    const owner = await finishedHere(deps, lock, revision.slice(ref.name.length + 1));
    if (!owner || !isSpent(owner, clock.now())) continue;
    // Not marked as done: the next run goes on.
    if (quota.left === 0) return;
    quota.left -= 1;
    await deps.run.deleteRevision(ref, revision);
    deps.log('INFO', `revision ${revision} deleted: ${owner.id} ended as ${owner.result?.outcome}`);
  }
  await markDone(ledger, look, clock.now());
}

/** It did no good, nobody has to decide about it any more, and there was time to look at it. */
function isSpent({ result }: Deployment, nowMs: number): boolean {
  if (!result || !['failed', 'rolled-back', 'cancelled'].includes(result.outcome)) return false;
  return Date.parse(result.finishedAt) + keptMs <= nowMs;
}

/** The finished deployment of this place that has this id. */
async function finishedHere(
  deps: Deps,
  { service, environment }: Lock,
  text: string | undefined,
): Promise<Deployment | undefined> {
  const id = DeploymentId.safeParse(text);
  const found = id.success ? await deps.ledger.get('deployments', id.data) : undefined;
  if (found?.status !== 'finished') return undefined;
  return found.service === service && found.environment === environment ? found : undefined;
}
