import { messageOf } from '#shared/errors.ts';
import { createCallbacks, type Callbacks } from './callbacks.ts';
import { engineHost, type EngineOptions, type ExecutionPlace } from './engine-host.ts';
import { createHistory, type History, type StepEntry } from './history.ts';
import { historyLevel, isActive, type StoredExecution, type StoredWorkflow } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import type { Collection } from '#local/store.ts';
import { parseJson } from '#local/workflows/json.ts';
import { runWorkflow, type OutcomeError } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import type { Program } from '#local/workflows/program.ts';

export interface ExecutorOptions extends EngineOptions {
  /** More wait as QUEUED. 10,000 unless told otherwise: https://cloud.google.com/workflows/quotas */
  maxConcurrent?: number;
  /** Told of each new callback endpoint. */
  onCallback?: (callback: ExecutionPlace & { method: string; url: string }) => void;
  /** Told of a defect of the runtime itself, which ends its execution as FAILED. */
  onError?: (error: unknown) => void;
}

/** Runs executions and keeps their records. What runs is in memory: it does not survive a restart. */
export interface Executor {
  /**
   * @returns when it has ended, however it did; the record says how
   * @throws GoogleError RESOURCE_EXHAUSTED when it would have to wait for others and does not want to
   */
  start(execution: StoredExecution, workflow: StoredWorkflow): { ended: Promise<void> };
  /** Ends it at once; false when it is neither running nor waiting. */
  cancel(execution: StoredExecution): boolean;
  /** Undefined when the execution is not running. */
  callbacksOf(executionId: string): Callbacks | undefined;
  /** The steps so far. None of an execution that ran when the service was killed. */
  historyOf(executionId: string): readonly StepEntry[];
  deleteHistory(executionId: string): void;
  /** The record with what only the running knows: current step and billed steps so far. */
  current(execution: StoredExecution): StoredExecution;
  stop(): Promise<void>;
}

interface Running {
  record: StoredExecution;
  controller: AbortController;
  callbacks: Callbacks;
  history: History;
  settled: Promise<void>;
}

interface Waiting {
  record: StoredExecution;
  start(): void;
  cancel(): void;
}

interface KeptHistory {
  entries: readonly StepEntry[];
}

export function createExecutor(
  options: ExecutorOptions,
  records: Collection<StoredExecution>,
  histories: Collection<KeptHistory>,
): Executor {
  const { clock, maxConcurrent = 10_000 } = options;
  const running = new Map<string, Running>();
  const queue = new Map<string, Waiting>();
  const programs = new Map<string, Program>();
  let stopped = false;
  const now = (): string => new Date(clock.now()).toISOString();

  for (const record of records.list()) {
    if (!isActive(record)) continue;
    const error = plainError('the local stack was restarted: what this execution was doing is lost');
    records.put(record.id, { ...record, state: 'FAILED', endTime: now(), error });
  }

  async function run(entry: Running, workflow: StoredWorkflow): Promise<void> {
    const { record, controller } = entry;
    const finish = (end: Pick<StoredExecution, 'state'> & Partial<StoredExecution>): void => {
      // A cancellation may come while the last step ends; what it wrote stays.
      if (!isActive(record)) return;
      Object.assign(record, end, { endTime: now() });
      records.put(record.id, record);
    };
    try {
      const argument = record.argument === undefined ? null : parseJson(record.argument);
      const host = engineHost(options, record, workflow, entry);
      finish(await runWorkflow(programOf(workflow), argument, host, record.billedSteps, controller.signal));
    } catch (error) {
      // Cancelled (its record is written already) or the service stops (then the next start says what became of it).
      if (controller.signal.aborted) return;
      options.onError?.(error);
      finish({ state: 'FAILED', error: plainError(`defect of the local runtime: ${messageOf(error)}`) });
    } finally {
      entry.history.cancel();
      // Its workflow may have been deleted meanwhile, and its record with it.
      if (records.get(record.id)) histories.put(record.id, { entries: entry.history.entries });
      running.delete(record.id);
      startWaiting();
    }
  }

  function startWaiting(): void {
    const [first] = queue.values();
    if (!first || stopped || running.size >= maxConcurrent) return;
    queue.delete(first.record.id);
    first.start();
  }

  /** Parsed once per revision. */
  function programOf(workflow: StoredWorkflow): Program {
    const key = `${workflow.id}@${workflow.revisionId}`;
    const program = programs.get(key) ?? parseWorkflow(workflow.sourceContents);
    programs.set(key, program);
    return program;
  }

  function launch(record: StoredExecution, workflow: StoredWorkflow): Promise<void> {
    Object.assign(record, { state: 'ACTIVE', startTime: now() });
    records.put(record.id, record);
    const place = { workflow: workflow.id, execution: record.id };
    const name = `projects/${options.projectNumber}/locations/${options.location}/workflows/${workflow.id}/executions/${record.id}`;
    const callbacks = createCallbacks({
      clock,
      newId: options.newId,
      urlOf: (id) => `${options.origin()}/v1/${name}/callbacks/${id}`,
      onCreate: ({ method, url }) => options.onCallback?.({ ...place, method, url }),
    });
    const entry: Running = {
      record,
      controller: new AbortController(),
      callbacks,
      history: createHistory(clock, historyLevel(record, workflow) === 'EXECUTION_HISTORY_DETAILED'),
      settled: Promise.resolve(),
    };
    running.set(record.id, entry);
    // The caller hears of the execution before its first step runs.
    entry.settled = Promise.resolve().then(() => run(entry, workflow));
    return entry.settled;
  }

  return {
    start(record, workflow) {
      if (running.size < maxConcurrent) return { ended: launch(record, workflow) };
      if (record.disableConcurrencyQuotaOverflowBuffering) {
        throw new GoogleError('RESOURCE_EXHAUSTED', `${maxConcurrent} executions are running already`);
      }
      record.state = 'QUEUED';
      records.put(record.id, record);
      const { promise, resolve } = Promise.withResolvers<void>();
      queue.set(record.id, {
        record,
        start: () => resolve(launch(record, workflow)),
        cancel: resolve,
      });
      return { ended: promise };
    },
    cancel({ id }) {
      const waiting = queue.get(id);
      const found = running.get(id) ?? waiting;
      if (!found || !isActive(found.record)) return false;
      Object.assign(found.record, { state: 'CANCELLED', endTime: now() });
      records.put(id, found.record);
      queue.delete(id);
      waiting?.cancel();
      running.get(id)?.controller.abort(new Error('the execution was cancelled'));
      return true;
    },
    callbacksOf(id) {
      const found = running.get(id);
      return found && isActive(found.record) ? found.callbacks : undefined;
    },
    historyOf: (id) => running.get(id)?.history.entries ?? histories.get(id)?.entries ?? [],
    deleteHistory: (id) => histories.delete(id),
    current: (execution) => (running.get(execution.id) ?? queue.get(execution.id))?.record ?? execution,
    async stop() {
      stopped = true;
      const all = [...running.values()];
      for (const { controller } of all) controller.abort(new Error('the local Workflows stopped'));
      await Promise.all(all.map(({ settled }) => settled));
    },
  };
}

function plainError(message: string): OutcomeError {
  return { payload: JSON.stringify(message), context: message, stackTrace: { elements: [] } };
}
