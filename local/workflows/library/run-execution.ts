import { fault, type FaultTag } from '#local/workflows/fault.ts';
import { formatJson, parseJson } from '#local/workflows/json.ts';
import { poll, request, type ConnectorCall } from '#local/workflows/library/connector-call.ts';
import type { Args, CallContext } from '#local/workflows/library/function.ts';
import { percentEncode } from '#local/workflows/library/percent-encode.ts';
import { isMap, type Value } from '#local/workflows/values.ts';

/** The workflow that arguments `workflow_id`, `location` and `project_id` name, the latter two being those of the caller unless given. */
export function workflowIn(args: Args, { host: { env } }: CallContext): string {
  const project = args.string('project_id', env.GOOGLE_CLOUD_PROJECT_ID);
  const location = args.string('location', env.GOOGLE_CLOUD_LOCATION);
  const parts = { projects: project, locations: location, workflows: args.string('workflow_id') };
  return Object.entries(parts)
    .map(([kind, id]) => `${kind}/${percentEncode(id)}`)
    .join('/');
}

/**
 * Executes that workflow and answers its decoded result; null at once when the call does not wait.
 * @param failure tag of the error when the execution does not succeed
 */
export async function runExecution(
  call: ConnectorCall,
  { workflow, argument, failure }: { workflow: string; argument: Value | undefined; failure: FaultTag },
): Promise<Value> {
  const service = 'workflowexecutions';
  const body = new Map(argument === undefined ? [] : [['argument', formatJson(argument)]]);
  const created = await request(call, { service, method: 'POST', path: `/v1/${workflow}/executions`, body });
  if (call.skipPolling) return null;
  const name = isMap(created) ? (created.get('name') ?? null) : null;
  if (typeof name !== 'string') {
    throw fault('ResponseTypeError', `expected an execution, got ${formatJson(created)}`);
  }
  const ended = await poll(call, `execution ${name}`, async () => {
    const found = await request(call, { service, method: 'GET', path: `/v1/${name}` });
    const state = isMap(found) ? found.get('state') : undefined;
    return state === 'ACTIVE' || state === 'QUEUED' ? undefined : found;
  });
  const execution = isMap(ended) ? ended : new Map<string, Value>();
  const result = execution.get('result') ?? 'null';
  if (execution.get('state') === 'SUCCEEDED' && typeof result === 'string') return parseJson(result);
  const state = formatJson(execution.get('state') ?? null);
  throw fault(failure, `execution ${name} ended in the state ${state}`, [['operation', execution]]);
}
