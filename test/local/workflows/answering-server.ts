import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

export interface Asked {
  /** `GET /service/path?query` */
  line: string;
  authorization: string | undefined;
  body: unknown;
}

/** A server that gives these answers in turn, whatever it is asked. */
export async function answering(answers: unknown[]) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    asked.push({
      line: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      body: text === '' ? undefined : JSON.parse(text),
    });
    const next = answers.shift();
    response
      .writeHead(next === undefined ? 418 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(next ?? { error: 'asked too often' }));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: (): void => {
      server.closeAllConnections();
      server.close();
    },
  };
}
