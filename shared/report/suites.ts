import { countedOf, type Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { isFinished } from '#shared/domain/deployment.ts';
import { isMigrationCheck, migrationCheck } from '#shared/domain/migration.ts';
import type { Advice, Suite } from './document.ts';

/**
 * The checks by suite and by when they were asked, in the order they were made. Suites of the service file that were
 * never asked are there as not run, once the deployment is finished: silence would read like success.
 */
export function suitesOf(deployment: Deployment): Suite[] {
  const checks = [...deployment.checks, ...neverAsked(deployment)];
  return grouped(checks, (check) => check.suite).map(([title, ofSuite]) => ({
    title,
    step: ofSuite[0]?.step ?? 'validate',
    ordered: deployment.config.suites.some((suite) => suite.title === title && suite.ordered),
    rounds: grouped(ofSuite, (check) => check.phase).map(([phase, asked]) => ({
      phase,
      passed: countedOf(asked).filter((check) => check.outcome === 'pass').length,
      total: countedOf(asked).length,
      checks: asked,
    })),
  }));
}

const endedBefore = 'the deployment ended';

function neverAsked(deployment: Deployment): Check[] {
  // One that never started was not asked anything, and says so as a whole.
  if (!isFinished(deployment) || deployment.startedAt === undefined) return [];
  const { failure, checks, config } = deployment;
  const reason = `${endedBefore}${failure ? ` in ${failure.step}` : ''} before this was asked`;
  const { migration } = config;
  const neverRun: Check[] =
    migration === undefined || checks.some(isMigrationCheck)
      ? []
      : [{ ...migrationCheck(migration.job), outcome: 'not-run', reason }];
  const ofFile = config.suites.flatMap(({ title, checks: wanted }) =>
    wanted
      .filter(({ name }) => !checks.some((check) => check.suite === title && check.id === name))
      .map((check) => ({
        id: check.name,
        title: check.title ?? check.name,
        suite: title,
        severity: check.severity,
        step: 'validate',
        phase: 'candidate',
        outcome: 'not-run' as const,
        reason,
      })),
  );
  return [...ofFile, ...neverRun];
}

/** Advisory checks that did not pass, each once, as its last asking left it. */
export function recommendationsOf(checks: readonly Check[]): Advice[] {
  const asked = grouped(
    countedOf(checks).filter((check) => check.severity === 'advisory'),
    (check) => JSON.stringify([check.suite, check.id]),
  );
  return asked.flatMap(([, askings]) => {
    const last = askings.findLast((check) => check.outcome !== 'pass');
    return last ? [adviceOf(last)] : [];
  });
}

function adviceOf(check: Exclude<Check, { outcome: 'pass' }>): Advice {
  const base = { suite: check.suite, check: check.title, outcome: check.outcome };
  if (check.outcome === 'not-run') {
    const measured = `Not run: ${check.reason}`;
    return { ...base, change: `Have this run: ${check.title}`, measured, limit: 'an answer', rule: check.id };
  }
  if (check.outcome === 'fail' && check.recommendation) return { ...base, ...check.recommendation };
  const change =
    check.outcome === 'fail'
      ? `Look at this: ${check.title}`
      : `Find out why this has no answer: ${check.title}`;
  const { observed: measured, expected: limit } = check.evidence;
  return { ...base, change, measured, limit, rule: check.id };
}

/** In the order in which the keys come first. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups];
}

/** Required checks whose turn came and that did not pass; one that could not be run is no pass either. */
export const failedChecks = (suites: readonly Suite[]): Failing[] =>
  suites
    .flatMap(({ rounds }) => rounds.flatMap((round) => countedOf(round.checks)))
    .filter((check): check is Failing => check.severity === 'required' && check.outcome !== 'pass')
    .filter((check) => check.outcome !== 'not-run' || !check.reason.startsWith(endedBefore));

type Failing = Exclude<Check, { outcome: 'pass' }>;
