import { judgeHealth, type DependencyAnswer } from '#shared/checks/health.ts';
import type { Attempt } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { HealthProbe } from '#shared/domain/service/checks.ts';
import { shares } from '#shared/domain/traffic.ts';
import type { ProbeAnswer } from '#shared/ports/prober.ts';
import { promisedHealth } from '#functions/steps/ask-service.ts';
import type { StepContext } from '#functions/steps/step.ts';

/** `status` is 0 when there was none. */
type Answer = Pick<Attempt, 'ok' | 'seen'> & { status: number; dependencies: DependencyAnswer[] };

/** Somewhere to ask, and who answers there beside the candidate, by what each promised; undefined is not known. */
export interface Asked {
  address: string;
  beside: (HealthProbe | undefined)[];
}

/** While the candidate has only a part of the traffic, others answer at the service's address. */
export const isShared = ({ message: { phase } }: Pick<StepContext, 'message'>): boolean =>
  phase.startsWith('traffic-') && phase !== 'traffic-100';

/** The candidate's own address, and under traffic the service's. */
export async function addressesOf(
  context: StepContext,
  candidateUrl: string,
  serviceUrl: string,
): Promise<Asked[]> {
  const { deps, deployment, message } = context;
  const own = { address: candidateUrl, beside: [] };
  if (!message.phase.startsWith('traffic-')) return [own];
  const others = isShared(context) ? shares(deployment.stable?.targets ?? []) : [];
  const beside = await Promise.all(others.map(({ revision }) => promisedHealth(deps, revision)));
  return [own, { address: serviceUrl, beside }];
}

/**
 * One look at every address at once: the worst answer counts.
 * @param isCounted keeps the status of each: these requests are to be subtracted from a metric
 * @returns `dependencies`: what that answer says of them; none without an answer
 */
export async function lookAt(
  context: StepContext,
  addresses: Asked[],
  isCounted: boolean,
): Promise<{ attempt: Attempt; dependencies: DependencyAnswer[] }> {
  const { clock } = context.deps;
  const startMs = clock.now();
  const seen = await Promise.all(addresses.map((address) => ask(context, address, addresses)));
  const worst = seen.find((answer) => !answer.ok) ?? seen[0];
  const attempt = {
    at: new Date(startMs).toISOString(),
    ok: worst?.ok ?? false,
    seen: worst?.seen ?? 'nothing to ask',
    durationMs: Math.round(clock.now() - startMs),
    ...(isCounted ? { statuses: seen.map(({ status }) => status) } : {}),
  };
  return { attempt, dependencies: worst?.dependencies ?? [] };
}

async function ask(
  { deps, deployment, signal }: StepContext,
  { address, beside }: Asked,
  all: Asked[],
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
      allowedOrigins: all.map((known) => new URL(known.address).origin),
      signal,
    });
    const own = judgeHealth(wanted, answer);
    const ok = own.ok || beside.some((promised) => isAsPromised(wanted.path, promised, answer));
    return { ...own, ok, status: answer.status };
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    // A fault of ours says nothing about the candidate.
    if (error.code !== 'timeout' && error.code !== 'unavailable') throw error;
    const seen = error.code === 'timeout' ? 'no answer in time' : 'no answer';
    return { ok: false, seen, status: 0, dependencies: [] };
  }
}

/**
 * Whether one of the releases beside the candidate may have answered so. One that promised nothing of this path may answer
 * whatever is no error of a server: it may not know it.
 */
const isAsPromised = (path: string, promised: HealthProbe | undefined, answer: ProbeAnswer): boolean =>
  promised?.path === path ? judgeHealth(promised, answer).ok : answer.status < 500;
