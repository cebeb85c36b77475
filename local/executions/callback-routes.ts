import type { Callback } from './callbacks.ts';
import { executionName, executionOf, locationPath, type RouteContext } from './place.ts';
import { pageOf, pageQuery, queryOf } from './query.ts';
import { GoogleError } from '#local/google-error.ts';
import type { LocalRequest, LocalResponse, Route } from '#local/http.ts';
import { WorkflowFault } from '#local/workflows/fault.ts';
import type { CallbackDelivery } from '#local/workflows/host.ts';
import { decodeBody } from '#local/workflows/http-exchange.ts';
import { callbackMethods } from '#local/workflows/library/events.ts';
import { formatJson } from '#local/workflows/json.ts';
import type { Value } from '#local/workflows/values.ts';

const callbacksPath = `${locationPath}/workflows/{workflow}/executions/{execution}/callbacks`;

/** Sending to callback endpoints, and the list of those of a running execution. */
export function callbackRoutes(context: RouteContext): Route[] {
  return [
    {
      method: 'GET',
      path: callbacksPath,
      handle(request) {
        const query = queryOf(request, pageQuery);
        const execution = executionOf(context, request.params);
        const callbacks = context.executor.callbacksOf(execution.id)?.list() ?? [];
        const parent = executionName(context, execution);
        const { items, next } = pageOf(callbacks, query, { standard: 100, max: 100 });
        return {
          json: {
            ...next,
            callbacks: items.map(({ id, method, held, waiters }) => ({
              name: `${parent}/callbacks/${id}`,
              method,
              availablePayloads: held ? [payloadOf(held)] : [],
              waiters: String(waiters),
            })),
          },
        };
      },
    },
    ...callbackMethods.map((method): Route => ({
      method,
      path: `${callbacksPath}/{callback}`,
      handle: (request) => deliver(context, request),
    })),
  ];
}

function deliver(context: RouteContext, request: LocalRequest): LocalResponse {
  const callback = callbackOf(context, request);
  if (callback.method !== request.method) {
    // The status Google answers here is unverified.
    return { status: 405, headers: { allow: callback.method } };
  }
  const { authorization: _secret, ...headers } = request.headers;
  const accepted = callback.deliver({
    method: request.method,
    url: request.url.pathname + request.url.search,
    query: Object.fromEntries(request.url.searchParams),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
    ),
    body: bodyOf(request),
    receivedTime: new Date(context.clock.now()).toISOString(),
  });
  if (accepted) return {};
  throw new GoogleError(
    'RESOURCE_EXHAUSTED',
    `Callback ${callback.id} holds a payload that the execution has not read yet`,
  );
}

/** @throws GoogleError NOT_FOUND when it is unknown or its execution has ended */
function callbackOf(context: RouteContext, { params }: LocalRequest): Callback {
  const execution = executionOf(context, params);
  const callback = context.executor.callbacksOf(execution.id)?.find(params.callback ?? '');
  if (callback) return callback;
  const name = `${executionName(context, execution)}/callbacks/${params.callback}`;
  throw new GoogleError('NOT_FOUND', `Callback ${name} was not found: unknown, or its execution has ended`);
}

/** @throws GoogleError INVALID_ARGUMENT for a body that is not what its content type says (unverified) */
function bodyOf(request: LocalRequest): Value {
  try {
    return decodeBody(request.body, request.headers['content-type'] ?? '');
  } catch (error) {
    if (error instanceof WorkflowFault) throw new GoogleError('INVALID_ARGUMENT', error.message);
    throw error;
  }
}

function payloadOf({ body }: CallbackDelivery): string {
  return body instanceof Uint8Array ? Buffer.from(body).toString('base64') : formatJson(body);
}
