import type { Clock } from '#shared/clock.ts';
import type { StoredExecution, StoredWorkflow } from './resources.ts';
import type { StepEvent } from '#local/workflows/host.ts';
import { textOfError } from './history.ts';

const states = { 'in-progress': 'BEGUN', succeeded: 'SUCCEEDED', failed: 'EXCEPTION_RAISED' } as const;

/**
 * Logs the calls of an execution as its level, or else that of its workflow, wants it; undefined when it wants none.
 * The entries have time, step, state and error; what was called, with which arguments and answer, is not in them.
 * @see https://github.com/googleapis/googleapis/blob/master/google/cloud/workflows/type/engine_call.proto
 */
export function callLog(
  execution: StoredExecution,
  workflow: StoredWorkflow,
  clock: Clock,
  log: (severity: string, data: string) => void,
): ((event: StepEvent) => void) | undefined {
  const levels = [execution.callLogLevel, workflow.callLogLevel];
  const level = levels.find((known) => known !== undefined && known !== 'CALL_LOG_LEVEL_UNSPECIFIED');
  if (level !== 'LOG_ALL_CALLS' && level !== 'LOG_ERRORS_ONLY') return undefined;
  return ({ type, step, state, error }) => {
    if (!type.endsWith('_CALL')) return;
    if (level === 'LOG_ERRORS_ONLY' && state !== 'failed') return;
    const entry = {
      '@type': 'type.googleapis.com/google.cloud.workflows.type.EngineCallLog',
      executionId: execution.id,
      activityTime: new Date(clock.now()).toISOString(),
      state: states[state],
      step,
      ...(error === undefined ? {} : { exceptionRaised: { exception: textOfError(error) } }),
    };
    log(state === 'failed' ? 'ERROR' : 'INFO', JSON.stringify(entry));
  };
}
