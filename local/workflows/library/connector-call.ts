import { backoffWaits, defaultBackoff } from '#local/workflows/backoff.ts';
import { fault, WorkflowFault } from '#local/workflows/fault.ts';
import { exchange } from '#local/workflows/http-exchange.ts';
import type { Args, CallContext } from '#local/workflows/library/function.ts';
import { isRetried } from '#local/workflows/library/retry.ts';
import { isMap, isNumber, type Value, type ValueMap } from '#local/workflows/values.ts';

/** One call of a connector: the time it may take in all, and how it looks after what it started. */
export interface ConnectorCall {
  context: CallContext;
  /** Milliseconds since the epoch. */
  deadline: number;
  timeoutSeconds: number;
  skipPolling: boolean;
  polling: { initialDelay: number; multiplier: number; maxDelay: number };
}

export interface ConnectorRequest {
  service: string;
  method: string;
  /** With its query. */
  path: string;
  body?: Value | undefined;
}

/** A single request of a connector may take 30 minutes: https://docs.cloud.google.com/workflows/docs/connectors */
const longestRequestSeconds = 1800;
const longestCallSeconds = 31_536_000;

/** `connector_params`. `scopes` has no meaning here: the token of the local cloud has them all. */
export function connectorCall(args: Args, context: CallContext): ConnectorCall {
  const given = args.optional('connector_params') === undefined ? new Map() : args.map('connector_params');
  const known = ['timeout', 'polling_policy', 'skip_polling', 'scopes'];
  const unknown = [...given.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw args.invalid('connector_params', `has the unknown key '${unknown}': expected ${known.join(', ')}`);
  }
  const policy: Value = given.get('polling_policy') ?? new Map();
  const skipPolling: Value = given.get('skip_polling') ?? false;
  if (!isMap(policy) || typeof skipPolling !== 'boolean') {
    throw args.invalid('connector_params', "needs a map as 'polling_policy' and a boolean as 'skip_polling'");
  }
  const number = (map: ValueMap, key: string, otherwise: number): number => {
    const value = map.get(key) ?? otherwise;
    if (isNumber(value) && value > 0) return Number(value);
    throw args.invalid('connector_params', `has a '${key}' that is not a positive number`);
  };
  const timeoutSeconds = number(given, 'timeout', 1800);
  if (timeoutSeconds > longestCallSeconds) {
    throw args.invalid('connector_params', `has a 'timeout' beyond ${longestCallSeconds} seconds`);
  }
  return {
    context,
    timeoutSeconds,
    deadline: context.host.clock.now() + timeoutSeconds * 1000,
    skipPolling,
    polling: {
      initialDelay: number(policy, 'initial_delay', 1),
      multiplier: number(policy, 'multiplier', 1.25),
      maxDelay: number(policy, 'max_delay', 60),
    },
  };
}

/** A GET is retried by the idempotent policy, anything else by the non-idempotent one; each retry is billed. */
export async function request(
  { context, deadline }: ConnectorCall,
  { service, method, path, body }: ConnectorRequest,
): Promise<Value> {
  const { host } = context;
  const url = `${host.connectorOrigin(service)}${path}`;
  const waits = backoffWaits(defaultBackoff);
  for (;;) {
    try {
      const headers = new Map([['authorization', `Bearer ${host.accessToken()}`]]);
      const left = (deadline - host.clock.now()) / 1000;
      const timeoutSeconds = Math.min(longestRequestSeconds, Math.max(left, 0));
      const answer = await exchange({ method, url, headers, body, timeoutSeconds }, context);
      return answer.get('body') ?? new Map();
    } catch (error) {
      const retry = error instanceof WorkflowFault && isRetried(error.value, method === 'GET');
      const seconds = retry ? waits.next().value : undefined;
      if (seconds === undefined) throw error;
      await context.wait(seconds, 'retry');
      context.billAgain();
    }
  }
}

/**
 * Looks again and again until `look` answers something; each look is a billed step.
 * @throws TimeoutError after the time of the whole call
 */
export async function poll(
  call: ConnectorCall,
  what: string,
  look: () => Promise<Value | undefined>,
): Promise<Value> {
  const { context, polling } = call;
  for (let delay = polling.initialDelay; ; delay = Math.min(delay * polling.multiplier, polling.maxDelay)) {
    const left = (call.deadline - context.host.clock.now()) / 1000;
    await context.wait(Math.max(0, Math.min(delay, left)), 'poll');
    if (left <= delay)
      throw fault('TimeoutError', `${what} did not end within ${call.timeoutSeconds} seconds`);
    context.billAgain();
    const found = await look();
    if (found !== undefined) return found;
  }
}
