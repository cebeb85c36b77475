import { checkSupported, type WorkflowBody } from './bodies.ts';
import { workflowName, type RouteContext } from './place.ts';
import type { StoredWorkflow } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { WorkflowSourceError } from '#local/workflows/program.ts';

/** What a client may change. */
export const changeable = [
  'description',
  'labels',
  'serviceAccount',
  'sourceContents',
  'userEnvVars',
  'callLogLevel',
  'executionHistoryLevel',
] as const;
export type Changeable = (typeof changeable)[number];

/** A change of any of these makes a new revision. Google names source and account; the variables belong to a revision too. */
const ofRevision: readonly Changeable[] = ['serviceAccount', 'sourceContents', 'userEnvVars'];

/** @throws GoogleError for a bad or taken id, a source that does not build, or what is not supported */
export function createWorkflow(context: RouteContext, id: string, body: WorkflowBody): StoredWorkflow {
  checkWorkflowId(id);
  if (context.workflows.get(id)) {
    throw new GoogleError('ALREADY_EXISTS', `Workflow ${workflowName(context, id)} already exists`);
  }
  const time = new Date(context.clock.now()).toISOString();
  const empty: StoredWorkflow = {
    id,
    description: '',
    labels: {},
    serviceAccount: '',
    sourceContents: '',
    userEnvVars: {},
    revisionId: '0',
    createTime: time,
    updateTime: time,
    revisionCreateTime: time,
  };
  return changeWorkflow(context, empty, body, changeable);
}

/** @throws GoogleError for a source that does not build, or what is not supported */
export function changeWorkflow(
  context: RouteContext,
  before: StoredWorkflow,
  body: WorkflowBody,
  mask: readonly Changeable[],
): StoredWorkflow {
  checkSupported(body);
  const workflow: StoredWorkflow = { ...before, updateTime: new Date(context.clock.now()).toISOString() };
  for (const field of mask) set(workflow, field, body, context.serviceAccount);
  if (mask.some((field) => ofRevision.includes(field))) {
    const number = String(Number.parseInt(before.revisionId, 10) + 1).padStart(6, '0');
    workflow.revisionId = `${number}-${context.newId().replaceAll('-', '').slice(-3)}`;
    workflow.revisionCreateTime = workflow.updateTime;
  }
  context.workflows.put(workflow.id, workflow);
  context.revisions.put(`${workflow.id}@${workflow.revisionId}`, workflow);
  return workflow;
}

/** With its executions, of which those that run are cancelled. */
export function deleteWorkflow(context: RouteContext, { id }: StoredWorkflow): void {
  const { executions, executor, revisions } = context;
  for (const execution of executions.list()) {
    if (execution.workflow !== id) continue;
    executor.cancel(execution);
    executor.deleteHistory(execution.id);
    executions.delete(execution.id);
  }
  for (const { revisionId } of revisionsOf(context, id)) revisions.delete(`${id}@${revisionId}`);
  context.workflows.delete(id);
}

/** Newest first. */
export function revisionsOf(context: RouteContext, id: string): StoredWorkflow[] {
  return context.revisions
    .list()
    .filter((revision) => revision.id === id)
    .reverse();
}

function set(workflow: StoredWorkflow, field: Changeable, body: WorkflowBody, account: string): void {
  switch (field) {
    case 'description':
      workflow.description = body.description ?? '';
      return;
    case 'labels':
      workflow.labels = body.labels ?? {};
      return;
    case 'serviceAccount':
      workflow.serviceAccount = accountOf(body.serviceAccount, account);
      return;
    case 'sourceContents':
      workflow.sourceContents = checkedSource(body.sourceContents);
      return;
    case 'userEnvVars':
      workflow.userEnvVars = body.userEnvVars ?? {};
      return;
    case 'callLogLevel':
      workflow.callLogLevel = body.callLogLevel ?? 'CALL_LOG_LEVEL_UNSPECIFIED';
      return;
    case 'executionHistoryLevel':
      workflow.executionHistoryLevel = body.executionHistoryLevel ?? 'EXECUTION_HISTORY_LEVEL_UNSPECIFIED';
  }
}

function checkWorkflowId(id: string): void {
  if (/^[a-z][a-z0-9_-]{0,63}$/.test(id) && !/[_-]$/.test(id)) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `workflow id "${id}" is not valid: letters in lower case, digits, _ and -, a letter first, a letter or digit last`,
  );
}

function checkedSource(source: string | undefined): string {
  if (source === undefined || source === '') {
    throw new GoogleError('INVALID_ARGUMENT', 'sourceContents is required');
  }
  try {
    parseWorkflow(source);
    return source;
  } catch (error) {
    if (error instanceof WorkflowSourceError) throw new GoogleError('INVALID_ARGUMENT', error.message);
    throw error;
  }
}

/** An e-mail, or `projects/P/serviceAccounts/E-MAIL`. */
function accountOf(given: string | undefined, otherwise: string): string {
  const account = given?.replace(/^projects\/[^/]+\/serviceAccounts\//, '');
  return account === undefined || account === '' ? otherwise : account;
}
