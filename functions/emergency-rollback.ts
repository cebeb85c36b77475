import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import {
  restored,
  sameTraffic,
  settled,
  shares,
  snapshotTraffic,
  trafficInWords,
  type TrafficTarget,
} from '#shared/domain/traffic.ts';
import { notSafeToRollBack } from '#shared/domain/way-back.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import { recordRollback } from '#shared/ledger/rollbacks.ts';
import { takeFence } from '#shared/ledger/signals.ts';
import type { LiveService, ServiceRef } from '#shared/ports/cloud-run.ts';
import type { Deps } from '#functions/deps.ts';
import { announce, poke } from '#functions/events.ts';
import { askService } from '#functions/steps/ask-service.ts';
import { placeOf, stampedWith, trafficBody } from '#functions/steps/place.ts';

export interface RollbackOrder {
  service: string;
  environment: string;
  /** A revision's name; what served before the newest release when left out. */
  to?: string;
  by: string;
  reason: string;
  /** Also from a release that is marked as not safe to roll back: who orders it has looked at the data. */
  force?: boolean;
}

export type RollbackAnswer =
  | { status: 'done'; serving: TrafficTarget[]; observed: string; tookBack: string }
  | { status: 'refused'; reason: string };

/** Changes of others between looking and writing; more than this is a fight that a person has to end. */
const writeTries = 5;
/** Deployments of the place, newest first, in which a marked release is looked for. */
const lookedThrough = 200;
const verifyTries = 40;
const verifyEveryMs = 250;

/**
 * A person's order to go back at once. From, or past, a release that is marked as not safe to roll back and had traffic it
 * wants to be told so twice (`force`). It needs the ledger and Cloud Run, not the workflow, Pub/Sub or any step: it takes
 * the next fence, so that a running deployment cannot undo it, puts the traffic where it was, and verifies that by asking.
 */
export async function rollBackNow(deps: Deps, order: RollbackOrder): Promise<RollbackAnswer> {
  const newest = await newestRelease(deps, order);
  if (!newest)
    return {
      status: 'refused',
      reason: `${order.service} has no deployment in ${order.environment} to go back from`,
    };
  const unsafe = order.force === true ? undefined : await unsafeWay(deps, newest, order);
  if (unsafe !== undefined) return { status: 'refused', reason: unsafe };
  const target = await targetOf(deps, newest, order.to);
  if ('refused' in target) return { status: 'refused', reason: target.refused };

  const at = new Date(deps.clock.now()).toISOString();
  const signal = { kind: 'rollback' as const, by: order.by, reason: order.reason, at };
  const { fence, active } = await takeFence(deps.ledger, order, signal);
  const { ref, tag } = placeOf(newest);
  const want = await write(deps, newest, target.targets, tag, fence);
  if (active) {
    await announce(deps, active);
    await poke(deps, active);
  }
  const live = await inEffect(deps, ref, want);
  const migrated =
    newest.migration === undefined ? '' : `; its migration (job ${newest.migration.job}) is not undone`;
  // A bad answer does not undo a rollback, but whoever ordered it must know.
  const service = await askService(deps, newest, live);
  const observed = `Cloud Run: ${trafficInWords(live.trafficStatuses)}; service: ${service.words}${migrated}`;
  const [to] = shares(live.trafficStatuses);
  if (to) {
    const { by, reason } = order;
    const taken = await recordRollback(deps.ledger, {
      from: newest,
      toRevision: to.revision,
      by,
      reason,
      at,
    });
    if (taken) await announce(deps, taken);
  }
  deps.log('WARNING', `${order.by} rolled ${order.service} → ${order.environment} back: ${order.reason}`, {
    observed,
    fence,
  });
  return { status: 'done', serving: shares(live.trafficStatuses), observed, tookBack: newest.id };
}

/** What is on its way, or else what is live. */
async function newestRelease(
  deps: Deps,
  { service, environment }: RollbackOrder,
): Promise<Deployment | undefined> {
  const place = placeId(service, environment);
  const [lock, live] = await Promise.all([deps.ledger.get('locks', place), deps.ledger.get('live', place)]);
  const active = lock?.active === undefined ? undefined : await deps.ledger.get('deployments', lock.active);
  if (active?.stable) return active;
  return live && deps.ledger.get('deployments', live.deploymentId);
}

/** @returns why going there may do harm: a release on the way back had traffic and is marked as not safe to roll back */
async function unsafeWay(
  deps: Deps,
  newest: Deployment,
  { service, environment, to }: RollbackOrder,
): Promise<string | undefined> {
  // Ids sort by time. A revision that is none of ours may be older than all of them.
  const target = /-(d[0-9a-z]{11})$/.exec(to ?? '')?.[1] ?? '';
  const left =
    to === undefined
      ? [newest]
      : (await deps.ledger.list('deployments', { service, environment }, lookedThrough)).filter(
          ({ id }) => id > target,
        );
  for (const deployment of left) {
    const why = deployment.trafficMoved ? notSafeToRollBack(deployment) : undefined;
    if (why === undefined) continue;
    return `${deployment.id} is marked as not safe to roll back (${why}): see that what ran before can work with the data as it is now, then order it with force`;
  }
  return undefined;
}

async function targetOf(
  deps: Deps,
  newest: Deployment,
  to: string | undefined,
): Promise<{ targets: TrafficTarget[] } | { refused: string }> {
  const targets = to === undefined ? (newest.stable?.targets ?? []) : [{ revision: to, percent: 100 }];
  const serving = shares(targets);
  if (serving.length === 0)
    return { refused: `nothing served before ${newest.id}: name a revision to go back to` };
  const { ref } = placeOf(newest);
  for (const { revision } of serving) {
    const state = await deps.run.getRevision(ref, revision);
    if (state?.status !== 'ready')
      return { refused: `revision ${revision} is ${state?.status ?? 'not there'}; name another one` };
  }
  return { targets: serving };
}

async function write(
  deps: Deps,
  newest: Deployment,
  targets: TrafficTarget[],
  tag: string,
  fence: number,
): Promise<TrafficTarget[]> {
  const { ref } = placeOf(newest);
  for (let tries = 1; ; tries += 1) {
    const live = await deps.run.getService(ref);
    if (!live) throw new Fault('not-found', `the service ${ref.name} does not exist`);
    const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
    if (snapshot.status === 'refused') throw new Fault('unsupported', snapshot.reason);
    const current = settled({ current: snapshot.targets, tag });
    const want = restored({ current, stable: targets, tag });
    const annotations = stampedWith(fence, newest.id, live);
    try {
      await deps.run.updateService(
        ref,
        { traffic: trafficBody(want), annotations },
        ['traffic', 'annotations'],
        live.etag,
      );
      return want;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'conflict' || tries === writeTries) throw error;
    }
  }
}

async function inEffect(deps: Deps, ref: ServiceRef, want: TrafficTarget[]): Promise<LiveService> {
  for (let tries = 1; ; tries += 1) {
    const live = await deps.run.getService(ref);
    if (live && sameTraffic(shares(live.trafficStatuses), shares(want))) return live;
    if (tries === verifyTries) {
      throw new Fault(
        'timeout',
        `the traffic is ${trafficInWords(live?.trafficStatuses ?? [])}, not ${trafficInWords(want)} yet`,
      );
    }
    await deps.clock.sleep(verifyEveryMs);
  }
}
