import { endOf } from '#shared/checks/container-lines.ts';
import type { Attempt, Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { watchUsers } from '#functions/steps/analysis.ts';
import { createEndWatch } from '#functions/steps/end-watch.ts';
import { lastLines } from '#functions/steps/last-words.ts';
import type { StepContext, StepResult, Step } from '#functions/steps/step.ts';

/** How long one dispatch looks before it answers `pending`: no function is paid for a longer wait. */
const watchSeconds = 20;
/** After the bake, how long an answer that is neither steadily good nor steadily bad is watched on. */
const flappingSeconds = 60;
/** Attempts kept as evidence, the newest: at one a second more than half an hour. */
const keptAttempts = 2000;

/**
 * Before traffic (phase `candidate`): healthy after N consecutive successes at the candidate's own address, within the
 * startup grace, unless Cloud Run says before that the candidate failed or that its container exited. Under traffic
 * (`traffic-N`): watched for the whole bake, unhealthy after N consecutive failures at the candidate's or the service's
 * address, whichever; at the end it must be healthy. With an `analysis` in the service file users' requests must be good too.
 */
export const healthProbe: Step = {
  name: 'health-probe',
  async run(context) {
    const { deployment, message } = context;
    const { candidate, serviceUrl, config } = deployment;
    if (!candidate?.url || !serviceUrl)
      throw new Fault('internal', 'the record has no candidate address: deploy did not run');
    const underTraffic = message.phase.startsWith('traffic-');
    const hidden = config.runtime.ingress !== 'all';
    if (hidden) {
      const observed = `ingress is ${config.runtime.ingress}: the tag address cannot be reached from here`;
      return {
        status: 'rejected',
        reason: observed,
        patch: { checks: [checkOf(context, [], 'inconclusive', observed)] },
      };
    }
    const addresses = underTraffic ? [candidate.url, serviceUrl] : [candidate.url];
    const result = await watch(context, addresses, underTraffic);
    if (result.status !== 'rejected') return result;
    const lines = await lastLines(context);
    // The line that ended the wait stays, also when the container wrote a lot since.
    const known = endOf(lines) ? [] : (result.lastLines ?? []);
    return { ...result, lastLines: [...lines, ...known] };
  },
};

async function watch(context: StepContext, addresses: string[], underTraffic: boolean): Promise<StepResult> {
  const { deps, deployment, startedMs, signal } = context;
  const { healthProbe: wanted, traffic, analysis } = deployment.config;
  const users = underTraffic && analysis ? watchUsers(context, analysis) : undefined;
  const dispatchEnd = deps.clock.now() + watchSeconds * 1000;
  const wholeEnd = startedMs + (underTraffic ? traffic.bake : wanted.startupGrace) * 1000;
  const attempts = earlierAttempts(context);
  const againSeconds = Math.max(wanted.interval, 5);
  const lookForEnd = underTraffic ? undefined : createEndWatch(context, againSeconds);
  for (;;) {
    const tick = deps.clock.now();
    attempts.push(await attempt(context, addresses, users !== undefined));
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
      const checks = [checkOf(context, attempts, 'pass'), ...(said?.checks ?? [])];
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
      const checks = [checkOf(context, attempts, 'fail'), ...(users?.checks() ?? [])];
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

/** One look at every address at once: the worst answer counts. @param inDetail keeps the status of each */
async function attempt(context: StepContext, addresses: string[], inDetail: boolean): Promise<Attempt> {
  const { clock } = context.deps;
  const startMs = clock.now();
  const seen = await Promise.all(addresses.map((address) => ask(context, address, addresses)));
  const worst = seen.find((answer) => !answer.ok) ?? seen[0] ?? { ok: false, seen: 'nothing to ask' };
  return {
    at: new Date(startMs).toISOString(),
    ok: worst.ok,
    seen: worst.seen,
    durationMs: Math.round(clock.now() - startMs),
    ...(inDetail ? { statuses: seen.map(({ status }) => status) } : {}),
  };
}

/** `status` is 0 when there was none. */
type Answer = Pick<Attempt, 'ok' | 'seen'> & { status: number };

async function ask(
  { deps, deployment, signal }: StepContext,
  address: string,
  own: string[],
): Promise<Answer> {
  const { healthProbe: wanted, runtime } = deployment.config;
  const audience =
    runtime.access === 'private' || deployment.stable?.first ? deployment.serviceUrl : undefined;
  try {
    const answer = await deps.prober.request({
      url: address + wanted.path,
      method: 'GET',
      timeoutSeconds: wanted.timeout,
      ...(audience === undefined ? {} : { audience }),
      allowedOrigins: own.map((known) => new URL(known).origin),
      signal,
    });
    const { status } = answer;
    return { ok: status === wanted.status, seen: String(status), status };
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    // A fault of ours says nothing about the candidate.
    if (error.code !== 'timeout' && error.code !== 'unavailable') throw error;
    return { ok: false, seen: error.code === 'timeout' ? 'no answer in time' : 'no answer', status: 0 };
  }
}

/** Positive: consecutive successes at the end; negative: failures. */
function lengthOfStreak(attempts: readonly Attempt[]): number {
  const last = attempts.at(-1);
  if (!last) return 0;
  const broken = attempts.findLastIndex((attempt) => attempt.ok !== last.ok);
  const length = attempts.length - 1 - broken;
  return last.ok ? length : -length;
}

/** `503 ×4, 200 ×3` */
function inWords(attempts: readonly Attempt[]): string {
  const runs: { seen: string; count: number }[] = [];
  for (const { seen } of attempts) {
    const last = runs.at(-1);
    if (last?.seen === seen) last.count += 1;
    else runs.push({ seen, count: 1 });
  }
  return runs.map((run) => `${run.seen} ×${run.count}`).join(', ') || 'no attempt';
}

function checkOf(
  context: StepContext,
  attempts: Attempt[],
  outcome: 'pass' | 'fail' | 'inconclusive',
  observed?: string,
): Check {
  const { deps, deployment, message, startedMs } = context;
  const { healthProbe: wanted, traffic } = deployment.config;
  const underTraffic = message.phase.startsWith('traffic-');
  return {
    id: 'healthy',
    title: underTraffic
      ? `Healthy at ${message.phase.slice('traffic-'.length)} % of the traffic`
      : 'Candidate is healthy',
    suite: 'Health',
    severity: 'required',
    step: message.step,
    phase: message.phase,
    outcome,
    evidence: {
      source: `GET ${deployment.candidate?.url ?? ''}${wanted.path}${underTraffic ? ` and ${deployment.serviceUrl}${wanted.path}` : ''}`,
      asked: underTraffic ? `every ${wanted.interval} s for ${traffic.bake} s` : `every ${wanted.interval} s`,
      observed: observed ?? inWords(attempts),
      expected: underTraffic
        ? `${wanted.status}, never ${wanted.failures} failures in a row`
        : `${wanted.status}, ${wanted.successes} times in a row within ${wanted.startupGrace} s`,
      at: new Date(deps.clock.now()).toISOString(),
      durationMs: Math.round(deps.clock.now() - startedMs),
      ...(attempts.length > 0 ? { attempts: attempts.slice(-keptAttempts) } : {}),
    },
  };
}
