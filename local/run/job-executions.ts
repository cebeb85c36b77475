import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GoogleError } from '#local/google-error.ts';
import type { Collection, Store } from '#local/store.ts';
import type { Execution, RunJobRequest } from './job-messages.ts';
import { planExecution, type StoredExecution, type StoredJob } from './job-plan.ts';
import { runTasks, type TaskOptions } from './job-tasks.ts';
import { createLog, type Log, type LogLine } from './logs.ts';
import type { Condition } from './messages.ts';
import { shortName, type Place } from './names.ts';
import { rpcCode, type OperationRecord, type Operations } from './operations.ts';
import { checkEtag } from './preconditions.ts';
import { failedCondition, failureOf, type Failure } from './revision-status.ts';

export interface JobOptions extends TaskOptions {
  store: Store;
  operations: Operations;
  /** `JOB/EXECUTION/{image,log}` are kept here; the image only while it runs. */
  directory: string;
  place: Place;
  uuid: () => string;
  random: () => number;
  onError: (error: unknown) => void;
}

export interface Removal {
  etag: string | undefined;
  validateOnly: boolean;
}

/** A job's executions; whatever changes one answers with an operation. */
export interface Executions {
  start(job: StoredJob, request: RunJobRequest, principal: string): OperationRecord;
  /** @throws GoogleError NOT_FOUND */
  get(name: string): Execution;
  /** In order of creation; of all jobs when the job's id is `-`. */
  of(jobName: string): StoredExecution[];
  cancel(name: string, removal: Removal): OperationRecord;
  remove(name: string, removal: Removal): OperationRecord;
  /** Ends and forgets all executions of a job. */
  discardAll(jobName: string): Promise<void>;
  /** What an execution's tasks wrote since this start, by its short name. */
  logs(execution: string): LogLine[];
  /** Ends all tasks; their executions are told as failed at the next start. */
  stop(): Promise<void>;
}

/** Executions that were running when the local cloud went down have failed. */
export function createExecutions(options: JobOptions): Executions {
  const { operations, clock } = options;
  const records: Collection<StoredExecution> = options.store.collection('run-executions');
  const logs = new Map<string, Log>();
  const running = new Map<string, { cancel: AbortController; ended: Promise<void> }>();
  const ending = new Set<Promise<void>>();
  let stopped = false;
  const now = (): string => new Date(clock.now()).toISOString();

  for (const execution of records.list().filter(({ completionTime }) => completionTime === undefined)) {
    const { taskCount = 1, succeededCount = 0, cancelledCount = 0 } = execution;
    const counts = { runningCount: 0, failedCount: taskCount - succeededCount - cancelledCount };
    const message = 'The local cloud was stopped before the execution had ended.';
    const failure: Failure = { condition: 'Ready', reason: 'INTERNAL', message };
    records.put(execution.name, completed({ ...execution, ...counts }, now(), failure));
  }

  function get(name: string): StoredExecution {
    const record = records.get(name);
    if (record) return record;
    throw new GoogleError('NOT_FOUND', `Resource '${shortName(name)}' of kind 'EXECUTION' was not found.`);
  }

  const directoryOf = ({ name, job }: StoredExecution): string =>
    join(options.directory, job, shortName(name));

  async function perform(execution: StoredExecution, signal: AbortSignal): Promise<void> {
    const { name } = execution;
    const directory = directoryOf(execution);
    mkdirSync(directory, { recursive: true });
    const log = createLog(join(directory, 'log'), () => clock.now());
    logs.set(shortName(name), log);
    const image = join(directory, 'image');
    let current = execution;
    let reason: Condition['executionReason'];
    let failure = await failureOf(options.onError, async () => {
      const failed = await runTasks({
        ...options,
        execution,
        directory: image,
        log,
        signal,
        onProgress(counts) {
          current = { ...current, startTime: current.startTime ?? now(), ...counts, updateTime: now() };
          if (!stopped && records.get(name)) records.put(name, current);
        },
      });
      if (failed?.byExit) reason = 'NON_ZERO_EXIT_CODE';
      return failed && { condition: 'Ready', message: failed.message };
    });
    if (!failure && signal.aborted && current.succeededCount !== current.taskCount) {
      // The words are unverified.
      failure = { condition: 'Ready', message: 'The execution was cancelled.' };
      reason = 'CANCELLED';
    }
    await rm(image, { recursive: true, force: true });
    if (stopped || !records.get(name)) return;
    const ended = completed(current, now(), failure, reason);
    records.put(name, ended);
    // A cancelled execution ends its operation without an error (apache/airflow#62278). The code of a failed one is unverified.
    const error =
      failure && reason !== 'CANCELLED'
        ? { code: rpcCode.FAILED_PRECONDITION, message: failure.message }
        : undefined;
    operations.finishAll(name, { type: 'Execution', message: ended }, error);
  }

  /** Its tasks end, then its files go. */
  async function discard(execution: StoredExecution): Promise<void> {
    const { name } = execution;
    records.delete(name);
    const message = `Execution '${shortName(name)}' was deleted.`;
    operations.finishAll(name, undefined, { code: rpcCode.NOT_FOUND, message });
    const task = running.get(name);
    task?.cancel.abort();
    await task?.ended;
    logs.delete(shortName(name));
    await rm(directoryOf(execution), { recursive: true, force: true });
  }

  const of = (jobName: string): StoredExecution[] => {
    const prefix = shortName(jobName) === '-' ? jobName.slice(0, -1) : `${jobName}/`;
    return records.list().filter(({ name }) => name.startsWith(prefix));
  };

  return {
    get,
    of,
    start(job, { overrides = {}, validateOnly }, principal) {
      const suffix = Math.floor(options.random() * 36 ** 5)
        .toString(36)
        .padStart(5, '0');
      const name = `${job.name}/executions/${shortName(job.name)}-${suffix}`;
      const { uuid, place } = options;
      const execution = planExecution({ name, principal, now: now(), uuid, place }, job, overrides);
      const operation = operations.begin(name, { type: 'Execution', message: execution }, validateOnly);
      if (validateOnly) return operation;
      records.put(name, execution);
      const cancel = new AbortController();
      const ended = perform(execution, cancel.signal)
        .catch(options.onError)
        .finally(() => running.delete(name));
      running.set(name, { cancel, ended });
      return operation;
    },
    cancel(name, { etag, validateOnly }) {
      const execution = get(name);
      checkEtag(name, etag, execution.etag);
      if (execution.completionTime !== undefined) {
        // That this is refused, and with this status, is unverified.
        const message = `Execution '${shortName(name)}' has completed already.`;
        throw new GoogleError('FAILED_PRECONDITION', message);
      }
      const operation = operations.begin(name, { type: 'Execution', message: execution }, validateOnly);
      if (!validateOnly) running.get(name)?.cancel.abort();
      return operation;
    },
    remove(name, { etag, validateOnly }) {
      const execution = get(name);
      checkEtag(name, etag, execution.etag);
      const message = { ...execution, deleteTime: now() };
      // Owned by nobody, so that the end of the execution is not its end.
      const operation = operations.begin('', { type: 'Execution', message }, validateOnly);
      if (validateOnly) return operation;
      const gone = discard(execution)
        .then(() => (stopped ? undefined : operations.finish(operation.name)))
        .catch(options.onError)
        .finally(() => ending.delete(gone));
      ending.add(gone);
      return operation;
    },
    discardAll: async (jobName) => void (await Promise.all(of(jobName).map(discard))),
    logs: (execution) => logs.get(execution)?.lines() ?? [],
    async stop() {
      stopped = true;
      for (const { cancel } of running.values()) cancel.abort();
      await Promise.all([...ending, ...[...running.values()].map(({ ended }) => ended)]);
    },
  };
}

function completed(
  execution: StoredExecution,
  now: string,
  failure: Failure | undefined,
  executionReason?: Condition['executionReason'],
): StoredExecution {
  const type = 'Completed';
  const condition: Condition = failure
    ? { ...failedCondition(type, failure, now), ...(executionReason ? { executionReason } : {}) }
    : { type, state: 'CONDITION_SUCCEEDED', lastTransitionTime: now };
  const cause =
    failure && failure.condition !== 'Ready' ? [failedCondition(failure.condition, failure, now)] : [];
  const conditions = [condition, ...cause];
  return { ...execution, conditions, reconciling: false, completionTime: now, updateTime: now };
}
