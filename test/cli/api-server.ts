import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Deps } from '#functions/deps.ts';
import { api } from '#functions/triggers/api.ts';
import { systemClock } from '#shared/clock.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { AdmitMessage } from '#shared/domain/requests.ts';
import type { Ledger, RequestRecord } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';

/** The real api function over a real socket; what comes of a request is the test's to say. */
export interface ApiServer {
  url: string;
  ledger: Ledger;
  /** What came on `deploy-requests`. */
  asked: AdmitMessage[];
  /** Decides the next requests, as `admit` would. */
  decide(record: Pick<RequestRecord, 'decision' | 'reason'> & Partial<RequestRecord>): void;
  put(...deployments: Deployment[]): Promise<void>;
  /** Answers this to the next request instead; `cut` handles it and says nothing. */
  next(fault: { status: number; body: string; location?: string } | 'cut'): void;
  close(): Promise<void>;
}

/** A token whose e-mail the api reads; the platform in front of it has checked it. */
export const token = `x.${Buffer.from(JSON.stringify({ email: 'ana@example.com' })).toString('base64url')}.y`;

export async function openApi(): Promise<ApiServer> {
  const ledger = openSqliteLedger(':memory:');
  const asked: AdmitMessage[] = [];
  let decision: Parameters<ApiServer['decide']>[0] | undefined;
  const faults: Parameters<ApiServer['next']>[0][] = [];
  const deps = {
    ledger,
    clock: systemClock,
    log: () => undefined,
    callback: { post: async () => 200 },
    pubsub: {
      async publish(topic: string, data: unknown) {
        if (topic !== 'deploy-requests') return;
        const message = AdmitMessage.parse(data);
        asked.push(message);
        if (message.kind !== 'deploy' || !decision) return;
        const { requestId, requestedBy, requestedAt: at, service, environment } = message;
        const record = { requestId, requestedBy, at, service, environment, ...decision };
        await ledger.transaction((tx) => tx.put('requests', `${requestId}.${service}`, record));
      },
    },
  } as unknown as Deps;

  async function answer(message: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const url = new URL(message.url ?? '/', 'http://localhost');
    const text = (await buffer(message)).toString('utf8');
    return api(deps, {
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
    ledger,
    asked,
    decide: (record) => (decision = record),
    put: (...deployments) =>
      ledger.transaction(async (tx) => {
        for (const deployment of deployments) await tx.put('deployments', deployment.id, deployment);
      }),
    next: (fault) => faults.push(fault),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      ledger.close();
    },
  };
}
