import { messageOf } from '#shared/errors.ts';
import type { ExecutionBody } from './bodies.ts';
import type { RouteContext } from './place.ts';
import type { StoredExecution, StoredWorkflow } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';

/**
 * Starts an execution of the newest revision.
 * @throws GoogleError for an argument that is not JSON, or no room for it
 */
export function createExecution(
  context: RouteContext,
  workflow: StoredWorkflow,
  body: ExecutionBody,
): { execution: StoredExecution; ended: Promise<void> } {
  const { executionHistoryLevel } = body;
  const argument = body.argument === '' ? undefined : body.argument;
  if (argument !== undefined) checkJson(argument);
  const execution: StoredExecution = {
    id: context.newId(),
    workflow: workflow.id,
    state: 'ACTIVE',
    createTime: new Date(context.clock.now()).toISOString(),
    ...(argument === undefined ? {} : { argument }),
    labels: { ...workflow.labels, ...body.labels },
    ...(body.callLogLevel === undefined ? {} : { callLogLevel: body.callLogLevel }),
    ...(executionHistoryLevel === undefined ? {} : { executionHistoryLevel }),
    ...(body.disableConcurrencyQuotaOverflowBuffering
      ? { disableConcurrencyQuotaOverflowBuffering: true }
      : {}),
    workflowRevisionId: workflow.revisionId,
    billedSteps: { internal: 0, external: 0 },
  };
  return { execution, ...context.executor.start(execution, workflow) };
}

function checkJson(argument: string): void {
  try {
    JSON.parse(argument);
  } catch (error) {
    throw new GoogleError('INVALID_ARGUMENT', `argument is not a JSON text: ${messageOf(error)}`);
  }
}
