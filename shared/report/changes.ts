import { configDiff } from '#shared/config/config-diff.ts';
import type { Deployment, Previous } from '#shared/domain/deployment.ts';
import type { Report } from './document.ts';
import { cutEnd } from './text.ts';

/** Of one value in the record; the file has the whole. */
const longestValue = 300;

/**
 * What a deployment is compared with, for its record: the one that was live last in its place, and the settings that
 * differ. @param at ISO 8601: when that went live
 */
export function previousOf(before: Deployment, at: string, now: Deployment): Previous {
  const { id, release } = before;
  const short = (value: string | undefined): string | null =>
    value === undefined ? null : cutEnd(value, longestValue);
  return {
    status: 'known',
    deploymentId: id,
    at,
    ...(release && {
      release: {
        digest: release.digest,
        sizeBytes: release.sizeBytes,
        ...(release.tag === undefined ? {} : { tag: release.tag }),
        ...(release.version === undefined ? {} : { version: release.version }),
        ...(release.source === undefined ? {} : { source: release.source }),
      },
    }),
    config: configDiff(before.config, now.config).map(({ path, from, to }) => ({
      path,
      from: short(from),
      to: short(to),
    })),
  };
}

type Changes = NonNullable<Report['changes']>;

/** From what was live to this, as far as the record has it. */
export function changesOf(deployment: Deployment): Changes {
  const { previous, release } = deployment;
  if (previous?.status !== 'known') {
    const reason = previous?.reason ?? notCompared(deployment);
    return { since: null, reason, image: [], config: [] };
  }
  const { deploymentId, at, release: before, config } = previous;
  const row = (what: Changes['image'][number]['what'], from: string | undefined, to: string | undefined) =>
    from === to ? [] : [{ what, from: from ?? null, to: to ?? null }];
  const image =
    release && before
      ? [
          ...row('version', before.version, release.version),
          ...row('tag', before.tag, release.tag),
          ...row('source', before.source, release.source),
          ...row('digest', before.digest, release.digest),
        ]
      : [];
  return { since: { deploymentId, at }, reason: null, image, config };
}

function notCompared({ startedAt, result }: Deployment): string {
  if (result === undefined) return 'it is compared with what was live before when it ends';
  return startedAt === undefined ? 'it never started' : 'what was live before is not on record';
}

/** The image's size beside what was live, and beside what the service file says it should be about. */
export function imageSizeOf({ release, previous, config }: Deployment): Report['imageSize'] {
  if (!release) return null;
  const { sizeBytes: bytes } = release;
  const beside = (other: number | undefined) => {
    if (other === undefined) return null;
    const differenceBytes = bytes - other;
    return { bytes: other, differenceBytes, percent: other === 0 ? null : (differenceBytes / other) * 100 };
  };
  const baseline = config.imageRules?.baselineSizeMiB;
  return {
    bytes,
    previous: beside(previous?.status === 'known' ? previous.release?.sizeBytes : undefined),
    baseline: beside(baseline === undefined ? undefined : Math.round(baseline * 1024 * 1024)),
  };
}
