import { formatJson } from '#local/workflows/json.ts';
import { connectorCall, request } from '#local/workflows/library/connector-call.ts';
import { connectorHelpers } from '#local/workflows/library/connector-helpers.ts';
import { connectors, type Connector } from '#local/workflows/library/connector-table.ts';
import { awaitEnd } from '#local/workflows/library/connector-waits.ts';
import { define, type Args, type CallContext } from '#local/workflows/library/function.ts';
import { percentEncode } from '#local/workflows/library/percent-encode.ts';
import { isList, isMap, isNumber, textOf, type Value } from '#local/workflows/values.ts';

const placeholder = /\{(\+?)(\w+)(\??)\}/g;

/** https://docs.cloud.google.com/workflows/docs/connectors */
export const connectorFunctions = [...connectors.map(functionOf), ...connectorHelpers];

function functionOf(connector: Connector): ReturnType<typeof define> {
  const { path, query, region, name } = connector;
  const inPath = [...path.matchAll(placeholder)].map(([, , argument, mark]) => `${argument}${mark}`);
  const ofRegion = region === undefined ? [] : [`${region.name}${region.required ? '' : '?'}`];
  const others = [...query, ...(hasBody(connector) ? ['body'] : []), 'query', 'connector_params'];
  const all = [...inPath, ...ofRegion, ...others.map((argument) => `${argument}?`)];
  const required = all.filter((argument) => !argument.endsWith('?'));
  const optional = all.filter((argument) => argument.endsWith('?'));
  const signature = `googleapis.${name}(${[...required, ...optional].join(', ')})`;
  return define(signature, (args, context) => run(connector, args, context), true);
}

function hasBody({ method }: Connector): boolean {
  return method !== 'GET' && method !== 'DELETE';
}

async function run(connector: Connector, args: Args, context: CallContext): Promise<Value> {
  const { method, region, wait } = connector;
  const call = connectorCall(args, context);
  const given = region !== undefined && args.optional(region.name) !== undefined;
  const service = given ? `${args.string(region.name)}-${connector.service}` : connector.service;
  const path = pathOf(connector, args);
  const body = hasBody(connector) ? (args.optional('body') ?? new Map()) : undefined;
  const answer = await request(call, { service, method, path, body });
  if (wait === undefined || call.skipPolling) return answer;
  const version = connector.path.slice(0, connector.path.indexOf('/', 1));
  return awaitEnd(call, { kind: wait, service, version }, answer);
}

function pathOf(connector: Connector, args: Args): string {
  const path = connector.path.replaceAll(placeholder, (_whole, plus: string, name: string) => {
    const value = args.any(name);
    const text = isNumber(value) ? textOf(value) : args.string(name);
    return plus === '' ? percentEncode(text) : text.split('/').map(percentEncode).join('/');
  });
  const query = new URLSearchParams();
  for (const name of connector.query) append(query, name, args.any(name));
  // Google's sample translation-validation gives them as a map.
  if (args.optional('query') !== undefined) {
    for (const [name, value] of args.map('query')) append(query, name, value);
  }
  // What is uploaded without more said about it is the object itself.
  if (path.startsWith('/upload/') && !query.has('uploadType')) query.append('uploadType', 'media');
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** A list repeats the parameter; a map stands for parameters with dots: `updateMask: {fieldPaths: [a]}`. */
function append(query: URLSearchParams, name: string, value: Value): void {
  if (value === null) return;
  if (isList(value)) {
    for (const one of value) append(query, name, one);
  } else if (isMap(value)) {
    for (const [key, one] of value) append(query, `${name}.${key}`, one);
  } else {
    query.append(name, typeof value === 'string' ? value : formatJson(value));
  }
}
