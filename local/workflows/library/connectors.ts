import { fault } from '#local/workflows/fault.ts';
import { formatJson } from '#local/workflows/json.ts';
import { connectorCall, poll, request, type ConnectorCall } from '#local/workflows/library/connector-call.ts';
import { connectorHelpers } from '#local/workflows/library/connector-helpers.ts';
import { connectors, type Connector } from '#local/workflows/library/connector-table.ts';
import { define, type Args, type CallContext } from '#local/workflows/library/function.ts';
import { isList, isMap, type Value } from '#local/workflows/values.ts';

const placeholder = /\{(\+?)(\w+)\}/g;

/** https://docs.cloud.google.com/workflows/docs/connectors */
export const connectorFunctions = [...connectors.map(functionOf), ...connectorHelpers];

function functionOf(connector: Connector): ReturnType<typeof define> {
  const inPath = [...connector.path.matchAll(placeholder)].map((match) => match[2] ?? '');
  const optional = [
    ...connector.query,
    ...(hasBody(connector) ? ['body'] : []),
    // Which of Cloud Run's regions answers.
    ...(connector.name.startsWith('run.v1.') ? ['location'] : []),
    'query',
    'connector_params',
  ].map((name) => `${name}?`);
  const signature = `googleapis.${connector.name}(${[...inPath, ...optional].join(', ')})`;
  return define(signature, (args, context) => run(connector, args, context), true);
}

function hasBody({ method }: Connector): boolean {
  return method !== 'GET' && method !== 'DELETE';
}

async function run(connector: Connector, args: Args, context: CallContext): Promise<Value> {
  const call = connectorCall(args, context);
  const region = args.optional('location') === undefined ? '' : `${args.string('location')}-`;
  const service = `${region}${connector.service}`;
  const path = pathOf(connector, args);
  const body = hasBody(connector) ? (args.optional('body') ?? new Map()) : undefined;
  const answer = await request(call, { service, method: connector.method, path, body });
  if (call.skipPolling) return answer;
  switch (connector.awaits) {
    case 'nothing':
      return answer;
    case 'operation':
      return awaitOperation(call, service, connector.path.slice(0, connector.path.indexOf('/', 1)), answer);
    case 'job-execution':
      return awaitJobExecution(call, service, answer);
  }
}

function pathOf(connector: Connector, args: Args): string {
  const path = connector.path.replaceAll(placeholder, (_whole, plus: string, name: string) => {
    const text = args.string(name);
    return plus === '' ? encodeURIComponent(text) : text.split('/').map(encodeURIComponent).join('/');
  });
  const query = new URLSearchParams();
  for (const name of connector.query) {
    const value = args.optional(name);
    if (value !== undefined) query.append(name, typeof value === 'string' ? value : formatJson(value));
  }
  // Google's sample batch-translation gives them as a map.
  if (args.optional('query') !== undefined) {
    for (const [name, value] of args.map('query')) {
      query.append(name, typeof value === 'string' ? value : formatJson(value));
    }
  }
  // What is uploaded without more said about it is the object itself.
  if (path.startsWith('/upload/') && !query.has('uploadType')) query.append('uploadType', 'media');
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** Answers the operation when it is done: Google's samples read `metadata.build` of one. */
function awaitOperation(
  call: ConnectorCall,
  service: string,
  version: string,
  started: Value,
): Promise<Value> {
  const name = isMap(started) ? (started.get('name') ?? null) : null;
  if (typeof name !== 'string') {
    throw fault('ResponseTypeError', `expected a long-running operation, got ${formatJson(started)}`);
  }
  const ended = (operation: Value): Value | undefined => {
    if (!isMap(operation) || operation.get('done') !== true) return undefined;
    const error = operation.get('error') ?? null;
    if (!isMap(error)) return operation;
    const message = error.get('message') ?? null;
    throw operationFault(`operation ${name} failed`, typeof message === 'string' ? message : '', operation);
  };
  const already = ended(started);
  if (already !== undefined) return Promise.resolve(already);
  return poll(call, `operation ${name}`, async () =>
    ended(await request(call, { service, method: 'GET', path: `${version}/${name}` })),
  );
}

/** Knative's execution of a job: it has ended when its condition Completed is True or False. */
function awaitJobExecution(call: ConnectorCall, service: string, started: Value): Promise<Value> {
  const metadata = field(started, 'metadata');
  const [namespace, name] = [field(metadata, 'namespace'), field(metadata, 'name')];
  if (typeof namespace !== 'string' || typeof name !== 'string') {
    throw fault('ResponseTypeError', `expected the execution of a job, got ${formatJson(started)}`);
  }
  const path = `/apis/run.googleapis.com/v1/namespaces/${namespace}/executions/${name}`;
  return poll(call, `execution ${name}`, async () => {
    const execution = await request(call, { service, method: 'GET', path });
    const conditions = field(field(execution, 'status'), 'conditions');
    const found = isList(conditions)
      ? conditions.find((one) => field(one, 'type') === 'Completed')
      : undefined;
    const status = found === undefined ? null : field(found, 'status');
    if (status === 'True') return execution;
    if (found === undefined || status !== 'False') return undefined;
    const message = field(found, 'message');
    throw operationFault(`execution ${name} failed`, typeof message === 'string' ? message : '', execution);
  });
}

/** The key `operation` is unverified. */
function operationFault(what: string, why: string, operation: Value): Error {
  return fault('OperationError', why === '' ? what : `${what}: ${why}`, [['operation', operation]]);
}

function field(value: Value, name: string): Value {
  return isMap(value) ? (value.get(name) ?? null) : null;
}
