import type { Collection, Store } from '#local/store.ts';
import type { RevisionSpec } from './instances.ts';
import type { Policy, Revision, Service } from './messages.ts';
import { serviceOf, shortName } from './names.ts';
import type { Routing } from './observe.ts';
import type { RevisionStatus } from './revision-status.ts';
import type { RevisionTemplate } from './template-message.ts';

/** A service with what its message does not show. */
export interface ServiceRecord {
  service: Service & { name: string };
  policy: Policy;
  routing: Routing;
  /** How many revisions it ever had. */
  sequence: number;
}

export interface RevisionRecord {
  revision: Revision;
  template: RevisionTemplate;
  status: RevisionStatus;
}

export interface Records {
  services: Collection<ServiceRecord>;
  revisions: Collection<RevisionRecord>;
  /** In order of creation. */
  revisionsOf(serviceName: string): RevisionRecord[];
}

export function openRecords(store: Store): Records {
  const revisions = store.collection<RevisionRecord>('run-revisions');
  return {
    services: store.collection<ServiceRecord>('run-services'),
    revisions,
    revisionsOf: (serviceName) =>
      revisions.list().filter(({ revision }) => serviceOf(revision.name) === serviceName),
  };
}

export function statusByName(revisions: RevisionRecord[]): Map<string, RevisionStatus> {
  return new Map(revisions.map(({ revision, status }) => [shortName(revision.name), status]));
}

export function specOf({ revision, template }: RevisionRecord): RevisionSpec {
  return { service: shortName(serviceOf(revision.name)), revision: shortName(revision.name), template };
}
