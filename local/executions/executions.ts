import { randomUUID } from 'node:crypto';
import { callbackRoutes } from './callback-routes.ts';
import { ExecutionBody, WorkflowBody } from './bodies.ts';
import { createExecution } from './create-execution.ts';
import { executionRoutes } from './execution-routes.ts';
import { createExecutor, type ExecutorOptions } from './executor.ts';
import { historyRoutes } from './history-routes.ts';
import type { RouteContext } from './place.ts';
import type { StoredExecution, StoredWorkflow } from './resources.ts';
import { triggerRoutes } from './trigger-routes.ts';
import { workflowRoutes } from './workflow-routes.ts';
import { createWorkflow } from './workflow-store.ts';
import { parsedValue, type LocalService } from '#local/http.ts';
import type { Store } from '#local/store.ts';

export interface WorkflowsOptions extends Omit<ExecutorOptions, 'newId'> {
  store: Store;
  /** The account of a workflow that names none. */
  serviceAccount: string;
  /** Ids of executions and callbacks and what `uuid.generate` answers; random UUIDs unless told otherwise. */
  newId?: () => string;
}

export interface Workflows extends LocalService {
  /** Deploys a new workflow and executes it. @throws GoogleError as the routes do */
  deployAndExecute(id: string, workflow: WorkflowBody, execution: ExecutionBody): StartedExecution;
  stop(): Promise<void>;
}

interface StartedExecution {
  cancel: () => void;
  /** Its record when it has ended. */
  ended: Promise<StoredExecution>;
}

/**
 * Cloud Workflows v1 and Workflow Executions v1, callbacks and history included. Executions really run; those that were
 * running when the service stopped are FAILED when it starts again over the same store.
 */
export function createWorkflows(options: WorkflowsOptions): Workflows {
  const { store, newId = randomUUID } = options;
  const executions = store.collection<StoredExecution>('workflow-executions');
  const context: RouteContext = {
    ...options,
    newId,
    workflows: store.collection<StoredWorkflow>('workflows'),
    revisions: store.collection('workflow-revisions'),
    executions,
    executor: createExecutor({ ...options, newId }, executions, store.collection('workflow-histories')),
  };
  return {
    routes: [
      ...triggerRoutes(context),
      ...workflowRoutes(context),
      ...executionRoutes(context),
      ...historyRoutes(context),
      ...callbackRoutes(context),
    ],
    deployAndExecute(id, workflow, body) {
      const argument = parsedValue(ExecutionBody, body);
      const deployed = createWorkflow(context, id, parsedValue(WorkflowBody, workflow));
      const { execution, ended } = createExecution(context, deployed, argument);
      return { cancel: () => void context.executor.cancel(execution), ended: ended.then(() => execution) };
    },
    stop: () => context.executor.stop(),
  };
}
