import { judgeHealth, type DependencyAnswer } from '#shared/checks/health.ts';
import type { Attempt } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { StepContext } from '#functions/steps/step.ts';

/** `status` is 0 when there was none. */
type Answer = Pick<Attempt, 'ok' | 'seen'> & { status: number; dependencies: DependencyAnswer[] };

/**
 * One look at every address at once: the worst answer counts.
 * @param isCounted keeps the status of each: these requests are to be subtracted from a metric
 * @returns `dependencies`: what that answer says of them; none without an answer
 */
export async function lookAt(
  context: StepContext,
  addresses: string[],
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
    return { ...judgeHealth(wanted, answer), status: answer.status };
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    // A fault of ours says nothing about the candidate.
    if (error.code !== 'timeout' && error.code !== 'unavailable') throw error;
    const seen = error.code === 'timeout' ? 'no answer in time' : 'no answer';
    return { ok: false, seen, status: 0, dependencies: [] };
  }
}
