import { shortName } from './names.ts';
import type { Condition, Service, TrafficTarget } from './messages.ts';
import { failedCondition, notReadyMessage, type Failure, type RevisionStatus } from './revision-status.ts';
import { allToLatest, resolveTraffic, type Assignment } from './traffic.ts';

/** Traffic as it was last applied: the targets as declared, and the revisions they meant. */
export interface Routing {
  targets: TrafficTarget[];
  assignments: Assignment[];
}

export interface Observation {
  routing: Routing;
  latestReady: string | undefined;
  reconciling: boolean;
  /** The failure the service ended in, for the operation. */
  failure: Failure | undefined;
  terminalCondition: Condition;
  conditions: Condition[];
}

/**
 * What the service has become, seen from what is wanted and how its revisions are. Two questions, each with a condition:
 * - ConfigurationsReady: is the latest created revision ready?
 * - RoutesReady: is the declared traffic applied? Independent of the first, so traffic moves back to a good revision
 *   while a later one is still starting or has failed; the service as a whole stays failed then, as Google's does.
 * The service is reconciling while either waits, failed when either failed (the revision's failure speaks first).
 * On failure the traffic stays as it was last applied.
 * @param revisions status by short name, in order of creation
 */
export function observe(input: {
  service: Service;
  revisions: ReadonlyMap<string, RevisionStatus>;
  routing: Routing;
  now: string;
}): Observation {
  const { service, revisions, now } = input;
  const latestCreated = shortName(service.latestCreatedRevision ?? '');
  const latestReady = findLatestReady(revisions, latestCreated, shortName(service.latestReadyRevision ?? ''));
  const created = revisions.get(latestCreated);
  const targets = service.traffic ?? allToLatest;
  const routes = resolveTraffic(targets, revisions, { latestReady, latestCreated });
  const reconciling = created?.kind === 'pending' || routes.kind === 'waiting';

  const ofRevision =
    created?.kind === 'failed'
      ? { ...created.failure, message: notReadyMessage(latestCreated, created.failure) }
      : undefined;
  const ofRoutes = routes.kind === 'failed' ? routes.failure : undefined;
  const failure = reconciling ? undefined : (ofRevision ?? ofRoutes);

  const since = (condition: Condition): Condition => unchangedSince(service, condition, now);
  return {
    routing: routes.kind === 'resolved' ? { targets, assignments: routes.assignments } : input.routing,
    latestReady,
    reconciling,
    failure,
    terminalCondition: since(conditionOf('Ready', failure, reconciling, now)),
    conditions: [
      since(conditionOf('RoutesReady', ofRoutes, routes.kind === 'waiting', now)),
      since(conditionOf('ConfigurationsReady', ofRevision, created?.kind === 'pending', now)),
    ],
  };
}

/**
 * The service with what was observed written into it. Its terminal state changes only when it has settled, and
 * `observedGeneration` only when it has settled well.
 * @param addresses a disabled default address is not shown, nor are the tags' ones
 */
export function withObservation<S extends Service>(
  service: S,
  seen: Observation,
  known: { settled: boolean; address: string; tagAddresses: ReadonlyMap<string, string> },
): S {
  const { settled, address } = known;
  const isClosed = service.defaultUriDisabled === true;
  return {
    ...service,
    uri: isClosed ? undefined : address,
    urls: isClosed ? undefined : [address],
    // A target of type LATEST shows no revision here, as in Google's answers; latestReadyRevision tells it.
    trafficStatuses: seen.routing.targets.map((target) => {
      const uri = isClosed ? undefined : known.tagAddresses.get(target.tag ?? '');
      return uri === undefined ? target : { ...target, uri };
    }),
    conditions: seen.conditions,
    ...(seen.latestReady === undefined
      ? {}
      : { latestReadyRevision: `${service.name}/revisions/${seen.latestReady}` }),
    ...(settled ? { reconciling: false, terminalCondition: seen.terminalCondition } : {}),
    ...(settled && !seen.failure ? { observedGeneration: service.generation } : {}),
  };
}

/** The latest created one if it is ready; else one that became ready meanwhile and is newer than the known one; else that. */
function findLatestReady(
  revisions: ReadonlyMap<string, RevisionStatus>,
  latestCreated: string,
  known: string,
): string | undefined {
  if (revisions.get(latestCreated)?.kind === 'ready') return latestCreated;
  const names = [...revisions.keys()];
  const newer = names.slice(names.indexOf(known) + 1);
  return (
    newer.findLast((name) => revisions.get(name)?.kind === 'ready') ?? (known === '' ? undefined : known)
  );
}

function conditionOf(
  type: string,
  failure: Failure | undefined,
  waiting: boolean,
  lastTransitionTime: string,
): Condition {
  if (failure) return failedCondition(type, failure, lastTransitionTime);
  return {
    type,
    state: waiting ? 'CONDITION_RECONCILING' : 'CONDITION_SUCCEEDED',
    lastTransitionTime,
  };
}

function unchangedSince(service: Service, condition: Condition, now: string): Condition {
  const before = [...(service.conditions ?? []), service.terminalCondition].find(
    (one) => one?.type === condition.type && one.state === condition.state,
  );
  return { ...condition, lastTransitionTime: before?.lastTransitionTime ?? now };
}
