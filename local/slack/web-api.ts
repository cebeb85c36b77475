import type { Clock } from '#shared/clock.ts';
import type { LocalRequest, LocalResponse, Route } from '#local/http.ts';
import { methodArguments, methodScopes, readArguments, type Method } from '#local/slack/arguments.ts';
import type { createMethods } from '#local/slack/methods.ts';
import { createRateLimit } from '#local/slack/rate-limit.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import type { Weather } from '#local/slack/weather.ts';

/** What an app may be allowed that has to do with the methods here. */
export const allScopes = [
  ...new Set(['commands', 'users:read.email', ...Object.values(methodScopes).flat()]),
];

/** Calls a minute, where they are not tier 3: https://docs.slack.dev/apis/web-api/rate-limits */
const perMinute: Partial<Record<Method, number>> = {
  'users.info': 100,
  'usergroups.users.list': 20,
};
const tier3 = 50;

/** `/api/METHOD`: who may call which method how often. The methods themselves are elsewhere. */
export function createWebApi(options: {
  clock: Clock;
  botToken: string;
  scopes: string[];
  rateLimits: boolean;
  methods: ReturnType<typeof createMethods>;
  weather: Weather;
}): Route[] {
  const { clock, scopes, methods, weather } = options;
  // One message a second and channel, with bursts.
  const perChannel = createRateLimit({ clock, perMinute: 60, burst: 5 });
  const perMethod = new Map(
    Object.keys(methodArguments).map((method) => {
      const calls = perMinute[method as Method] ?? tier3;
      return [method, createRateLimit({ clock, perMinute: calls, burst: calls })];
    }),
  );

  function checkRate(method: Method, given: Record<string, unknown>): LocalResponse | undefined {
    if (!options.rateLimits || method === 'auth.test') return undefined;
    const taken =
      method === 'chat.postMessage'
        ? perChannel.take(methods.channelId(given['channel']))
        : perMethod.get(method)?.take(method);
    return taken === undefined || taken.ok ? undefined : tooMany(taken.retryAfterSeconds);
  }

  function checkScope(method: Method): void {
    const wanted = methodScopes[method];
    if (wanted.length === 0 || wanted.some((scope) => scopes.includes(scope))) return;
    throw new SlackError('missing_scope', {
      fields: { needed: wanted.join(','), provided: scopes.join(',') },
    });
  }

  function handle(request: LocalRequest): LocalResponse {
    try {
      const { token, given } = readArguments(request);
      const method = request.params['method'] ?? '';
      if (!isMethod(method)) throw new SlackError('unknown_method', { fields: { req_method: method } });
      if (token === undefined) throw new SlackError('not_authed');
      if (token !== options.botToken) throw new SlackError('invalid_auth');
      if (weather.find('revoked-token')) throw new SlackError('token_revoked');
      checkScope(method);
      const limited = checkRate(method, given);
      if (limited) return limited;
      const json = { ok: true, ...methods.call(method, given) };
      if (method.startsWith('chat.') && weather.takeLoss()) return { cut: true };
      return { json, headers: { 'x-oauth-scopes': scopes.join(',') } };
    } catch (error) {
      if (error instanceof SlackError) return { json: error.toJSON() };
      throw error;
    }
  }

  return ['GET', 'POST'].map((method) => ({
    method,
    path: '/api/{method}',
    public: true,
    handle: underWeather(clock, weather, handle),
  }));
}

/** What happens to a request before anybody looks at it. */
export function underWeather(
  clock: Clock,
  weather: Weather,
  handle: (request: LocalRequest) => LocalResponse,
): Route['handle'] {
  return async (request) => {
    const slow = weather.find('slow');
    if (slow) await clock.sleep(slow.delayMs);
    if (weather.find('down')) return { status: 503, body: 'Service Unavailable' };
    const limited = weather.find('rate-limited');
    return limited ? tooMany(limited.retryAfterSeconds) : handle(request);
  };
}

const tooMany = (retryAfterSeconds: number): LocalResponse => ({
  status: 429,
  headers: { 'retry-after': String(retryAfterSeconds) },
  json: { ok: false, error: 'ratelimited' },
});

function isMethod(name: string): name is Method {
  return Object.hasOwn(methodArguments, name);
}
