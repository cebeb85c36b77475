import {
  define,
  type Args,
  type CallContext,
  type LibraryFunction,
} from '#local/workflows/library/function.ts';
import { WorkflowFault } from '#local/workflows/fault.ts';
import { exchange } from '#local/workflows/http-exchange.ts';
import { backoffWaits, defaultBackoff } from '#local/workflows/backoff.ts';
import { isRetried } from '#local/workflows/library/retry.ts';
import { isMap, type Value } from '#local/workflows/values.ts';

interface Connector {
  /** `googleapis.` + this is what a workflow calls. */
  name: string;
  service: string;
  method: 'GET' | 'POST';
  /** `{name}` is a required argument whose slashes stay. */
  path: string;
}

/** Methods this runtime can reach. A call of any other is refused at deployment. */
const connectors: readonly Connector[] = [
  {
    name: 'pubsub.v1.projects.topics.publish',
    service: 'pubsub',
    method: 'POST',
    path: '/v1/{topic}:publish',
  },
];

/** A single request of a connector may take 30 minutes: https://docs.cloud.google.com/workflows/docs/connectors */
const requestTimeoutSeconds = 1800;

/** `connector_params` are not supported and thus an unknown argument. */
export const connectorFunctions: readonly LibraryFunction[] = connectors.map((connector) => {
  const names = [...connector.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const params = [...names, ...(connector.method === 'GET' ? [] : ['body'])];
  return define(
    `googleapis.${connector.name}(${params.join(', ')})`,
    (args, context) => run(connector, args, context),
    true,
  );
});

/** A GET is retried by the idempotent policy, anything else by the non-idempotent one; each retry is billed. */
async function run(connector: Connector, args: Args, context: CallContext): Promise<Value> {
  const path = connector.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    args.string(name).split('/').map(encodeURIComponent).join('/'),
  );
  const url = `${context.host.connectorOrigin(connector.service)}${path}`;
  const get = connector.method === 'GET';
  const body = get ? undefined : args.map('body');
  const waits = backoffWaits(defaultBackoff);
  for (;;) {
    try {
      const headers = new Map([['authorization', `Bearer ${context.host.accessToken()}`]]);
      const answer = await exchange(
        { method: connector.method, url, headers, body, timeoutSeconds: requestTimeoutSeconds },
        context,
      );
      const found = answer.get('body') ?? null;
      return isMap(found) ? found : new Map();
    } catch (error) {
      const retry = error instanceof WorkflowFault && isRetried(error.value, get);
      const seconds = retry ? waits.next().value : undefined;
      if (seconds === undefined) throw error;
      await context.host.clock.sleep(seconds * 1000, context.signal);
      context.billAgain();
    }
  }
}
