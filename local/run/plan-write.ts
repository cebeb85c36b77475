import { isDeepStrictEqual } from 'node:util';
import { GoogleError } from '#local/google-error.ts';
import { pickMutable } from './mask.ts';
import type { MutableService, Revision, Service } from './messages.ts';
import { generateRevisionName, shortName, type Place } from './names.ts';
import type { RevisionRecord, ServiceRecord } from './records.ts';
import { revisionConditions } from './revision-status.ts';
import { checkMetadata, checkTemplate, withDefaults } from './template.ts';
import type { RevisionTemplate } from './template-message.ts';
import { allToLatest, checkTraffic } from './traffic.ts';

/** Everything a write needs to know beside its content. */
export interface WriteContext {
  /** The service's full name. */
  name: string;
  principal: string;
  now: string;
  uuid: () => string;
  random: () => number;
  place: Place;
}

/**
 * What a create or update makes of the service; nothing is stored yet. A changed template makes a revision, and so does
 * a cleared or changed `template.revision`; a name that exists is taken up again if its template is the same.
 * @param wanted the service as it shall be, as the client sees it
 * @param revisions those that exist
 * @throws GoogleError INVALID_ARGUMENT, or ALREADY_EXISTS when the named revision exists with another template
 */
export function planWrite(
  context: WriteContext,
  before: ServiceRecord | undefined,
  wanted: MutableService,
  revisions: RevisionRecord[],
): { record: ServiceRecord; created: RevisionRecord | undefined } {
  const id = shortName(context.name);
  checkMetadata('service', wanted);
  const template = withDefaults(wanted.template ?? {}, context.place);
  checkTemplate(template, id);
  const traffic = wanted.traffic ?? allToLatest;
  checkTraffic(traffic, id);

  const sequence = before?.sequence ?? 0;
  const same = before !== undefined && isDeepStrictEqual(before.service.template, template);
  const existing = same ? undefined : revisions.find((one) => nameOf(one) === template.revision);
  if (existing && !isDeepStrictEqual(existing.template, template)) {
    throw new GoogleError(
      'ALREADY_EXISTS',
      `Revision named '${template.revision}' with different configuration already exists.`,
    );
  }
  const created =
    same || existing ? undefined : newRevision(context, template, sequence + 1, wanted.launchStage);
  const latestCreatedRevision =
    (existing ?? created)?.revision.name ?? before?.service.latestCreatedRevision ?? '';

  const { ingress } = wanted;
  const service: Service & { name: string } = {
    ...statusOf(context, before),
    ...pickMutable(wanted),
    template,
    traffic,
    launchStage: wanted.launchStage ?? 'GA',
    ingress:
      ingress === undefined || ingress === 'INGRESS_TRAFFIC_UNSPECIFIED' ? 'INGRESS_TRAFFIC_ALL' : ingress,
    generation: String(Number(before?.service.generation ?? 0) + 1),
    updateTime: context.now,
    lastModifier: context.principal,
    latestCreatedRevision,
    reconciling: true,
    terminalCondition: {
      type: 'Ready',
      state: 'CONDITION_RECONCILING',
      lastTransitionTime: context.now,
    },
    etag: `"${Buffer.from(context.uuid()).toString('base64url')}"`,
  };
  const record: ServiceRecord = {
    service,
    policy: before?.policy ?? { etag: 'ACAB' },
    routing: before?.routing ?? { targets: [], assignments: [] },
    sequence: sequence + (created ? 1 : 0),
  };
  return { record, created };
}

function nameOf({ revision }: RevisionRecord): string {
  return shortName(revision.name);
}

/** What a write leaves as it is: identity, and the state last observed. */
function statusOf(context: WriteContext, before: ServiceRecord | undefined): Service & { name: string } {
  if (!before) {
    const { name, now: createTime, principal: creator } = context;
    return { name, uid: context.uuid(), createTime, creator };
  }
  const mutable = Object.keys(pickMutable(before.service));
  const kept = Object.entries(before.service).filter(([key]) => !mutable.includes(key));
  return { ...Object.fromEntries(kept), name: before.service.name };
}

function newRevision(
  context: WriteContext,
  template: RevisionTemplate,
  sequence: number,
  launchStage: Service['launchStage'],
): RevisionRecord {
  const serviceId = shortName(context.name);
  const { revision: named, healthCheckDisabled: _, ...fields } = template;
  const id = named ?? generateRevisionName(serviceId, sequence, context.random);
  const { project } = context.place;
  const revision: Revision = {
    ...fields,
    name: `${context.name}/revisions/${id}`,
    uid: context.uuid(),
    generation: '1',
    createTime: context.now,
    updateTime: context.now,
    launchStage: launchStage ?? 'GA',
    // That it is the service's short name here is unverified.
    service: serviceId,
    reconciling: true,
    conditions: revisionConditions({ kind: 'pending' }, context.now),
    logUri: `https://console.cloud.google.com/logs/viewer?project=${project}&resource=cloud_run_revision/service_name/${serviceId}/revision_name/${id}`,
    creator: context.principal,
    etag: `"${Buffer.from(context.uuid()).toString('base64url')}"`,
  };
  return { revision, template, status: { kind: 'pending' } };
}
