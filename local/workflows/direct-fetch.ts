import { once } from 'node:events';
import { request as overHttp, type IncomingMessage } from 'node:http';
import { request as overHttps } from 'node:https';

interface Init {
  method: string;
  headers: Headers;
  body: string | Uint8Array | null;
  signal: AbortSignal;
  /** PEM of the one authority to trust over HTTPS, in place of the usual ones. */
  caCertificate?: string | undefined;
}

const withoutBody = [204, 205, 304];

/** Ports above the low ones that `fetch`, like a browser, does not connect to: https://fetch.spec.whatwg.org/#port-blocking */
const shunned = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10_080,
];

/** Whether `fetch` would refuse the request, or trust the wrong authorities. */
export function needsDirect(url: string, { method, body, caCertificate }: Init): boolean {
  const { protocol, port } = new URL(url);
  if (caCertificate !== undefined && protocol === 'https:') return true;
  if (body !== null && (method === 'GET' || method === 'HEAD')) return true;
  return port !== '' && (Number(port) < 1024 || shunned.includes(Number(port)));
}

/**
 * `fetch` for what it does not do: a body under any method, every port, one authority alone. It follows no redirect.
 * @throws TypeError as `fetch` does, with the reason as its cause
 */
export async function fetchDirectly(url: string, init: Init): Promise<Response> {
  const { method, signal, body, caCertificate } = init;
  try {
    const request = url.startsWith('https:') ? overHttps : overHttp;
    const sent = request(url, {
      method,
      headers: {
        ...Object.fromEntries(init.headers),
        ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      signal,
      ...(caCertificate === undefined ? {} : { ca: caCertificate }),
    });
    const answered = once(sent, 'response');
    sent.end(body ?? undefined);
    const [message] = (await answered) as [IncomingMessage];
    const headers = Object.entries(message.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
    const status = message.statusCode ?? 0;
    const empty = method === 'HEAD' || withoutBody.includes(status);
    return new Response(empty ? null : chunksOf(message), { status, headers });
  } catch (error) {
    throw new TypeError('fetch failed', { cause: error });
  }
}

async function* chunksOf(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of message) yield chunk as Uint8Array;
  } catch (error) {
    throw new TypeError('terminated', { cause: error });
  }
}
