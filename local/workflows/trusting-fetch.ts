import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

const withoutBody = [204, 205, 304];

/**
 * `fetch` of one HTTPS server whose certificate that authority signed; any other authority is a stranger. It follows no
 * redirect.
 * @param caCertificate PEM
 * @throws TypeError as `fetch` does, with the reason as its cause
 */
export async function fetchTrusting(
  caCertificate: string,
  url: string,
  init: {
    method: string;
    headers: Headers;
    body: string | Uint8Array | null;
    signal: AbortSignal;
  },
): Promise<Response> {
  const { method, signal, body } = init;
  try {
    const sent = request(url, {
      method,
      headers: Object.fromEntries(init.headers),
      signal,
      ca: caCertificate,
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
