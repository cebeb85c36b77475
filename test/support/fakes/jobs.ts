import type { Clock } from '#shared/clock.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { ExecutionState, Jobs } from '#shared/ports/cloud-run.ts';

interface FakeExecution {
  name: string;
  key: string;
  image?: string;
  args?: string[];
  env?: Record<string, string>;
  startedMs: number;
  cancelledMs?: number;
}

export interface FakeJobs extends Jobs {
  executions: FakeExecution[];
  /** How the one job that there is, `migrate`, goes. */
  job: { seconds: number; fails: boolean; reason?: string; serviceAccount?: string; containers?: number };
}

/** How long an execution that is cancelled goes on. */
const stopMs = 2000;

/** Cloud Run jobs on the virtual clock: an execution per key, which ends by itself or is cancelled. */
export function createFakeJobs(clock: Clock): FakeJobs {
  const jobs: FakeJobs = {
    executions: [],
    job: { seconds: 3, fails: false },
    async run(ref, { key, image, args, env }) {
      const known = await jobs.find(ref, key);
      if (known !== undefined) return known;
      const parent = `projects/${ref.project}/locations/${ref.region}/jobs/${ref.name}`;
      const name = `${parent}/executions/${ref.name}-${jobs.executions.length + 1}`;
      jobs.executions.push({
        name,
        key,
        startedMs: clock.now(),
        ...(image === undefined ? {} : { image }),
        ...(args === undefined ? {} : { args }),
        ...(env === undefined ? {} : { env }),
      });
      return name;
    },
    async get(ref) {
      const { serviceAccount, containers = 1 } = jobs.job;
      return ref.name === 'migrate' ? { serviceAccount, containers } : undefined;
    },
    async find(ref, key) {
      if (ref.name !== 'migrate') throw new Fault('not-found', `there is no job ${ref.name}`);
      return jobs.executions.find((known) => known.key === key)?.name;
    },
    async execution(name) {
      return stateOf(named(name));
    },
    async cancel(name) {
      const execution = named(name);
      if (stateOf(execution).status === 'running') execution.cancelledMs ??= clock.now();
    },
  };

  function named(name: string): FakeExecution {
    const execution = jobs.executions.find((known) => known.name === name);
    if (!execution) throw new Fault('not-found', `there is no execution ${name}`);
    return execution;
  }

  function stateOf({ startedMs, cancelledMs }: FakeExecution): ExecutionState {
    const { seconds, fails, reason = 'NON_ZERO_EXIT_CODE' } = jobs.job;
    const logUri = 'https://console.cloud.google.com/logs/viewer?project=slipway-local';
    if (cancelledMs !== undefined && clock.now() >= cancelledMs + stopMs)
      return { status: 'failed', reason: 'CANCELLED', message: 'cancelled by a caller', logUri };
    if (cancelledMs !== undefined || clock.now() < startedMs + seconds * 1000) return { status: 'running' };
    const endedAt = new Date(startedMs + seconds * 1000).toISOString();
    if (fails) return { status: 'failed', reason, message: 'exit code 1', endedAt, logUri };
    return { status: 'succeeded', seconds, endedAt, logUri };
  }
  return jobs;
}
