import { endOf } from '#shared/checks/container-lines.ts';
import type { Attempt } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { outOfReach } from '#functions/preflight/reach.ts';
import { watchUsers } from '#functions/steps/analysis.ts';
import { createEndWatch } from '#functions/steps/end-watch.ts';
import { addressesOf, lookAt, type Asked } from '#functions/steps/health-answer.ts';
import { checkOf, dependencyChecks, inWords } from '#functions/steps/health-check.ts';
import { lastLines } from '#functions/steps/last-words.ts';
import type { StepContext, StepResult, Step } from '#functions/steps/step.ts';

/** How long one dispatch looks before it answers `pending`: no function is paid for a longer wait. */
const watchSeconds = 20;
/** After the bake, how long an answer that is neither steadily good nor steadily bad is watched on. */
const flappingSeconds = 60;

/**
 * Before traffic (phase `candidate`): healthy after N consecutive successes at the candidate's own address, within the
 * startup grace, unless Cloud Run says before that the candidate failed or that its container exited. Under traffic
 * (`traffic-N`): watched for the whole bake, unhealthy after N consecutive failures at the candidate's or the service's
 * address, whichever; at the end it must be healthy. Releases that have the rest of the traffic may answer at the service's
 * address as they promised. With an `analysis` in the service file users' requests must be good too.
 */
export const healthProbe: Step = {
  name: 'health-probe',
  async run(context) {
    const { deployment, message } = context;
    const { candidate, serviceUrl, config } = deployment;
    if (!candidate?.url || !serviceUrl)
      throw new Fault('internal', 'the record has no candidate address: deploy did not run');
    const underTraffic = message.phase.startsWith('traffic-');
    const why = outOfReach(config, context.deps.config);
    if (why !== undefined) {
      const checks = [checkOf(context, [], 'inconclusive', why)];
      return { status: 'rejected', reason: why, patch: { checks } };
    }
    const addresses = await addressesOf(context, candidate.url, serviceUrl);
    const result = await watch(context, addresses, underTraffic);
    if (result.status !== 'rejected') return result;
    const lines = await lastLines(context);
    // The line that ended the wait stays, also when the container wrote a lot since.
    const known = endOf(lines) ? [] : (result.lastLines ?? []);
    return { ...result, lastLines: [...lines, ...known] };
  },
};

async function watch(context: StepContext, addresses: Asked[], underTraffic: boolean): Promise<StepResult> {
  const { deps, deployment, startedMs, signal } = context;
  const { healthProbe: wanted, traffic, analysis, suites } = deployment.config;
  const users = underTraffic && analysis ? watchUsers(context, analysis) : undefined;
  const hasMetrics = suites.some(({ checks }) => checks.some(({ kind }) => kind === 'metrics'));
  const isCounted = underTraffic && (users !== undefined || hasMetrics);
  const dispatchEnd = deps.clock.now() + watchSeconds * 1000;
  const wholeEnd = startedMs + (underTraffic ? traffic.bake : wanted.startupGrace) * 1000;
  const attempts = earlierAttempts(context);
  const againSeconds = Math.max(wanted.interval, 5);
  const lookForEnd = underTraffic ? undefined : createEndWatch(context, againSeconds);
  for (;;) {
    const tick = deps.clock.now();
    const { attempt, dependencies } = await lookAt(context, addresses, isCounted);
    attempts.push(attempt);
    const alarm = await users?.look();
    if (alarm) {
      const checks = [checkOf(context, attempts, 'inconclusive'), ...alarm.checks];
      return { status: 'rejected', reason: `bad for users: ${alarm.words}`, patch: { checks } };
    }
    const end = await lookForEnd?.(attempts);
    if (end) {
      const observed = `${inWords(attempts)}; ${end.observed}`;
      const reason = `it failed after it was ready: ${observed}`;
      const { condition, line } = end;
      return {
        status: 'rejected',
        reason,
        patch: { checks: [checkOf(context, attempts, 'fail', observed)] },
        ...(condition && { condition }),
        ...(line !== undefined && { lastLines: [line] }),
      };
    }
    const streak = lengthOfStreak(attempts);
    const over = deps.clock.now() >= wholeEnd;
    const healthy = streak >= wanted.successes;
    const broken = underTraffic && -streak >= wanted.failures;
    if (healthy && (!underTraffic || over)) {
      const said = await users?.judge(attempts);
      const needs = dependencyChecks(context, dependencies);
      const checks = [checkOf(context, attempts, 'pass'), ...needs, ...(said?.checks ?? [])];
      const healthy = `healthy: ${inWords(attempts)}`;
      const summary = said ? `${healthy}; ${said.words}` : healthy;
      if (said?.status === 'wait')
        return { status: 'pending', againSeconds: said.againSeconds, summary, patch: { checks } };
      if (said?.status === 'fail')
        return { status: 'rejected', reason: `bad for users: ${said.words}`, patch: { checks } };
      return { status: 'succeeded', summary, patch: { checks } };
    }
    // A streak that began before the time was over may still finish; flapping for ever is not health.
    const lastWord = users?.endMs ?? wholeEnd;
    const flapping = over && underTraffic && deps.clock.now() > lastWord + flappingSeconds * 1000;
    if (broken || flapping || (over && streak < 0 && !underTraffic)) {
      const reason = underTraffic
        ? `unhealthy under traffic: ${inWords(attempts)}`
        : `not healthy within ${wanted.startupGrace} s: ${inWords(attempts)}`;
      const needs = dependencyChecks(context, dependencies);
      const checks = [checkOf(context, attempts, 'fail'), ...needs, ...(users?.checks() ?? [])];
      return { status: 'rejected', reason, patch: { checks } };
    }
    const nextTick = Math.max(tick + wanted.interval * 1000, deps.clock.now());
    if (nextTick > dispatchEnd) {
      const patch = { checks: [checkOf(context, attempts, 'inconclusive'), ...(users?.checks() ?? [])] };
      const soon = streak > 0 && !underTraffic;
      return {
        status: 'pending',
        againSeconds: soon ? wanted.interval : againSeconds,
        summary: inWords(attempts),
        patch,
      };
    }
    await deps.clock.sleep(nextTick - deps.clock.now(), signal);
  }
}

/** What earlier dispatches of this look saw. */
function earlierAttempts({ deployment, message }: StepContext): Attempt[] {
  const known = deployment.checks.find(
    (check) => check.id === 'healthy' && check.step === message.step && check.phase === message.phase,
  );
  return known && known.outcome !== 'not-run' ? [...(known.evidence.attempts ?? [])] : [];
}

/** Positive: consecutive successes at the end; negative: failures. */
function lengthOfStreak(attempts: readonly Attempt[]): number {
  const last = attempts.at(-1);
  if (!last) return 0;
  const broken = attempts.findLastIndex((attempt) => attempt.ok !== last.ok);
  const length = attempts.length - 1 - broken;
  return last.ok ? length : -length;
}
