import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { serve, type Route } from '#local/http.ts';
import { createIdentity } from '#local/identity/identity.ts';
import { openStore } from '#local/store.ts';
import { systemClock } from '#shared/clock.ts';
import type { Tokens } from '#shared/google/auth.ts';
import { createRest } from '#shared/google/rest.ts';

export const email = 'deploy@slipway-local.iam.gserviceaccount.com';

/** What every service of the local cloud stands on, and our side of it: tokens and calls as `email`. */
export async function openCloud() {
  const store = openStore(':memory:');
  const identity = await createIdentity({ store, clock: systemClock, issuer: 'http://127.0.0.1' });
  const tokens: Tokens = {
    access: async () => identity.accessToken(email),
    identity: (audience) => identity.idToken(email, audience),
  };
  /** @returns the origin of a listener that lets nobody in without an access token */
  const listen = async (routes: Route[]): Promise<string> => {
    const server = await serve({ routes, authenticate: (token) => identity.authenticate(token) });
    onTestFinished(() => server.close());
    return server.origin;
  };
  return { store, identity, tokens, rest: createRest({ tokens }), listen, clock: systemClock };
}

export const token = 'ya29.secret-token';

export const fixedTokens: Tokens = {
  access: async () => token,
  identity: async (audience) => `identity-for-${audience}`,
};

export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A server that answers what a test says, for what the local cloud never answers. `undefined` never answers. */
export async function openServer(answer: (seen: Seen) => Answer | undefined) {
  const requests: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(seen);
      const given = answer(seen);
      if (given === undefined) return;
      response.writeHead(given.status ?? 200, given.headers);
      response.end(given.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** An address where nothing listens: a port that was just given back. */
export async function closedOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
