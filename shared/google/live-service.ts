import { z } from 'zod';
import type { LiveTarget, TrafficTarget } from '#shared/domain/traffic.ts';
import type { LiveService, RevisionState } from '#shared/ports/cloud-run.ts';

/** Cloud Run's own JSON; proto3 leaves out what is zero, empty or false. */
const Target = z.object({
  type: z.string().default(''),
  revision: z.string().default(''),
  percent: z.number().default(0),
  tag: z.string().optional(),
  uri: z.string().optional(),
});
type Target = z.infer<typeof Target>;

const Condition = z.object({
  type: z.string(),
  state: z.string().default(''),
  message: z.string().default(''),
  reason: z.string().optional(),
  revisionReason: z.string().optional(),
});

export const ServiceJson = z.looseObject({
  etag: z.string(),
  uri: z.string().default(''),
  annotations: z.record(z.string(), z.string()).default({}),
  traffic: z.array(Target).default([]),
  trafficStatuses: z.array(Target).default([]),
  latestReadyRevision: z.string().optional(),
  latestCreatedRevision: z.string().optional(),
  reconciling: z.boolean().default(false),
  invokerIamDisabled: z.boolean().default(false),
  conditions: z.array(Condition).default([]),
});

export const RevisionJson = z.object({ conditions: z.array(Condition).default([]) });

/** @param raw the same resource before the schema filled in its defaults */
export function liveService(service: z.infer<typeof ServiceJson>, raw: Record<string, unknown>): LiveService {
  const latestReady = shortName(service.latestReadyRevision);
  return {
    etag: service.etag,
    url: service.uri,
    annotations: service.annotations,
    traffic: service.traffic.map(liveTarget),
    trafficStatuses: service.trafficStatuses.flatMap((status) => statusOf(status, latestReady)),
    latestReadyRevision: latestReady,
    latestCreatedRevision: shortName(service.latestCreatedRevision),
    reconciling: service.reconciling,
    routesReady: service.conditions.some(({ type, state }) => type === 'RoutesReady' && state === succeeded),
    isPublic: service.invokerIamDisabled,
    raw,
  };
}

/** By the revision's own Ready condition alone (traps 10). */
export function revisionState({ conditions }: z.infer<typeof RevisionJson>): RevisionState {
  const ready = conditions.find(({ type }) => type === 'Ready');
  switch (ready?.state) {
    case succeeded:
      return { status: 'ready' };
    case 'CONDITION_FAILED':
      return {
        status: 'failed',
        reason: ready.revisionReason ?? ready.reason ?? 'UNKNOWN',
        message: ready.message,
      };
    default:
      return { status: 'pending' };
  }
}

const succeeded = 'CONDITION_SUCCEEDED';

/** A target without a revision is LATEST, whether it says so or not: that is the API's default. */
const isLatest = ({ type, revision }: Target): boolean =>
  type === 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' || revision === '';

function liveTarget(target: Target): LiveTarget {
  const share = { percent: target.percent, ...(target.tag === undefined ? {} : { tag: target.tag }) };
  return isLatest(target)
    ? { type: 'latest', ...share }
    : { type: 'revision', revision: shortName(target.revision) ?? '', ...share };
}

/** A status of LATEST is in effect for the revision that was ready last; without one it is in effect for nothing. */
function statusOf(status: Target, latestReady: string | undefined): (TrafficTarget & { url?: string })[] {
  const revision = isLatest(status) ? latestReady : shortName(status.revision);
  if (revision === undefined) return [];
  return [
    {
      revision,
      percent: status.percent,
      ...(status.tag === undefined ? {} : { tag: status.tag }),
      ...(status.uri === undefined ? {} : { url: status.uri }),
    },
  ];
}

/** `projects/…/revisions/hello-d1` → `hello-d1`; v2 gives names of revisions in both forms. */
function shortName(name: string | undefined): string | undefined {
  return name?.split('/').at(-1) || undefined;
}
