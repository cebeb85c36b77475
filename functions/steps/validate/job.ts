import { Evidence, type Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { JobCheck } from '#shared/domain/service/checks.ts';
import type { ExecutionState, ServiceRef } from '#shared/ports/cloud-run.ts';
import { placeOf, waitFor } from '#functions/steps/place.ts';
import type { StepContext } from '#functions/steps/step.ts';
import { base, type Asking, type Unit, type UnitAnswer } from './asking.ts';
import { casesOf, resultsOf, type Told } from './job-results.ts';

/** Most are over in seconds: watching that long costs less than another dispatch. */
const firstWatchSeconds = 10;
/** Every look is a dispatch and costs steps of the workflow, so a long one is looked at less often. */
const shortestRestSeconds = 5;
const longestRestSeconds = 60;

/**
 * A Cloud Run job that tests the suite's address, run once for this deployment, phase and check: a repeated dispatch
 * follows the execution that is there. It is told `SLIPWAY_URL`, `SLIPWAY_PHASE`, for a private service `SLIPWAY_AUDIENCE`
 * and, where results are wanted, `SLIPWAY_RESULTS`, the object to write them to.
 */
export function jobUnit(asking: Asking, wanted: JobCheck): Unit {
  const { context } = asking;
  let execution: string | undefined;
  return {
    suite: asking.suite.title,
    ids: [wanted.name],
    longestSeconds: 0,
    isFollowed: true,
    async ask() {
      try {
        execution = await start(asking, wanted);
        return await follow(asking, wanted, execution);
      } catch (error) {
        // What a retry can mend is the step's; what it cannot, such as a job that is not there, is said.
        if (context.signal.aborted || !(error instanceof Fault) || error.retryable) throw error;
        return { checks: [told(asking, wanted, execution, 'inconclusive', error.message)] };
      }
    },
    async stop() {
      if (execution !== undefined) await context.deps.jobs.cancel(execution);
    },
  };
}

type Ended = Exclude<ExecutionState, { status: 'running' }>;

/** Two checks may run the same job, and one check runs it in every phase. */
const keyOf = (deploymentId: string, phase: string, suite: string, name: string): string =>
  `${deploymentId}/${phase}/${suite}/${name}`;

async function start({ context, suite, address, audience }: Asking, wanted: JobCheck): Promise<string> {
  const { deps, deployment, message } = context;
  const { id, release } = deployment;
  if (wanted.image === 'release' && !release)
    throw new Fault('internal', 'the record has no release: push did not run');
  const results = resultsOf(context, suite.title, wanted);
  return deps.jobs.run(jobOf(context, wanted.job), {
    key: keyOf(id, message.phase, suite.title, wanted.name),
    ...(wanted.args === undefined ? {} : { args: wanted.args }),
    ...(wanted.image === 'release' && release ? { image: `${release.image}@${release.digest}` } : {}),
    env: {
      SLIPWAY_URL: address,
      SLIPWAY_PHASE: message.phase,
      ...(audience === undefined ? {} : { SLIPWAY_AUDIENCE: audience }),
      ...(results === undefined ? {} : { SLIPWAY_RESULTS: `gs://${deps.config.bucket}/${results}` }),
    },
  });
}

async function follow(asking: Asking, wanted: JobCheck, execution: string): Promise<UnitAnswer> {
  const { context } = asking;
  const { deps, startedMs } = context;
  const seconds = (): number => Math.round((deps.clock.now() - startedMs) / 1000);
  const watch = seconds() < firstWatchSeconds ? Math.min(firstWatchSeconds, wanted.within - seconds()) : 0;
  const state = await waitFor(context, watch, 1, async () => {
    const now = await deps.jobs.execution(execution);
    return now.status === 'running' ? undefined : now;
  });
  if (state) return { checks: await ended(asking, wanted, execution, state) };
  if (seconds() >= wanted.within) {
    await deps.jobs.cancel(execution);
    const words = `it did not end within ${wanted.within} s and was cancelled`;
    return { checks: [told(asking, wanted, execution, 'fail', words)] };
  }
  const rest = Math.min(longestRestSeconds, Math.max(shortestRestSeconds, seconds() / 20));
  const words = `job ${wanted.job} runs for ${seconds()} s`;
  return {
    checks: [told(asking, wanted, execution, 'inconclusive', words)],
    again: { seconds: Math.max(1, Math.min(rest, wanted.within - seconds())), words },
  };
}

/** The job's own check and one per test. Where the tests say what the job says they are counted, and it is not. */
async function ended(asking: Asking, wanted: JobCheck, execution: string, state: Ended): Promise<Check[]> {
  const { source, at, logUri } = whereOf(asking, wanted, execution, state);
  const tests = await casesOf(asking, wanted, { source, endedAt: at, logUri });
  const end =
    state.status === 'succeeded'
      ? `job ${wanted.job} succeeded in ${Math.round(state.seconds)} s`
      : `job ${wanted.job} failed, ${state.reason}: ${state.message}`;
  // A job that fails says no, whatever its results say.
  const outcome = state.status === 'failed' ? 'fail' : (tests?.outcome ?? 'pass');
  const observed = tests === undefined ? end : `${end}; ${tests.words}`;
  const own = told(asking, wanted, execution, outcome, observed, state);
  // A runner exits so when a test failed; a job that failed otherwise says something of its own.
  const saysMore = state.status === 'failed' && state.reason !== 'NON_ZERO_EXIT_CODE';
  const isSum = tests?.outcome === outcome && outcome !== 'inconclusive' && !saysMore;
  return [isSum ? { ...own, isSum } : own, ...(tests?.checks ?? [])];
}

/** @returns who answered and when: at the execution's end, or now */
function whereOf({ context: { deps } }: Asking, wanted: JobCheck, execution?: string, state?: Ended) {
  return {
    source: sourceOf(wanted, execution),
    at: state?.endedAt ?? new Date(deps.clock.now()).toISOString(),
    logUri: Evidence.shape.logUri.safeParse(state?.logUri).data,
  };
}

function told(
  asking: Asking,
  wanted: JobCheck,
  execution: string | undefined,
  outcome: Told['outcome'],
  observed: string,
  state?: Ended,
): Check {
  const { deps, startedMs } = asking.context;
  const { source, at, logUri } = whereOf(asking, wanted, execution, state);
  return {
    ...base(asking, wanted),
    outcome,
    evidence: {
      source,
      asked: wanted.title ?? wanted.name,
      observed,
      expected: `succeeds within ${wanted.within} s${wanted.results === undefined ? '' : ', and every test passes'}`,
      at,
      durationMs:
        state?.status === 'succeeded' ? state.seconds * 1000 : Math.max(0, deps.clock.now() - startedMs),
      ...(logUri === undefined ? {} : { logUri }),
    },
  };
}

const sourceOf = ({ job }: JobCheck, execution: string | undefined): string =>
  `Cloud Run job ${job}${execution === undefined ? '' : `, execution ${execution.split('/').at(-1)}`}`;

const jobOf = ({ deployment }: StepContext, name: string): ServiceRef => ({
  ...placeOf(deployment).ref,
  name,
});

/**
 * For the way back: test jobs that still run are cancelled. Best effort, because they change nothing of the service and
 * their own time ends.
 */
export async function endTestJobs(context: StepContext): Promise<void> {
  const { deps, deployment, signal } = context;
  const phases = deployment.steps
    .filter(({ step, status }) => step === 'validate' && status !== 'succeeded')
    .map(({ phase }) => phase);
  for (const { title, checks } of deployment.config.suites) {
    for (const wanted of checks.filter((check) => check.kind === 'job')) {
      for (const phase of phases) {
        try {
          const key = keyOf(deployment.id, phase, title, wanted.name);
          const execution = await deps.jobs.find(jobOf(context, wanted.job), key);
          if (execution !== undefined) await deps.jobs.cancel(execution);
        } catch (error) {
          if (signal.aborted || !(error instanceof Fault)) throw error;
          deps.log('WARNING', `job ${wanted.job} may still run: ${error.message}`);
        }
      }
    }
  }
}
