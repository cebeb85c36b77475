import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Push {
  headers: IncomingHttpHeaders;
  body: {
    message: Record<string, unknown>;
    subscription: string;
    deliveryAttempt?: number;
  };
}

/** A real receiver of pushes; `answer` decides, and answers 204 unless told otherwise. */
export async function createReceiver(
  answer: (push: Push, response: ServerResponse, count: number) => void = (_, response) => {
    response.writeHead(204).end();
  },
) {
  const pushes: Push[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Push['body'];
      const push = { headers: request.headers, body };
      pushes.push(push);
      answer(push, response, pushes.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    pushes,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/projects/p/topics/t`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
