import { fault } from '#local/workflows/fault.ts';
import { formatJson } from '#local/workflows/json.ts';
import { connectorCall, request } from '#local/workflows/library/connector-call.ts';
import { define, type Args, type CallContext } from '#local/workflows/library/function.ts';
import { percentEncode } from '#local/workflows/library/percent-encode.ts';
import { runExecution, workflowIn } from '#local/workflows/library/run-execution.ts';
import { decodeUtf8 } from '#local/workflows/utf8.ts';
import { isMap, type Value } from '#local/workflows/values.ts';

const secrets = 'googleapis.secretmanager.v1.projects.secrets';
const executions = 'googleapis.workflowexecutions.v1.projects.locations.workflows.executions';

/** Connectors that Google made simpler than the method behind them. */
export const connectorHelpers = [
  // Google's sample calls it inside an expression, so it is not blocking, although it reaches outside.
  define(
    `${secrets}.versions.accessString(secret_id, version?, project_id?, connector_params?)`,
    accessString,
  ),
  define(
    `${secrets}.addVersionString(secret_id, data, project_id?, connector_params?)`,
    addVersionString,
    true,
  ),
  define(`${executions}.run(workflow_id, location?, project_id?, argument?, connector_params?)`, run, true),
];

/** @throws ValueError when the secret is not UTF-8 (the tag is unverified) */
async function accessString(args: Args, context: CallContext): Promise<Value> {
  const version = args.optional('version') ?? 'latest';
  const path = `${secretPath(args, context)}/versions/${typeof version === 'string' ? version : formatJson(version)}:access`;
  const call = connectorCall(args, context);
  const answer = await request(call, { service: 'secretmanager', method: 'GET', path });
  const payload = isMap(answer) ? (answer.get('payload') ?? null) : null;
  const data = isMap(payload) ? (payload.get('data') ?? '') : null;
  if (typeof data === 'string') return decodeUtf8(Buffer.from(data, 'base64'));
  throw fault('ResponseTypeError', `expected a version of a secret, got ${formatJson(answer)}`);
}

async function addVersionString(args: Args, context: CallContext): Promise<Value> {
  const data = Buffer.from(args.string('data')).toString('base64');
  const body = new Map([['payload', new Map([['data', data]])]]);
  const path = `${secretPath(args, context)}:addVersion`;
  return request(connectorCall(args, context), { service: 'secretmanager', method: 'POST', path, body });
}

function secretPath(args: Args, { host }: CallContext): string {
  const project = args.string('project_id', host.env.GOOGLE_CLOUD_PROJECT_ID);
  return `/v1/projects/${percentEncode(project)}/secrets/${percentEncode(args.string('secret_id'))}`;
}

/**
 * Runs another workflow and answers its decoded result.
 * https://cloud.google.com/workflows/docs/reference/googleapis/workflowexecutions/v1/projects.locations.workflows.executions/run
 * @throws OperationError when it does not succeed (tag and form are unverified)
 */
async function run(args: Args, context: CallContext): Promise<Value> {
  return runExecution(connectorCall(args, context), {
    workflow: workflowIn(args, context),
    argument: args.optional('argument'),
    failure: 'OperationError',
  });
}
