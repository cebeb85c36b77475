import type * as Sdk from '@slack/web-api';
import type { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';

/** Slack's word for "try again later"; everything else it says is an answer. */
const passing = new Set([
  'fatal_error',
  'internal_error',
  'ratelimited',
  'rate_limited',
  'request_timeout',
  'service_unavailable',
]);
export type WebApiAnswer = { ok: true; answer: unknown } | { ok: false; error: string };

/**
 * One method of Slack's Web API over the official client, which is loaded on first use. No retries, no redirects, no
 * other address (slack.md §1.5). @throws Fault `unavailable` or `timeout`; its message never holds the token
 */
export function createWebApi(options: { token: string; endpoint?: string; timeoutMs?: number }) {
  const { token, endpoint = 'https://slack.com/api/', timeoutMs = 5000 } = options;
  const load = async () => {
    const sdk = await import('@slack/web-api');
    const client = new sdk.WebClient(token, {
      slackApiUrl: endpoint,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: timeoutMs,
      allowAbsoluteUrls: false,
      logger: silent(sdk.LogLevel.ERROR),
    });
    return { sdk, client };
  };
  let loaded: ReturnType<typeof load> | undefined;

  return async (method: string, given: Record<string, unknown>): Promise<WebApiAnswer> => {
    const { sdk, client } = await (loaded ??= load());
    try {
      return { ok: true, answer: await client.apiCall(method, given) };
    } catch (error) {
      if (!(error instanceof sdk.WebAPIPlatformError)) {
        throw faultOf(sdk, error, { what: `Slack ${method}`, token, timeoutMs });
      }
      const word = error.data.error;
      if (passing.has(word)) throw new Fault('unavailable', `Slack ${method} answered ${word}`);
      return { ok: false, error: word };
    }
  };
}

function faultOf(
  sdk: typeof Sdk,
  error: unknown,
  { what, token, timeoutMs }: { what: string; token: string; timeoutMs: number },
): Fault {
  if (error instanceof sdk.WebAPIRateLimitedError) {
    return new Fault('unavailable', `${what} was called too often`, { retryAfterSeconds: error.retryAfter });
  }
  if (error instanceof sdk.WebAPIHTTPError) {
    const code = error.statusCode >= 500 || error.statusCode === 429 ? 'unavailable' : 'invalid-input';
    const wait = error.headers['retry-after'] ?? '';
    const retry = /^\d+$/.test(wait) ? { retryAfterSeconds: Number(wait) } : {};
    return new Fault(code, `${what} answered HTTP ${error.statusCode}`, retry);
  }
  const original = error instanceof sdk.WebAPIRequestError ? error.original : error;
  if (original instanceof Error && (original.name === 'TimeoutError' || original.name === 'AbortError')) {
    return new Fault('timeout', `${what} gave no answer within ${timeoutMs / 1000} s`);
  }
  // fetch says only "fetch failed"; the reason is its cause. It is quoted and not kept: it may hold the request.
  const reason = original instanceof Error && original.cause !== undefined ? original.cause : original;
  return new Fault(
    'unavailable',
    `${what} gave no answer: ${messageOf(reason).replaceAll(token, '[token]')}`,
  );
}

/** @throws Fault `internal` when the answer is not what Slack documents for that method */
export function parsedAnswer<T>(schema: z.ZodType<T>, answer: unknown, method: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const problem = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new Fault('internal', `Slack ${method} answered what it does not document: ${problem}`, {
    retryable: false,
  });
}

/** The client logs refusals and answers; what matters of them is in the answer or the fault. */
function silent<Level>(level: Level) {
  const nothing = (): void => undefined;
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    setLevel: nothing,
    getLevel: () => level,
    setName: nothing,
  };
}
