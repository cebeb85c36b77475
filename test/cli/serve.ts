import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ApiAnswer, ApiRequest } from '#functions/triggers/answers.ts';

/** An answer that is given instead of the api's; `cut` lets it handle the request and says nothing. */
type Fault = { status: number; body: string; location?: string } | 'cut';

export interface Served {
  url: string;
  /** For the next request that has none yet. */
  next(fault: Fault): void;
  close(): Promise<void>;
}

/** A token whose e-mail the api reads; the platform in front of it has checked it. */
export const tokenOf = (email: string): string =>
  `x.${Buffer.from(JSON.stringify({ email })).toString('base64url')}.y`;

/** The api function over a real socket. */
export async function serve(api: (request: ApiRequest) => Promise<ApiAnswer>): Promise<Served> {
  const faults: Fault[] = [];

  async function answer(message: IncomingMessage): Promise<ApiAnswer> {
    const url = new URL(message.url ?? '/', 'http://localhost');
    const text = (await buffer(message)).toString('utf8');
    return api({
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      authorization: message.headers.authorization,
      body: text === '' ? undefined : JSON.parse(text),
    });
  }

  const server = createServer((message, response) => {
    const fault = faults.shift();
    if (fault !== undefined && fault !== 'cut') {
      response.writeHead(fault.status, fault.location === undefined ? {} : { location: fault.location });
      response.end(fault.body);
      return;
    }
    void answer(message).then(({ status, body }) => {
      if (fault === 'cut') response.destroy();
      else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: (fault) => faults.push(fault),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
