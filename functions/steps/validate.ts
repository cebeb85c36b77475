import { countedOf, type Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { isMigrationCheck } from '#shared/domain/migration.ts';
import type { Migration } from '#shared/domain/service/traffic.ts';
import { lastLines } from '#functions/steps/last-words.ts';
import { migrate } from '#functions/steps/migration.ts';
import type { Step, StepContext, StepResult } from '#functions/steps/step.ts';
import type { Unit } from '#functions/steps/validate/asking.ts';
import { askRound, unitsOf } from '#functions/steps/validate/round.ts';

/**
 * Asks the service file's suites at the candidate's own address, and at the service's once it has all traffic; over as many
 * dispatches as that takes. Before traffic, when all required checks passed, it runs the migration, if there is one.
 */
export const validate: Step = {
  name: 'validate',
  async run(context) {
    const { candidate, serviceUrl, config, migration: started } = context.deployment;
    if (!candidate?.url || !serviceUrl)
      throw new Fault('internal', 'the record has no candidate address: deploy did not run');
    const migration = context.message.phase === 'candidate' ? config.migration : undefined;
    const recorded = askedBefore(context);
    // Answers while data changes say nothing about the release: what was asked before the migration stands.
    if (migration && started) return withMigration(context, migration, recorded);
    const units = unitsOf(context, candidate.url, serviceUrl);
    const { answers, left } = await askRound(context, units, recorded);
    const checks = answers.flatMap(({ answer }) => answer.checks);
    const over = answers.filter(({ answer }) => !answer.again).flatMap(({ answer }) => answer.checks);
    const bad = over.filter((check) => check.severity === 'required' && check.outcome !== 'pass');
    if (bad.length > 0) {
      await stopAll(
        context,
        answers.flatMap(({ unit, answer }) => (answer.again ? [unit] : [])),
      );
      const said = await lastLines(context);
      return { status: 'rejected', reason: reasonOf(bad), patch: { checks }, lastLines: said };
    }
    const again = answers.flatMap(({ answer }) => answer.again ?? []);
    const all = [...recorded.filter((check) => !checks.some(isSame(check))), ...checks];
    if (left > 0 || again.length > 0) {
      const soon = left > 0 ? [1] : [];
      const open = left === 0 ? [] : [`${left} still to be asked`];
      return {
        status: 'pending',
        againSeconds: Math.min(...soon, ...again.map(({ seconds }) => seconds)),
        summary: [inWords(all), ...open, ...new Set(again.map(({ words }) => words))].join('; '),
        patch: { checks },
      };
    }
    if (migration) return withMigration(context, migration, all);
    return { status: 'succeeded', summary: inWords(all), patch: { checks } };
  },
};

const isSame =
  (check: Check) =>
  ({ suite, id }: Check): boolean =>
    check.suite === suite && check.id === id;

const mostReasons = 5;

function reasonOf(bad: readonly Check[]): string {
  const reasons = bad
    .slice(0, mostReasons)
    .map(
      (check) =>
        `${check.suite}: ${check.title}: ${check.outcome === 'not-run' ? check.reason : check.evidence.observed}`,
    );
  const more = bad.length > mostReasons ? [`and ${bad.length - mostReasons} more`] : [];
  return [...reasons, ...more].join('; ');
}

/** Nobody waits for their answers any more. */
async function stopAll({ deps, signal }: StepContext, units: readonly Unit[]): Promise<void> {
  for (const unit of units) {
    try {
      await unit.stop?.();
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error;
      deps.log('WARNING', `what ${unit.ids.join(', ')} started may still run: ${error.message}`);
    }
  }
}

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

function inWords(all: readonly Check[]): string {
  const checks = countedOf(all);
  const passed = checks.filter((check) => check.outcome === 'pass').length;
  return checks.length === 0
    ? 'the service file has no suites'
    : `${passed} of ${checks.length} checks passed`;
}
