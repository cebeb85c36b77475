import { analyse, type Limits, type Side } from '#shared/checks/analysis.ts';
import type { Attempt, Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { shares } from '#shared/domain/traffic.ts';
import type { RequestStats, TimeWindow } from '#shared/ports/signals.ts';
import { placeOf } from '#functions/steps/place.ts';
import type { StepContext } from '#functions/steps/step.ts';

/**
 * The rules on Monitoring's figures, from the shift to the newest that can be seen.
 * @param fromMs when it was, unless this step began then
 * @param untilMs nothing later counts, as when this step's own requests came then
 */
export async function figures(
  context: StepContext,
  limits: Limits,
  attempts: readonly Attempt[],
  fromMs = context.startedMs,
  untilMs = Infinity,
): Promise<Check[]> {
  const { deps, deployment, message } = context;
  const { revision } = placeOf(deployment);
  const newestMs = deps.clock.now() - deps.config.monitoringLagSeconds * 1000;
  const window = { fromMs, toMs: Math.min(newestMs, untilMs) };
  const percent = Number(message.phase.slice('traffic-'.length));
  const others = shares(deployment.stable?.targets ?? []).map((target) => target.revision);
  const beside = percent < 100 ? others.filter((other) => other !== revision) : [];
  const side = (revisions: string[], direct: number, share: number): Promise<Side | string> =>
    orWhyNot(async () => {
      const stats = await Promise.all(revisions.map((one) => requestStats(context, one, window)));
      const sum = addedUp(stats);
      return { stats: sum, own: ownRequests(attempts, sum.covered, direct, share) };
    });
  const [candidate, stable] = await Promise.all([
    side([revision], 1, percent / 100),
    beside.length === 0 ? undefined : side(beside, 0, 1 - percent / 100),
  ]);
  const at = new Date(deps.clock.now()).toISOString();
  return analyse({
    limits,
    window,
    candidate,
    stable,
    about: { step: message.step, phase: message.phase, at },
  }).checks;
}

const requestStats = ({ deps, deployment }: StepContext, revision: string, window: TimeWindow) =>
  deps.monitoring.requestStats(placeOf(deployment).ref, revision, window);

/** Several revisions as one. */
function addedUp(stats: RequestStats[]): RequestStats {
  const covered = stats.flatMap((one) => one.covered ?? []);
  const sum = (of: (one: RequestStats) => number): number => stats.reduce((total, one) => total + of(one), 0);
  return {
    requests: sum((one) => one.requests),
    serverErrors: sum((one) => one.serverErrors),
    latencies: stats.flatMap((one) => one.latencies).sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs),
    covered:
      covered.length === 0
        ? undefined
        : {
            fromMs: Math.min(...covered.map(({ fromMs }) => fromMs)),
            toMs: Math.max(...covered.map(({ toMs }) => toMs)),
          },
  };
}

/**
 * Own probes in the time the figures cover: `direct` of those at the candidate's address, and of those at the service's
 * the share that the revision has of the traffic; which of them it answered nobody can tell (traps 14). After a long bake
 * the first attempts are no longer on record: then there were as many a second as in the part that is.
 */
function ownRequests(
  attempts: readonly Attempt[],
  covered: TimeWindow | undefined,
  direct: number,
  share: number,
): Side['own'] {
  const times = attempts.map(({ at }) => Date.parse(at));
  const [firstMs] = times;
  if (covered === undefined || firstMs === undefined) return { requests: 0, serverErrors: 0 };
  const { fromMs, toMs } = covered;
  const inTime = attempts.filter((_, index) => {
    const ms = times[index] ?? 0;
    return ms >= fromMs && ms < toMs;
  });
  const more = firstMs < toMs ? (toMs - fromMs) / (toMs - Math.max(fromMs, firstMs)) : 1;
  const count = (matches: (status: number) => boolean): number => {
    const at = (address: number): number =>
      inTime.filter(({ statuses }) => matches(statuses?.[address] ?? 0)).length;
    return Math.round((at(0) * direct + at(1) * share) * more);
  };
  return { requests: count(() => true), serverErrors: count((status) => status >= 500) };
}

/** @returns text when it could not be read: what the candidate did is not known then, and nothing else is wrong */
export async function orWhyNot<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
