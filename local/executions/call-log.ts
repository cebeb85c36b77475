import type { Clock } from '#shared/clock.ts';
import { textOfError, asJson } from './history.ts';
import { callLogLevel, type StoredExecution, type StoredWorkflow } from './resources.ts';
import type { CallBegun, Observer } from '#local/workflows/host.ts';
import { formatJson } from '#local/workflows/json.ts';
import { isMap, type Value, type ValueMap } from '#local/workflows/values.ts';

/**
 * Logs the calls of an execution as its level, or else that of its workflow, wants it; undefined when it wants none. Only
 * call steps: no calls inside expressions or connectors. Nothing is cut short, and that an exception was handled
 * (EXCEPTION_HANDLED) is not logged: what Google writes there is unverified.
 * @see https://github.com/googleapis/googleapis/blob/master/google/cloud/workflows/type/engine_call.proto
 * @see https://cloud.google.com/workflows/docs/log-workflow
 * @param log takes a severity (unverified) and JSON text
 */
export function callLog(
  execution: StoredExecution,
  workflow: StoredWorkflow,
  clock: Clock,
  log: (severity: string, data: string) => void,
): Observer['onCall'] {
  const level = callLogLevel(execution, workflow);
  if (level !== 'LOG_ALL_CALLS' && level !== 'LOG_ERRORS_ONLY') return undefined;
  const now = (): string => new Date(clock.now()).toISOString();

  return ({ step, callee, args }) => {
    const callStartTime = now();
    const write = (state: string, detail: string, about: Record<string, Value>): void => {
      const entry = new Map<string, Value>([
        ['@type', 'type.googleapis.com/google.cloud.workflows.type.EngineCallLog'],
        ['executionId', execution.id],
        ['activityTime', now()],
        ['state', state],
        ['step', step],
        ['callee', callee],
        [detail, new Map(Object.entries(about))],
      ]);
      log(state === 'EXCEPTION_RAISED' ? 'ERROR' : 'INFO', formatJson(entry));
    };
    if (level === 'LOG_ALL_CALLS') write('BEGUN', 'begun', { namedArgs: shownArguments({ callee, args }) });
    return (end) => {
      if (end.state === 'failed') {
        const { error, origin } = end;
        write('EXCEPTION_RAISED', 'exceptionRaised', {
          callStartTime,
          exception: textOfError(error),
          origin,
        });
      } else if (level === 'LOG_ALL_CALLS') {
        write('SUCCEEDED', 'succeeded', { callStartTime, response: formatJson(asJson(end.response)) });
      }
    };
  };
}

/** The Authorization header of an HTTP request is not shown; every other argument is, secrets included, as on Google. */
function shownArguments({ callee, args }: Pick<CallBegun, 'callee' | 'args'>): ValueMap {
  const headers = args.get('headers') ?? null;
  const shown = new Map([...args].map(([name, value]) => [name, asJson(value)]));
  if (!callee.startsWith('http.') || !isMap(headers)) return shown;
  const redacted = [...headers].map(([name, value]): [string, Value] => [
    name,
    name.toLowerCase() === 'authorization' ? 'REDACTED' : asJson(value),
  ]);
  return shown.set('headers', new Map(redacted));
}
