import { randomUUID } from 'node:crypto';
import { createExecutor, type ExecutorOptions } from './executor.ts';
import { callbackRoutes } from './callback-routes.ts';
import { executionRoutes } from './execution-routes.ts';
import type { StoredExecution, StoredWorkflow } from './resources.ts';
import { workflowRoutes } from './workflow-routes.ts';
import type { LocalService } from '#local/http.ts';
import type { Store } from '#local/store.ts';

export interface WorkflowsOptions extends Omit<ExecutorOptions, 'newId'> {
  store: Store;
  /** The account of a workflow that names none. */
  serviceAccount: string;
  /** Ids of executions and callbacks and what `uuid.generate` answers; random UUIDs unless told otherwise. */
  newId?: () => string;
}

/**
 * Cloud Workflows v1 and Workflow Executions v1, callbacks included. Executions really run; those that were running
 * when the service stopped are FAILED when it starts again over the same store.
 */
export function createWorkflows(options: WorkflowsOptions): LocalService & { stop(): Promise<void> } {
  const workflows = options.store.collection<StoredWorkflow>('workflows');
  const executions = options.store.collection<StoredExecution>('workflow-executions');
  const newId = options.newId ?? randomUUID;
  const executor = createExecutor({ ...options, newId }, executions);
  const context = { ...options, newId, workflows, executions, executor };
  return {
    routes: [...workflowRoutes(context), ...executionRoutes(context), ...callbackRoutes(context)],
    stop: () => executor.stop(),
  };
}
