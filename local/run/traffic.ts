import { GoogleError } from '#local/google-error.ts';
import type { TrafficTarget } from './messages.ts';
import { notReadyMessage, type Failure, type RevisionStatus } from './revision-status.ts';

/** A share of the traffic at a revision by its short name; what the proxy goes by. */
export interface Assignment {
  revision: string;
  percent: number;
  tag?: string;
}

const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const longestTagAndService = 46;

/** What Google assumes when a service declares no traffic. */
export const allToLatest: TrafficTarget[] = [{ type: latest, percent: 100 }];

/**
 * Percentages sum to 100; tags are unique, of 3 characters at least, and with the service's name of 46 at most.
 * Whether the revisions exist and are ready is not asked here: that shows later, in the conditions.
 * @throws GoogleError INVALID_ARGUMENT
 */
export function checkTraffic(targets: TrafficTarget[], serviceId: string): void {
  const tags = new Set<string>();
  for (const [index, { type, revision, percent = 0, tag }] of targets.entries()) {
    const where = `traffic[${index}]`;
    const wantsRevision = type === 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
    // That an unspecified type is refused is unverified; Google's own clients always send one.
    if (type !== latest && !wantsRevision) refuse(`${where}.type must be LATEST or REVISION`);
    if (wantsRevision && revision === undefined) refuse(`${where}.revision is required for type REVISION`);
    if (!wantsRevision && revision !== undefined) {
      refuse(`${where}.revision "${revision}" must be empty for type LATEST`);
    }
    if (percent < 0 || percent > 100) refuse(`${where}.percent ${percent} must be between 0 and 100`);
    if (tag === undefined) continue;
    if (!/^[a-z][-a-z0-9]*[a-z0-9]$/.test(tag) || tag.length < 3) {
      refuse(
        `${where}.tag "${tag}" must have at least 3 characters (lowercase letters, digits, hyphens), begin with a letter and not end with a hyphen`,
      );
    }
    if (tag.length + serviceId.length > longestTagAndService) {
      refuse(
        `${where}.tag "${tag}" and service name "${serviceId}" must not be longer than ${longestTagAndService} characters together`,
      );
    }
    if (tags.has(tag)) refuse(`${where}.tag "${tag}" is given twice`);
    tags.add(tag);
  }
  const sum = targets.reduce((total, { percent = 0 }) => total + percent, 0);
  if (sum !== 100) refuse(`traffic percentages must sum to 100, got ${sum}`);
}

export type Resolution =
  | { kind: 'resolved'; assignments: Assignment[] }
  | { kind: 'waiting' }
  | { kind: 'failed'; failure: Failure };

/**
 * Traffic as a whole: it is applied when every revision it names, at whatever percentage, is ready, and not at all
 * before. One that failed or does not exist fails it, which outranks waiting for another.
 */
export function resolveTraffic(
  targets: TrafficTarget[],
  revisions: ReadonlyMap<string, RevisionStatus>,
  want: { latestReady: string | undefined; latestCreated: string | undefined },
): Resolution {
  const assignments: Assignment[] = [];
  let waiting = false;
  for (const { type, revision: named, percent = 0, tag } of targets) {
    const revision = (type === latest ? (want.latestReady ?? want.latestCreated) : named) ?? '';
    const status = revisions.get(revision);
    if (status === undefined) return { kind: 'failed', failure: goneFailure(revision) };
    switch (status.kind) {
      case 'failed': {
        const message = notReadyMessage(revision, status.failure);
        return { kind: 'failed', failure: { ...status.failure, message } };
      }
      case 'pending':
        waiting = true;
        break;
      case 'ready':
        assignments.push({ revision, percent, ...(tag === undefined ? {} : { tag }) });
        break;
      default:
        status satisfies never;
    }
  }
  return waiting ? { kind: 'waiting' } : { kind: 'resolved', assignments };
}

/**
 * The revision of one request: that of the tag, or one drawn by percentage.
 * @param random from 0 up to but not including 1
 */
export function drawRevision(
  assignments: Assignment[],
  tag: string | undefined,
  random: () => number,
): string | undefined {
  if (tag !== undefined) return assignments.find((one) => one.tag === tag)?.revision;
  let left = random() * 100;
  for (const { revision, percent } of assignments) {
    left -= percent;
    if (percent > 0 && left < 0) return revision;
  }
  return undefined;
}

function goneFailure(revision: string): Failure {
  return {
    condition: 'Ready',
    reason: 'REVISION_FAILED',
    message: `Revision '${revision}' does not exist or is deleted. Update all traffic to route to currently available revisions.`,
  };
}

function refuse(message: string): never {
  throw new GoogleError('INVALID_ARGUMENT', message);
}
