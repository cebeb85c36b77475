import type { Clock } from '#shared/clock.ts';
import type { Executor } from './executor.ts';
import type { StoredExecution, StoredWorkflow } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import type { Collection } from '#local/store.ts';

/** What all routes of the service share. */
export interface RouteContext {
  clock: Clock;
  project: string;
  projectNumber: string;
  location: string;
  serviceAccount: string;
  newId: () => string;
  workflows: Collection<StoredWorkflow>;
  /** Every revision of every workflow, by `WORKFLOW@REVISION`, oldest first. */
  revisions: Collection<StoredWorkflow>;
  executions: Collection<StoredExecution>;
  executor: Executor;
}

type Params = Readonly<Record<string, string>>;

/** Google's notation of the paths below one location. */
export const locationPath = '/v1/projects/{project}/locations/{location}';

/**
 * `projects/P/locations/L` of a request, which may name the project by id or number.
 * @throws GoogleError PERMISSION_DENIED or NOT_FOUND when it is another project or location
 */
export function checkPlace(context: RouteContext, params: Params): void {
  const { project, projectNumber, location } = context;
  if (params.project !== project && params.project !== projectNumber) {
    throw new GoogleError(
      'PERMISSION_DENIED',
      `Permission denied on project "${params.project}": this local cloud has "${project}"`,
    );
  }
  if (params.location !== location) {
    throw new GoogleError('NOT_FOUND', `Location "${params.location}" is not served: expected "${location}"`);
  }
}

export function workflowName(context: RouteContext, id: string): string {
  return `projects/${context.project}/locations/${context.location}/workflows/${id}`;
}

/** With the project's number, as the Executions API answers. */
export function executionName(context: RouteContext, execution: StoredExecution): string {
  const { projectNumber, location } = context;
  return `projects/${projectNumber}/locations/${location}/workflows/${execution.workflow}/executions/${execution.id}`;
}

/** @throws GoogleError NOT_FOUND */
export function workflowOf(context: RouteContext, params: Params): StoredWorkflow {
  checkPlace(context, params);
  const id = params.workflow ?? '';
  const workflow = context.workflows.get(id);
  if (workflow) return workflow;
  throw new GoogleError('NOT_FOUND', `Workflow ${workflowName(context, id)} was not found`);
}

/** @throws GoogleError NOT_FOUND */
export function executionOf(context: RouteContext, params: Params): StoredExecution {
  const workflow = workflowOf(context, params);
  const execution = context.executions.get(params.execution ?? '');
  if (execution?.workflow === workflow.id) return context.executor.current(execution);
  const name = `${workflowName(context, workflow.id)}/executions/${params.execution}`;
  throw new GoogleError('NOT_FOUND', `Execution ${name} was not found`);
}
