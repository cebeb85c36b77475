import type { Deployment } from '#shared/domain/deployment.ts';
import type { Report } from './document.ts';

/** Clocks of two functions may differ a little; a negative time would be nonsense. */
export const between = (from: string | undefined, to: string | undefined): number | null =>
  from === undefined || to === undefined ? null : Math.max(0, Date.parse(to) - Date.parse(from));

/** How long the whole took, and its parts that people ask for. */
export function durationsOf(deployment: Deployment): Report['durations'] {
  const { request, createdAt, startedAt, result, failure, rollback } = deployment;
  const shares = trafficOf(deployment);
  const isLive = result?.outcome === 'live' || result?.outcome === 'live-with-recommendations';
  const all = isLive ? shares.find(({ percent }) => percent === 100) : undefined;
  const isBack = rollback?.result === 'verified';
  return {
    requestedToFinishedMs: between(request.requestedAt, result?.finishedAt),
    waitedMs: between(createdAt, startedAt),
    ranMs: between(startedAt, result?.finishedAt),
    requestedToLiveMs: between(request.requestedAt, all?.at),
    failedToRolledBackMs: isBack ? between(failure?.at, rollback.at) : null,
  };
}

/** From a shift that succeeded on the release has that share; after a verified way back it has none. */
export function trafficOf({ steps, rollback, trafficMoved }: Deployment): Report['traffic'] {
  const shifts = steps.flatMap(({ step, phase, status, endedAt }) => {
    const percent = step === 'shift-traffic' ? /^traffic-(\d+)$/.exec(phase)?.[1] : undefined;
    return percent === undefined || status !== 'succeeded' || endedAt === undefined
      ? []
      : [{ at: endedAt, percent: Number(percent) }];
  });
  const isBack = trafficMoved && rollback?.result === 'verified';
  return isBack ? [...shifts, { at: rollback.at, percent: 0 }] : shifts;
}
