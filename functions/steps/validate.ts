import { judgeAnswer } from '#shared/checks/http.ts';
import type { Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { isMigrationCheck } from '#shared/domain/migration.ts';
import type { HttpCheck } from '#shared/domain/service/checks.ts';
import type { Migration } from '#shared/domain/service/traffic.ts';
import { lastLines } from '#functions/steps/last-words.ts';
import { migrate } from '#functions/steps/migration.ts';
import type { Step, StepContext, StepResult } from '#functions/steps/step.ts';

/**
 * Asks the service file's checks at the candidate's own address, and at the service's once it has all traffic. Before
 * traffic, when all required ones passed, it runs the migration, if there is one.
 */
export const validate: Step = {
  name: 'validate',
  async run(context) {
    const { candidate, serviceUrl, config, migration: started } = context.deployment;
    if (!candidate?.url || !serviceUrl)
      throw new Fault('internal', 'the record has no candidate address: deploy did not run');
    const migration = context.message.phase === 'candidate' ? config.migration : undefined;
    // Answers while data changes say nothing about the release: what was asked before the migration stands.
    if (migration && started) return withMigration(context, migration, askedBefore(context));
    const address = context.message.phase === 'traffic-100' ? serviceUrl : candidate.url;
    const checks = await Promise.all(
      config.suites.flatMap((suite) =>
        suite.checks.map((check) => ask(context, address, suite.title, check)),
      ),
    );
    const bad = checks.filter((check) => check.severity === 'required' && check.outcome !== 'pass');
    if (bad.length > 0) {
      const reason = bad.map(
        (check) =>
          `${check.suite}: ${check.title}: ${check.outcome === 'not-run' ? check.reason : check.evidence.observed}`,
      );
      const said = await lastLines(context);
      return { status: 'rejected', reason: reason.join('; '), patch: { checks }, lastLines: said };
    }
    if (migration) return withMigration(context, migration, checks);
    return { status: 'succeeded', summary: inWords(checks), patch: { checks } };
  },
};

const askedBefore = ({ deployment, message }: StepContext): Check[] =>
  deployment.checks.filter(
    (check) => check.step === message.step && check.phase === message.phase && !isMigrationCheck(check),
  );

async function withMigration(
  context: StepContext,
  wanted: Migration,
  checks: readonly Check[],
): Promise<StepResult> {
  const result = await migrate(context, wanted, checks);
  return result.status === 'rejected'
    ? result
    : { ...result, summary: `${inWords(checks)}; ${result.summary}` };
}

function inWords(checks: readonly Check[]): string {
  const passed = checks.filter((check) => check.outcome === 'pass').length;
  return checks.length === 0
    ? 'the service file has no suites'
    : `${passed} of ${checks.length} checks passed`;
}

async function ask(context: StepContext, address: string, suite: string, wanted: HttpCheck): Promise<Check> {
  const { deps, deployment, message, signal } = context;
  const url = address + wanted.path;
  const audience =
    deployment.config.runtime.access === 'private' || deployment.stable?.first
      ? deployment.serviceUrl
      : undefined;
  const base = {
    id: wanted.name,
    title: wanted.title ?? wanted.name,
    suite,
    severity: wanted.severity,
    step: message.step,
    phase: message.phase,
  };
  const startedMs = deps.clock.now();
  const evidence = (observed: string, expected: string, durationMs: number) => ({
    source: `${wanted.method} ${url}`,
    asked: wanted.title ?? wanted.name,
    observed,
    expected,
    at: new Date(startedMs).toISOString(),
    durationMs,
  });
  try {
    const answer = await deps.prober.request({
      url,
      method: wanted.method,
      headers: wanted.headers,
      ...(wanted.body === undefined ? {} : { body: wanted.body }),
      timeoutSeconds: wanted.timeout,
      ...(audience === undefined ? {} : { audience }),
      allowedOrigins: [new URL(address).origin],
      signal,
    });
    const { pass, observed, expected } = judgeAnswer(wanted.expect, answer);
    return {
      ...base,
      outcome: pass ? 'pass' : 'fail',
      evidence: evidence(observed, expected, answer.durationMs),
    };
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    // No answer is an answer about the candidate; anything else says nothing about it.
    const outcome = error.code === 'unavailable' || error.code === 'timeout' ? 'fail' : 'inconclusive';
    const durationMs = deps.clock.now() - startedMs;
    return {
      ...base,
      outcome,
      evidence: evidence(error.message, `status ${wanted.expect.status}`, durationMs),
    };
  }
}
