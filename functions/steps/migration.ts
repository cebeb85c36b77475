import { Evidence, type Check } from '#shared/domain/check.ts';
import type { MigrationRun } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { shortDigest } from '#shared/domain/image.ts';
import { isMigrationCheck, migrationCheck } from '#shared/domain/migration.ts';
import type { Migration } from '#shared/domain/service/traffic.ts';
import type { ExecutionState, ServiceRef } from '#shared/ports/cloud-run.ts';
import { placeOf, waitFor } from '#functions/steps/place.ts';
import type { StepContext, StepResult } from '#functions/steps/step.ts';

/** Most are over in seconds: watching that long costs less than another dispatch. */
const firstWatchSeconds = 10;
/** Every look is a dispatch and costs steps of the workflow, so a long migration is looked at less often. */
const shortestRestSeconds = 5;
const longestRestSeconds = 60;
/** How long a cancelled execution may take to end. */
const endWithinSeconds = 120;

/**
 * Runs the service file's migration once for this deployment: the deployment's id is the key, so that a repeated dispatch
 * follows the execution that is there. Its success is a required check. Nothing of it is ever undone.
 * @param asked what was proven before it, stored together with its beginning
 */
export async function migrate(
  context: StepContext,
  wanted: Migration,
  asked: readonly Check[],
): Promise<StepResult> {
  const { deps } = context;
  const known = context.deployment.migration?.execution;
  const { execution, ...run } = await start(context, wanted, asked);
  const end = Date.parse(run.startedAt) + wanted.timeout * 1000;
  const left = (): number => Math.max(0, (end - deps.clock.now()) / 1000);
  const watch = known === undefined ? Math.min(firstWatchSeconds, left()) : 0;
  const state = await waitFor(context, watch, 1, () => ended(context, execution));
  if (state) {
    const checks = [checkOf(context, { execution, ...run }, state)];
    const patch = { checks, migration: { execution, ...run, status: state.status } };
    const words = inWords(wanted.job, state);
    return state.status === 'succeeded'
      ? { status: 'succeeded', summary: words, patch }
      : { status: 'rejected', reason: `Migration: ${words}`, patch };
  }
  if (left() > 0) {
    const seconds = Math.round(wanted.timeout - left());
    const rest = Math.min(longestRestSeconds, Math.max(shortestRestSeconds, seconds / 20), left());
    return {
      status: 'pending',
      againSeconds: Math.max(1, rest),
      summary: `job ${wanted.job} runs for ${seconds} s`,
    };
  }
  const late = {
    status: 'failed',
    reason: 'TIMEOUT',
    message: `it did not end within ${wanted.timeout} s and is cancelled`,
  } as const;
  // Cancelled on the way back, as every migration is that has not ended by then: that one waits until it has.
  return {
    status: 'rejected',
    reason: `Migration: ${inWords(wanted.job, late)}`,
    patch: { checks: [checkOf(context, { execution, ...run }, late)] },
  };
}

async function start(
  context: StepContext,
  wanted: Migration,
  asked: readonly Check[],
): Promise<MigrationRun & { execution: string }> {
  const { deps, deployment } = context;
  const { id, release, migration: known } = deployment;
  if (known?.execution !== undefined) return { ...known, execution: known.execution };
  if (!release) throw new Fault('internal', 'the record has no release: push did not run');
  const at = new Date(deps.clock.now()).toISOString();
  const run: MigrationRun = known ?? { job: wanted.job, status: 'starting', startedAt: at };
  // On record first: whoever ends this deployment must know that there may be an execution.
  if (!known) await context.save({ migration: run, checks: [...asked, checkOf(context, run, undefined)] });
  const execution = await deps.jobs.run(jobOf(context, wanted.job), {
    key: id,
    ...(wanted.args === undefined ? {} : { args: wanted.args }),
    ...(wanted.image === 'own' ? {} : { image: `${release.image}@${release.digest}` }),
  });
  // Its time counts from here: what came before was not the migration's doing.
  const startedAt = new Date(deps.clock.now()).toISOString();
  const started = { ...run, execution, status: 'running' as const, startedAt };
  await context.save({ migration: started, checks: [checkOf(context, started, undefined)] });
  return started;
}

/**
 * For the way back: a migration that is still under way is cancelled, because the next deployment may bring its own.
 * It never keeps the way back from going on for long: what is not known then stays so on record.
 * @returns what to answer while it has not ended; undefined when there is nothing to wait for
 */
export async function endMigration(context: StepContext): Promise<StepResult | undefined> {
  const { deps, deployment, startedMs, signal } = context;
  const { migration: run, id } = deployment;
  if (!run || (run.status !== 'starting' && run.status !== 'running')) return undefined;
  // What ended the deployment stays as it was seen: a time-out is not told as the cancelling that followed.
  const told = deployment.checks.some((check) => isMigrationCheck(check) && check.outcome !== 'inconclusive');
  const save = (end: MigrationRun, state: ExecutionState | undefined) =>
    context.save({ migration: end, ...(told ? {} : { checks: [checkOf(context, end, state)] }) });
  try {
    const execution = run.execution ?? (await find(context, run.job));
    if (execution === undefined) {
      await save({ ...run, status: 'stopped' }, undefined);
      return undefined;
    }
    const before = await ended(context, execution);
    if (!before) await deps.jobs.cancel(execution);
    const state = before ?? (await waitFor(context, 20, 1, () => ended(context, execution)));
    if (!state) throw new Fault('timeout', `execution ${shortName(execution)} is cancelled, but still runs`);
    const stopped = state.status === 'failed' && state.reason === 'CANCELLED';
    await save({ ...run, execution, status: stopped ? 'stopped' : state.status }, state);
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault) || error.code === 'lock-lost') throw error;
    const seconds = (deps.clock.now() - startedMs) / 1000;
    const summary = `the migration's end is not known: ${error.message}`;
    if (error.retryable && seconds < endWithinSeconds) return { status: 'pending', againSeconds: 3, summary };
    deps.log('WARNING', `${id}: ${summary}`);
  }
  return undefined;
}

/** In its own step and phase, whoever stores it. @param state undefined: it has not ended, as far as is known */
function checkOf(context: StepContext, run: MigrationRun, state: ExecutionState | undefined): Check {
  const { deps, deployment } = context;
  const { config, release } = deployment;
  const now = deps.clock.now();
  const ownImage = config.migration?.image === 'own';
  const which = ownImage ? "the job's own image" : `image ${shortDigest(release?.digest ?? '')}`;
  const logUri =
    state?.status === 'running' ? undefined : Evidence.shape.logUri.safeParse(state?.logUri).data;
  const unknown = run.execution === undefined ? 'no execution is known' : 'started, its end is not known';
  return {
    ...migrationCheck(run.job),
    outcome: state === undefined || state.status === 'running' ? 'inconclusive' : outcomes[state.status],
    evidence: {
      source: `Cloud Run job ${run.job}${run.execution === undefined ? '' : `, execution ${shortName(run.execution)}`}`,
      asked: `one run for this deployment, with ${which}`,
      observed: state === undefined ? unknown : inWords(run.job, state),
      expected: `succeeds within ${config.migration?.timeout ?? 0} s`,
      at: new Date(now).toISOString(),
      durationMs:
        state?.status === 'succeeded' ? state.seconds * 1000 : Math.max(0, now - Date.parse(run.startedAt)),
      ...(logUri === undefined ? {} : { logUri }),
    },
  };
}

const outcomes = { succeeded: 'pass', failed: 'fail' } as const;

/** A job that is not there was not run. */
async function find(context: StepContext, job: string): Promise<string | undefined> {
  const { deps, deployment } = context;
  return deps.jobs.find(jobOf(context, job), deployment.id).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'not-found') return undefined;
    throw error;
  });
}

async function ended(
  { deps }: StepContext,
  execution: string,
): Promise<Exclude<ExecutionState, { status: 'running' }> | undefined> {
  const state = await deps.jobs.execution(execution);
  return state.status === 'running' ? undefined : state;
}

function inWords(job: string, state: ExecutionState): string {
  switch (state.status) {
    case 'running':
      return `job ${job} runs`;
    case 'succeeded':
      return `job ${job} succeeded in ${Math.round(state.seconds)} s`;
    default:
      return `job ${job} failed, ${state.reason}: ${state.message}`;
  }
}

const jobOf = ({ deployment }: StepContext, name: string): ServiceRef => ({
  ...placeOf(deployment).ref,
  name,
});

const shortName = (execution: string): string => execution.split('/').at(-1) ?? execution;
