import { Fault } from '#shared/domain/fault.ts';
import type { ProbeAnswer, Prober } from '#shared/ports/prober.ts';
import type { Tokens } from './auth.ts';
import { readCertificate } from './certificate.ts';
import { faultOfSilence } from './fault-of.ts';
import { call, type HttpAnswer } from './http-call.ts';
import { checkedUrl, headersOf, stopped, timeLimit } from './probe-target.ts';
import { productVersion } from './version.ts';
import { converse } from './web-socket.ts';

const mostRedirects = 5;

type ProbeRequest = Parameters<Prober['request']>[0];

/**
 * Every request is made as a new caller would make it: on a connection of its own. Nothing is sent but to the allowed
 * origins, whoever says so, so that neither a token nor a question gets elsewhere.
 */
export function createProber(options: {
  tokens: Tokens;
  version?: string;
  /** Milliseconds that only ever go forward. */
  now?: () => number;
  /** Certificate authorities to trust in place of the usual ones, as PEM. */
  ca?: string;
}): Prober {
  const { tokens, now = () => performance.now() } = options;
  const userAgent = `Slipway/${options.version ?? productVersion()}`;
  const trust = options.ca === undefined ? {} : { ca: options.ca };

  async function request(asked: ProbeRequest): Promise<ProbeAnswer> {
    const what = `${asked.method} ${asked.url}`;
    let next = { url: checkedUrl(asked, what), method: asked.method, body: asked.body };
    if (asked.body !== undefined && (asked.method === 'GET' || asked.method === 'HEAD'))
      throw new Fault('invalid-input', `${what} cannot be sent: it has a body`);
    const headers = await headersOf(asked, what, userAgent, tokens);
    headers.set('connection', 'close');
    const signal = timeLimit(asked);
    let status: number | undefined;
    const startedAt = now();
    try {
      for (let redirects = 0; ; redirects += 1) {
        const answer = await call({ ...next, headers, signal, ...trust }, (known) => {
          status = known;
        });
        const onward = asked.followRedirects ? redirectOf(answer, next) : undefined;
        if (onward === undefined || redirects === mostRedirects) {
          const { bytes, truncated, ...rest } = answer;
          const body = bytes.toString('utf8');
          return { ...rest, body, ...(truncated ? { truncated } : {}), durationMs: now() - startedAt };
        }
        next = onward;
      }
    } catch (error) {
      if (asked.signal?.aborted) throw stopped(what, asked.signal);
      // An answer that is stopped in its middle ends like one that was broken off.
      const reason: unknown = signal.aborted ? signal.reason : error;
      const fault = faultOfSilence(what, reason, asked.timeoutSeconds);
      if (status === undefined || fault.code !== 'timeout') throw fault;
      const words = `${what} answered ${status}, but its body has no end within ${asked.timeoutSeconds} s`;
      throw new Fault('timeout', words, { cause: error });
    }
  }

  return {
    request,
    webSocket: (asked) => converse(asked, { userAgent, tokens, now, ...trust }),
    certificate: (asked) => readCertificate(asked, trust),
  };
}

interface Asked {
  url: URL;
  method: string;
  body: string | undefined;
}

/** Where a redirect within the same origin leads, and how it is asked there (RFC 9110, 15.4). */
function redirectOf({ status, headers }: HttpAnswer, from: Asked): Asked | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, from.url.href)) return undefined;
  const url = new URL(location, from.url);
  if (url.origin !== from.url.origin) return undefined;
  if (status === 307 || status === 308) return { ...from, url };
  return { url, method: from.method === 'HEAD' ? 'HEAD' : 'GET', body: undefined };
}
