import { WorkflowFault } from '#local/workflows/fault.ts';
import { formatJson } from '#local/workflows/json.ts';

/** What was raised, as JSON text. What has no JSON form (bytes in it, nested too deep): its message, or else why. */
export function payloadOf(fault: WorkflowFault): string {
  try {
    return formatJson(fault.value);
  } catch (error) {
    if (error instanceof WorkflowFault) return JSON.stringify(fault.message || error.message);
    throw error;
  }
}

/** The message and where it was raised, as in the Executions API. */
export function contextOf(fault: WorkflowFault): string {
  const message = fault.message === '' ? payloadOf(fault) : fault.message;
  const [first] = fault.trace;
  if (!first) return message;
  return `${message}\nin step "${first.step}", routine "${first.routine}", line: ${first.position.line}`;
}
