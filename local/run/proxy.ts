import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProxyServer } from 'http-proxy-3';
import type { Clock } from '#shared/clock.ts';
import { RevisionFailure } from './revision-status.ts';
import type { Refusal } from './invoker.ts';
import type { Lease } from './instances.ts';

/** Where one request goes, decided per request. */
export type Decision =
  | { kind: 'refused'; refusal: Refusal }
  | {
      kind: 'revision';
      timeoutMs: number;
      acquire(): Promise<Lease>;
      /** Called once, when the request is over. */
      done(status: number | 'aborted'): void;
    };

export interface Address {
  port: number;
  /** Takes no new requests; resolves when the running ones have finished. */
  drain(): Promise<void>;
  /** Ends running requests too. */
  close(): Promise<void>;
}

const brokenInstance =
  'The request failed because either the HTTP response was malformed or connection to the instance had an error.';

/**
 * One loopback address of a service or of a tag: a listener of its own in front of whatever `decide` names. WebSockets
 * pass. No header tells the revision, as on Cloud Run.
 * @param port 0 for any
 */
export async function openAddress(options: {
  port: number;
  clock: Clock;
  decide: (request: IncomingMessage) => Promise<Decision>;
  onError: (error: unknown) => void;
}): Promise<Address> {
  const { clock, onError } = options;
  let { port } = options;
  const proxy = new ProxyServer({ xfwd: true });
  const upstreams = new WeakMap<IncomingMessage, { destroy(): void }>();
  proxy.on('proxyReq', (upstream, request) => void upstreams.set(request, upstream));
  // An instance that dies in the middle of an answer: the caller must see a broken one, not wait for ever.
  proxy.on('proxyRes', (answer, _, response) => void answer.on('aborted', () => response.destroy()));
  const upgraded = new Set<Duplex>();
  // A request may last an hour on Cloud Run; the service's own timeout is kept below.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    forward(request, response).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      onError(error);
      socket.destroy();
    });
  });

  async function decide(request: IncomingMessage): Promise<Decision> {
    const host = request.headers.host ?? '';
    if (host === `127.0.0.1:${port}` || host === `localhost:${port}`) return options.decide(request);
    // Another name that leads here is DNS rebinding by a page in a browser.
    return { kind: 'refused', refusal: { status: 404, message: `No service has the host "${host}"` } };
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const decision = await decide(request);
    if (decision.kind === 'refused') return answer(response, decision.refusal);
    const over = new AbortController();
    response.once('close', () => {
      over.abort();
      decision.done(response.headersSent ? response.statusCode : 'aborted');
    });
    const lease = await decision.acquire().catch((error: unknown) => {
      reportUnlessFailure(error);
      answer(response, { status: 503, message: brokenInstance });
    });
    if (!lease) return;
    if (response.closed) return lease.release();
    response.once('close', () => lease.release());

    let late = false;
    after(decision.timeoutMs, over.signal, () => {
      late = true;
      if (response.headersSent) response.destroy();
      else upstreams.get(request)?.destroy();
    });
    proxy.web(request, response, { target: `http://127.0.0.1:${lease.port}` }, () => {
      if (late) answer(response, { status: 504, message: 'upstream request timeout' });
      else answer(response, { status: 503, message: brokenInstance });
    });
  }

  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const decision = await decide(request);
    if (decision.kind === 'refused') return refuseUpgrade(socket, decision.refusal.status);
    let status: number | 'aborted' = 'aborted';
    const over = new AbortController();
    socket.once('close', () => {
      over.abort();
      decision.done(status);
    });
    const lease = await decision.acquire().catch(reportUnlessFailure);
    if (!lease) {
      status = 503;
      return refuseUpgrade(socket, status);
    }
    if (socket.destroyed) return lease.release();
    socket.once('close', () => lease.release());
    status = 101;
    after(decision.timeoutMs, over.signal, () => socket.destroy());
    proxy.ws(request, socket, head, { target: `http://127.0.0.1:${lease.port}` }, () => {
      status = 503;
    });
  }

  function after(ms: number, calledOff: AbortSignal, action: () => void): void {
    clock.sleep(ms, calledOff).then(action, () => undefined); // rejected means over in time
  }

  function reportUnlessFailure(error: unknown): void {
    if (!(error instanceof RevisionFailure)) onError(error);
  }

  await listen(server, options.port);
  port = (server.address() as AddressInfo).port;
  const drain = (): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));
  return {
    port,
    drain,
    async close() {
      const drained = drain();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await drained;
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(response: ServerResponse, { status, message }: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' };
  if (status === 401)
    headers['www-authenticate'] = `Bearer error="invalid_token", error_description="${message}"`;
  response.writeHead(status, headers);
  response.end(`${message}\n`);
}

function refuseUpgrade(socket: Socket, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
