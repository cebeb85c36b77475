import type { Clock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import { createCallbacks, type Callbacks } from './callbacks.ts';
import { isActive, type StoredExecution, type StoredWorkflow } from './resources.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Collection } from '#local/store.ts';
import type { StepEvent, WorkflowHost } from '#local/workflows/host.ts';
import { formatJson, parseJson } from '#local/workflows/json.ts';
import { runWorkflow, type OutcomeError } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import type { Program } from '#local/workflows/program.ts';

export interface ExecutorOptions {
  clock: Clock;
  identity: Identity;
  project: string;
  projectNumber: string;
  location: string;
  /** Where this service is reached, for callback URLs. */
  origin: () => string;
  /** Where a connector's service is reached, by its name (`pubsub`). The same origin unless told otherwise. */
  connectorOrigin?: (service: string) => string;
  fetch?: typeof fetch;
  newId: () => string;
  /** Before each step; must be cheap. */
  onStep?: (event: StepEvent & { workflow: string; execution: string }) => void;
  /** What `sys.log` writes; `data` is JSON text. */
  onLog?: (entry: { workflow: string; execution: string; severity: string; data: string }) => void;
  /** Told of a defect of the runtime itself, which ends its execution as FAILED. */
  onError?: (error: unknown) => void;
}

/** Runs executions and keeps their records. What runs is in memory: it does not survive a restart. */
export interface Executor {
  start(execution: StoredExecution, workflow: StoredWorkflow): void;
  /** Ends it at once; false when it is not running. */
  cancel(execution: StoredExecution): boolean;
  /** Undefined when the execution is not running. */
  callbacksOf(executionId: string): Callbacks | undefined;
  /** The record with what only the running knows: current step and billed steps so far. */
  current(execution: StoredExecution): StoredExecution;
  stop(): Promise<void>;
}

interface Running {
  record: StoredExecution;
  controller: AbortController;
  callbacks: Callbacks;
  settled: Promise<void>;
}

export function createExecutor(options: ExecutorOptions, records: Collection<StoredExecution>): Executor {
  const { clock } = options;
  const running = new Map<string, Running>();
  const programs = new Map<string, Program>();
  const now = (): string => new Date(clock.now()).toISOString();

  for (const record of records.list()) {
    if (!isActive(record)) continue;
    const error = plainError('the local stack was restarted: what this execution was doing is lost');
    records.put(record.id, { ...record, state: 'FAILED', endTime: now(), error });
  }

  function hostOf(record: StoredExecution, workflow: StoredWorkflow, callbacks: Callbacks): WorkflowHost {
    const place = { workflow: record.workflow, execution: record.id };
    const { identity, newId, connectorOrigin = options.origin } = options;
    return {
      clock,
      fetch: options.fetch ?? fetch,
      newId,
      env: environmentOf(options, record, workflow),
      log: ({ severity, data }) => options.onLog?.({ ...place, severity, data: formatJson(data) }),
      accessToken: () => identity.accessToken(workflow.serviceAccount),
      idToken: (audience) => identity.idToken(workflow.serviceAccount, audience),
      connectorOrigin,
      callbacks: callbacks.port,
      onStep: (event) => {
        record.currentStep = { routine: event.routine, step: event.step };
        options.onStep?.({ ...place, ...event });
      },
    };
  }

  async function run(
    record: StoredExecution,
    workflow: StoredWorkflow,
    callbacks: Callbacks,
    signal: AbortSignal,
  ): Promise<void> {
    const finish = (end: Pick<StoredExecution, 'state'> & Partial<StoredExecution>): void => {
      // A cancellation may come while the last step ends; what it wrote stays.
      if (!isActive(record)) return;
      Object.assign(record, end, { endTime: now() });
      records.put(record.id, record);
    };
    try {
      const argument = record.argument === undefined ? null : parseJson(record.argument);
      const program = programOf(workflow);
      finish(
        await runWorkflow(program, argument, hostOf(record, workflow, callbacks), record.billedSteps, signal),
      );
    } catch (error) {
      // Cancelled (its record is written already) or the service stops (then the next start says what became of it).
      if (signal.aborted) return;
      options.onError?.(error);
      finish({ state: 'FAILED', error: plainError(`defect of the local runtime: ${messageOf(error)}`) });
    } finally {
      running.delete(record.id);
    }
  }

  /** Parsed once per revision. */
  function programOf(workflow: StoredWorkflow): Program {
    const key = `${workflow.id}@${workflow.revisionId}`;
    const program = programs.get(key) ?? parseWorkflow(workflow.sourceContents);
    programs.set(key, program);
    return program;
  }

  return {
    start(execution, workflow) {
      records.put(execution.id, execution);
      const { origin, projectNumber, location, newId } = options;
      const name = `projects/${projectNumber}/locations/${location}/workflows/${workflow.id}/executions/${execution.id}`;
      const callbacks = createCallbacks({
        clock,
        newId,
        urlOf: (id) => `${origin()}/v1/${name}/callbacks/${id}`,
      });
      const controller = new AbortController();
      const entry: Running = { record: execution, controller, callbacks, settled: Promise.resolve() };
      running.set(execution.id, entry);
      // The caller hears of the execution before its first step runs.
      entry.settled = Promise.resolve().then(() => run(execution, workflow, callbacks, controller.signal));
    },
    cancel({ id }) {
      const found = running.get(id);
      if (!found) return false;
      Object.assign(found.record, { state: 'CANCELLED', endTime: now() });
      records.put(id, found.record);
      running.delete(id);
      found.controller.abort(new Error('the execution was cancelled'));
      return true;
    },
    callbacksOf: (id) => running.get(id)?.callbacks,
    current: (execution) => running.get(execution.id)?.record ?? execution,
    async stop() {
      const all = [...running.values()];
      for (const { controller } of all) controller.abort(new Error('the local Workflows stopped'));
      await Promise.all(all.map(({ settled }) => settled));
    },
  };
}

/** https://docs.cloud.google.com/workflows/docs/reference/environment-variables */
function environmentOf(
  options: ExecutorOptions,
  record: StoredExecution,
  workflow: StoredWorkflow,
): Record<string, string> {
  return {
    ...workflow.userEnvVars,
    GOOGLE_CLOUD_PROJECT_ID: options.project,
    GOOGLE_CLOUD_PROJECT_NUMBER: options.projectNumber,
    GOOGLE_CLOUD_LOCATION: options.location,
    GOOGLE_CLOUD_WORKFLOW_ID: workflow.id,
    GOOGLE_CLOUD_WORKFLOW_REVISION_ID: workflow.revisionId,
    GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID: record.id,
    GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME: workflow.serviceAccount,
  };
}

function plainError(message: string): OutcomeError {
  return { payload: JSON.stringify(message), context: message, stackTrace: { elements: [] } };
}
