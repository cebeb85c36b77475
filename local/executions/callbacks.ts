import type { Clock } from '#shared/clock.ts';
import { fault } from '#local/workflows/fault.ts';
import type { CallbackDelivery, CallbackPort } from '#local/workflows/host.ts';

/** The callback endpoints of one execution. They end with it. */
export interface Callbacks {
  /** The side of the workflow. */
  port: CallbackPort;
  find(id: string): Callback | undefined;
  list(): Callback[];
}

export interface Callback {
  id: string;
  method: string;
  url: string;
  waiters: number;
  /** Arrived and not yet awaited; one at most. */
  held: CallbackDelivery | undefined;
  /** False when an earlier delivery is still unread: the sender must come again. */
  deliver(delivery: CallbackDelivery): boolean;
}

interface Endpoint extends Callback {
  next(timeoutMs: number, signal: AbortSignal): Promise<CallbackDelivery | undefined>;
}

export function createCallbacks(options: {
  clock: Clock;
  newId: () => string;
  urlOf: (id: string) => string;
  onCreate?: (callback: Callback) => void;
}): Callbacks {
  const endpoints = new Map<string, Endpoint>();
  return {
    port: {
      create(method) {
        const id = options.newId();
        const endpoint = createEndpoint(options.clock, { id, method, url: options.urlOf(id) });
        endpoints.set(id, endpoint);
        options.onCreate?.(endpoint);
        return endpoint.url;
      },
      next(url, timeoutMs, signal) {
        const endpoint = [...endpoints.values()].find((known) => known.url === url);
        if (!endpoint) throw fault('ValueError', `"${url}" is no callback endpoint of this execution`);
        return endpoint.next(timeoutMs, signal);
      },
    },
    find: (id) => endpoints.get(id),
    list: () => [...endpoints.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

function createEndpoint(clock: Clock, identity: Pick<Callback, 'id' | 'method' | 'url'>): Endpoint {
  const waiting = new Set<(delivery: CallbackDelivery) => void>();
  const endpoint: Endpoint = {
    ...identity,
    held: undefined,
    get waiters() {
      return waiting.size;
    },
    deliver(delivery) {
      const [first] = waiting;
      if (first) {
        waiting.delete(first);
        first(delivery);
        return true;
      }
      if (endpoint.held) return false;
      endpoint.held = delivery;
      return true;
    },
    next(timeoutMs, signal) {
      const { held } = endpoint;
      endpoint.held = undefined;
      if (held) return Promise.resolve(held);
      // One handler ends the wait, so that a delivery at the moment of the timeout is either taken or held, never lost.
      return new Promise((resolve, reject) => {
        const stop = new AbortController();
        const receive = (delivery: CallbackDelivery): void => {
          stop.abort(new Error('a callback arrived'));
          resolve(delivery);
        };
        waiting.add(receive);
        clock.sleep(timeoutMs, AbortSignal.any([signal, stop.signal])).then(
          () => {
            if (waiting.delete(receive)) resolve(undefined);
          },
          (error: unknown) => {
            if (waiting.delete(receive)) reject(error);
          },
        );
      });
    },
  };
  return endpoint;
}
