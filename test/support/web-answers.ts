import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A web server that answers every request so; `undefined` never answers. */
export async function answering(answer: (body: unknown) => Answer | undefined) {
  const requests: { path: string; headers: IncomingHttpHeaders; body: unknown }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
      const body: unknown = isJson ? JSON.parse(text) : text;
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      const given = answer(body);
      if (given) response.writeHead(given.status, given.headers).end(given.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}
