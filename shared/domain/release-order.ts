/**
 * Which of two releases is the newer one. Events come in any order: a build that was started earlier may end later, and two
 * tags may come at once, so the order of arrival is the last thing to go by.
 */

/** What is known of a release that puts it in an order. */
export interface ReleaseOrder {
  /** A semantic version, without a leading `v`. */
  version?: string;
  /** ISO 8601: when its source was made or its build began, as the image says. */
  sourceTime?: string;
  /** ISO 8601: when the registry got it. */
  uploadedAt?: string;
}

type OrderCriterion = 'semantic version' | 'source time' | 'upload time' | 'arrival';

export interface Comparison {
  order: 'newer' | 'older' | 'same' | 'unknown';
  by: OrderCriterion;
}

/**
 * The first criterion that both have and that tells them apart decides:
 *
 * | | criterion | from |
 * |---|---|---|
 * | 1 | semantic version | the tag, else the label `org.opencontainers.image.version` |
 * | 2 | source time | the label `org.opencontainers.image.created`, else the image's own `created` |
 * | 3 | upload time | the registry |
 * | 4 | arrival | nothing else is known: `unknown`, and who came last counts as newer |
 *
 * Equal in one criterion says nothing (labels are inherited from a base image), so the next one is asked; equal in all that
 * both have is `same`.
 * @returns what `a` is, compared with `b`
 */
export function compareReleases(a: ReleaseOrder, b: ReleaseOrder): Comparison {
  let equalBy: OrderCriterion | undefined;
  for (const { by, compare } of criteria) {
    const sign = compare(a, b);
    if (sign === undefined) continue;
    if (sign !== 0) return { order: sign > 0 ? 'newer' : 'older', by };
    equalBy ??= by;
  }
  return equalBy === undefined ? { order: 'unknown', by: 'arrival' } : { order: 'same', by: equalBy };
}

/** Undefined when one of them lacks it. */
type Compare = (a: ReleaseOrder, b: ReleaseOrder) => number | undefined;

const byTime =
  (field: 'sourceTime' | 'uploadedAt'): Compare =>
  (a, b) => {
    const [first, second] = [Date.parse(a[field] ?? ''), Date.parse(b[field] ?? '')];
    return Number.isNaN(first) || Number.isNaN(second) ? undefined : Math.sign(first - second);
  };

const byVersion: Compare = (a, b) => {
  const [first, second] = [parseVersion(a.version ?? ''), parseVersion(b.version ?? '')];
  return first && second && compareVersions(first, second);
};

const criteria: readonly { by: OrderCriterion; compare: Compare }[] = [
  { by: 'semantic version', compare: byVersion },
  { by: 'source time', compare: byTime('sourceTime') },
  { by: 'upload time', compare: byTime('uploadedAt') },
];

/** What an image says of itself. */
export interface ImageFacts {
  tag?: string | undefined;
  labels: Record<string, string>;
  /** The config's `created`. */
  createdAt?: string;
  uploadedAt?: string;
}

/** The order of a release by what is known of its image. */
export function orderOf({ tag, labels, createdAt, uploadedAt }: ImageFacts): ReleaseOrder {
  const version = [tag, labels['org.opencontainers.image.version']]
    .map((text) => text?.replace(/^v/, ''))
    .find((text) => text !== undefined && parseVersion(text) !== undefined);
  const sourceTime = [labels['org.opencontainers.image.created'], createdAt].find(isRealTime);
  return {
    ...(version === undefined ? {} : { version }),
    ...(sourceTime === undefined ? {} : { sourceTime }),
    ...(uploadedAt === undefined ? {} : { uploadedAt }),
  };
}

/** Reproducible builds write a fixed time: the epoch, or the first second of 1980 (Cloud Native Buildpacks). */
const firstRealMs = Date.UTC(1980, 0, 2);
const isRealTime = (text: string | undefined): boolean => Date.parse(text ?? '') >= firstRealMs;

interface Version {
  numbers: number[];
  /** Empty for a release; else it is before the release of the same numbers. */
  prerelease: string[];
}

/** https://semver.org: three numbers, perhaps a prerelease; what follows `+` puts nothing in order. */
const versionPattern = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([\w.-]+))?(?:\+[\w.-]+)?$/;

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, prerelease] = versionPattern.exec(text) ?? [];
  if (major === undefined) return undefined;
  return { numbers: [major, minor, patch].map(Number), prerelease: prerelease?.split('.') ?? [] };
}

/** https://semver.org/#spec-item-11 */
function compareVersions(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0;
    if (number !== other) return Math.sign(number - other);
  }
  const [mine, others] = [a.prerelease, b.prerelease];
  if (mine.length === 0 || others.length === 0) return Math.sign(others.length - mine.length);
  for (const [index, part] of mine.entries()) {
    const other = others[index];
    if (other === undefined) return 1;
    const sign = compareParts(part, other);
    if (sign !== 0) return sign;
  }
  return Math.sign(mine.length - others.length);
}

/** Numbers by size and before text; text by ASCII. */
function compareParts(a: string, b: string): number {
  const [first, second] = [a, b].map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
  if (first !== undefined && second !== undefined) return Math.sign(first - second);
  if (first !== undefined || second !== undefined) return first !== undefined ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
