import { expectedHealth, type DependencyAnswer } from '#shared/checks/health.ts';
import type { Attempt, Check } from '#shared/domain/check.ts';
import { isShared } from '#functions/steps/health-answer.ts';
import type { StepContext } from '#functions/steps/step.ts';

/** Attempts kept as evidence, the newest: at one a second more than half an hour. */
const keptAttempts = 2000;

/** `503 ×4, 200 ×3` */
export function inWords(attempts: readonly Attempt[]): string {
  const runs: { seen: string; count: number }[] = [];
  for (const { seen } of attempts) {
    const last = runs.at(-1);
    if (last?.seen === seen) last.count += 1;
    else runs.push({ seen, count: 1 });
  }
  return runs.map((run) => `${run.seen} ×${run.count}`).join(', ') || 'no attempt';
}

/** The look as a whole, with every attempt. @param observed in place of the attempts in words */
export function checkOf(
  context: StepContext,
  attempts: Attempt[],
  outcome: 'pass' | 'fail' | 'inconclusive',
  observed?: string,
): Check {
  const { deps, deployment, message, startedMs } = context;
  const { healthProbe: wanted, traffic } = deployment.config;
  const underTraffic = message.phase.startsWith('traffic-');
  const beside = isShared(context) ? ", or at the service's address what the release before may answer" : '';
  const expected = `${expectedHealth(wanted)}${beside}`;
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
        ? `${expected}, never ${wanted.failures} failures in a row`
        : `${expected}, ${wanted.successes} times in a row within ${wanted.startupGrace} s`,
      at: new Date(deps.clock.now()).toISOString(),
      durationMs: Math.round(deps.clock.now() - startedMs),
      ...(attempts.length > 0 ? { attempts: attempts.slice(-keptAttempts) } : {}),
    },
  };
}

/** What the last answer said of the things the service needs, one check for each. */
export function dependencyChecks(
  { deps, deployment, message }: StepContext,
  answers: readonly DependencyAnswer[],
): Check[] {
  const { healthProbe: wanted } = deployment.config;
  return Object.entries(wanted.dependencies ?? {}).map(([name, { field, equals, severity }]) => {
    const answer = answers.find((one) => one.name === name);
    return {
      id: `dependency:${name}`,
      title: `The service says that ${name} is well`,
      suite: 'Health',
      severity,
      step: message.step,
      phase: message.phase,
      outcome: answer === undefined ? 'inconclusive' : answer.ok ? 'pass' : 'fail',
      evidence: {
        source: `GET ${deployment.candidate?.url ?? ''}${wanted.path}`,
        asked: `${field} in the last answer`,
        observed: answer?.observed ?? 'no answer',
        expected: `${field} = ${JSON.stringify(equals)}`,
        at: new Date(deps.clock.now()).toISOString(),
      },
    };
  });
}
