/**
 * Who gets which share of a service's requests. Everything here works on revision *names*: `LATEST` is resolved once,
 * in the snapshot, because after the candidate is ready LATEST is the candidate (traps 9).
 */
export interface TrafficTarget {
  revision: string;
  /** 0–100 */
  percent: number;
  tag?: string;
}

/** A target as Cloud Run shows it. */
export type LiveTarget =
  | { type: 'revision'; revision: string; percent: number; tag?: string }
  | { type: 'latest'; percent: number; tag?: string };

export type Snapshot = { status: 'taken'; targets: TrafficTarget[] } | { status: 'refused'; reason: string };

/** The stable traffic by names. Refuses a tag on LATEST: it would jump to the candidate and cannot be put back. */
export function snapshotTraffic(live: readonly LiveTarget[], latestReady: string | undefined): Snapshot {
  const targets: TrafficTarget[] = [];
  // A service that declares no traffic has all of it on LATEST.
  const declared: readonly LiveTarget[] = live.length === 0 ? [{ type: 'latest', percent: 100 }] : live;
  for (const target of declared) {
    if (target.type === 'revision') {
      targets.push(named(target.revision, target.percent, target.tag));
    } else if (target.tag !== undefined) {
      return {
        status: 'refused',
        reason: `the tag "${target.tag}" is on LATEST and would move to the candidate; put it on a revision by name first`,
      };
    } else if (latestReady === undefined) {
      if (target.percent > 0)
        return { status: 'refused', reason: 'traffic goes to LATEST, but no revision is ready' };
    } else {
      targets.push(named(latestReady, target.percent));
    }
  }
  return { status: 'taken', targets: merged(targets) };
}

/** The stable traffic as it is, and the candidate beside it at 0 % under its tag. */
export function withCandidate(
  current: readonly TrafficTarget[],
  candidate: string,
  tag: string,
): TrafficTarget[] {
  const untagged = current.map((target) =>
    target.tag === tag ? named(target.revision, target.percent) : target,
  );
  return merged([...untagged, named(candidate, 0, tag)]);
}

/**
 * The candidate at `percent`, the stable revisions sharing the rest in their old proportions (largest remainder, so the
 * sum is 100), every tag kept: ours and those of others.
 */
export function shifted(options: {
  current: readonly TrafficTarget[];
  stable: readonly TrafficTarget[];
  candidate: string;
  percent: number;
}): TrafficTarget[] {
  const { current, stable, candidate, percent } = options;
  const weights = stable.filter((target) => target.percent > 0 && target.revision !== candidate);
  const shares = portion(
    weights.map((target) => target.percent),
    100 - percent,
  );
  return merged([
    ...current.filter((target) => target.tag !== undefined).map((target) => ({ ...target, percent: 0 })),
    ...weights.map((target, index) => named(target.revision, shares[index] ?? 0)),
    named(candidate, weights.length === 0 ? 100 : percent),
  ]);
}

/** Percentages exactly as in the snapshot; tags as they are now, without ours: only our own change is undone. */
export function restored(options: {
  current: readonly TrafficTarget[];
  stable: readonly TrafficTarget[];
  tag: string;
}): TrafficTarget[] {
  const { current, stable, tag } = options;
  return merged([
    ...current
      .filter((target) => target.tag !== undefined && target.tag !== tag)
      .map((target) => ({ ...target, percent: 0 })),
    ...stable.filter((target) => target.percent > 0).map((target) => named(target.revision, target.percent)),
  ]);
}

/** Our tag gone, `previous` on the revision that served most before if wanted; percentages untouched. */
export function settled(options: {
  current: readonly TrafficTarget[];
  tag: string;
  previous?: string;
}): TrafficTarget[] {
  const { current, tag, previous } = options;
  const without = current.map((target) =>
    target.tag === tag || (previous !== undefined && target.tag === 'previous')
      ? named(target.revision, target.percent)
      : target,
  );
  return merged([...without, ...(previous === undefined ? [] : [named(previous, 0, 'previous')])]);
}

/** Same shares and same tags, whatever the order and the grouping. */
export function sameTraffic(left: readonly TrafficTarget[], right: readonly TrafficTarget[]): boolean {
  const key = (targets: readonly TrafficTarget[]): string => JSON.stringify(merged(targets));
  return key(left) === key(right);
}

/** Only the shares: what users get. */
export function shares(targets: readonly TrafficTarget[]): { revision: string; percent: number }[] {
  return merged(targets.map(({ revision, percent }) => ({ revision, percent })));
}

/** `hello-a 75 % · hello-b 25 %`, or `nothing`. */
export function trafficInWords(targets: readonly TrafficTarget[]): string {
  const serving = shares(targets);
  return serving.length === 0
    ? 'nothing'
    : serving.map((target) => `${target.revision} ${target.percent} %`).join(' · ');
}

/**
 * One target per revision and tag, in a stable order; a share is put on one untagged target, so that two lists that mean
 * the same look the same.
 */
function merged(targets: readonly TrafficTarget[]): TrafficTarget[] {
  const percent = new Map<string, number>();
  const tags = new Map<string, TrafficTarget>();
  for (const target of targets) {
    percent.set(target.revision, (percent.get(target.revision) ?? 0) + target.percent);
    if (target.tag !== undefined) tags.set(target.tag, named(target.revision, 0, target.tag));
  }
  const serving = [...percent]
    .filter(([, share]) => share > 0)
    .map(([revision, share]) => named(revision, share));
  const byName = (a: TrafficTarget, b: TrafficTarget): number =>
    b.percent - a.percent || a.revision.localeCompare(b.revision) || (a.tag ?? '').localeCompare(b.tag ?? '');
  return [...serving, ...tags.values()].sort(byName);
}

/** Splits `whole` in proportion to `weights`; whole numbers whose sum is `whole` (largest remainder first, then order). */
function portion(weights: readonly number[], whole: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (weight * whole) / total);
  const result = exact.map(Math.floor);
  let left = whole - result.reduce((sum, share) => sum + share, 0);
  const order = exact
    .map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order) {
    if (left === 0) break;
    result[index] = (result[index] ?? 0) + 1;
    left -= 1;
  }
  return result;
}

const named = (revision: string, percent: number, tag?: string): TrafficTarget => ({
  revision,
  percent,
  ...(tag === undefined ? {} : { tag }),
});
