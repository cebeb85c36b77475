import { define } from '#local/workflows/library/function.ts';
import { fault } from '#local/workflows/fault.ts';
import type { Value } from '#local/workflows/values.ts';

/** The methods a callback endpoint may have. */
export const callbackMethods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'] as const;

/** Callbacks: https://docs.cloud.google.com/workflows/docs/creating-callback-endpoints */
export const eventFunctions = [
  define(
    'events.create_callback_endpoint(http_callback_method?)',
    (args, { host }) => {
      const method = args.string('http_callback_method', 'POST');
      if (!callbackMethods.some((known) => known === method)) {
        throw args.invalid(
          'http_callback_method',
          `"${method}" is unknown: expected ${callbackMethods.join(', ')}`,
        );
      }
      return new Map<string, Value>([['url', host.callbacks.create(method)]]);
    },
    // Google's list of blocking functions does not name it; as it reaches outside, only a step may call it here.
    true,
  ),
  define(
    'events.await_callback(callback, timeout?)',
    async (args, context) => {
      const { host, signal } = context;
      const url = args.map('callback').get('url') ?? null;
      if (typeof url !== 'string') throw args.invalid('callback', 'is not an endpoint: it has no url');
      const seconds = args.number('timeout', 43_200);
      if (!(seconds >= 0)) throw args.invalid('timeout', `must not be negative: ${seconds}`);
      context.billExternal();
      host.observer?.onWait?.(seconds, 'callback');
      const longest = Math.min(seconds, context.secondsLeft());
      const delivery = await host.callbacks.next(url, longest * 1000, signal);
      context.secondsLeft();
      if (!delivery) throw fault('TimeoutError', `no callback arrived within ${seconds} seconds`);
      return new Map<string, Value>([
        [
          'http_request',
          new Map<string, Value>([
            ['body', delivery.body],
            ['headers', new Map(Object.entries(delivery.headers))],
            ['method', delivery.method],
            ['query', new Map(Object.entries(delivery.query))],
            ['url', delivery.url],
          ]),
        ],
        ['received_time', delivery.receivedTime],
        ['type', 'HTTP'],
      ]);
    },
    true,
  ),
];
