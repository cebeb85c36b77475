import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import type { Prober } from '#shared/ports.ts';
import type { Tokens } from './auth.ts';
import { faultOfSilence } from './fault-of.ts';
import { readAtMost } from './read-body.ts';
import { productVersion } from './version.ts';

/** What is kept of a body; the rest is not read. */
export const maxBodyBytes = 256 * 1024;

type ProbeRequest = Parameters<Prober['request']>[0];

/**
 * Every request is made as a new caller would make it: on a connection of its own, and a redirect is an answer, so that a
 * token goes nowhere else.
 */
export function createProber(options: {
  tokens: Tokens;
  version?: string;
  fetch?: typeof fetch;
  /** Milliseconds that only ever go forward. */
  now?: () => number;
}): Prober {
  const { tokens, fetch = globalThis.fetch, now = () => performance.now() } = options;
  const userAgent = `Slipway/${options.version ?? productVersion()}`;

  return {
    async request(request) {
      const what = `${request.method} ${request.url}`;
      const timeout = AbortSignal.timeout(request.timeoutSeconds * 1000);
      const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
      const prepared = requestOf(request, userAgent, signal);
      await addToken(prepared, request, tokens);
      const startedAt = now();
      try {
        const response = await fetch(prepared);
        const { bytes } = await readAtMost(response, maxBodyBytes);
        return {
          status: response.status,
          body: bytes.toString('utf8'),
          headers: Object.fromEntries(response.headers),
          durationMs: now() - startedAt,
        };
      } catch (error) {
        if (request.signal?.aborted) throw stopped(what, request.signal);
        throw faultOfSilence(what, error, request.timeoutSeconds);
      }
    },
  };
}

/** @throws Fault `invalid-input` for what cannot be sent: no address, a GET with a body, a malformed header */
function requestOf(request: ProbeRequest, userAgent: string, signal: AbortSignal): Request {
  try {
    return new Request(request.url, {
      method: request.method,
      headers: { ...lowerCased(request.headers), 'user-agent': userAgent, connection: 'close' },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    throw new Fault('invalid-input', `${request.method} ${request.url} cannot be sent: ${messageOf(error)}`);
  }
}

const lowerCased = (headers: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** @throws Fault `invalid-input`, before anything is sent, when the token would go to an address that was not allowed */
async function addToken({ url, headers }: Request, request: ProbeRequest, tokens: Tokens): Promise<void> {
  if (request.audience === undefined) return;
  const { origin } = new URL(url);
  if (!request.allowedOrigins.includes(origin)) {
    const allowed = request.allowedOrigins.join(', ') || 'none';
    throw new Fault('invalid-input', `no identity token is sent to ${origin}: expected one of ${allowed}`);
  }
  // A service may want the usual header for itself; Cloud Run then takes its own token from the other one:
  // https://cloud.google.com/run/docs/authenticating/service-to-service
  const name = headers.has('authorization') ? 'x-serverless-authorization' : 'authorization';
  headers.set(name, `Bearer ${await tokens.identity(request.audience)}`);
}

function stopped(what: string, signal: AbortSignal): Fault {
  if (signal.reason instanceof Fault) return signal.reason;
  return new Fault('timeout', `${what} was stopped before it was answered`, { cause: signal.reason });
}
