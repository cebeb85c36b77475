import { randomUUID } from 'node:crypto';
import type { Deps } from '#functions/deps.ts';
import { api } from '#functions/triggers/api.ts';
import { systemClock } from '#shared/clock.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { AdmitMessage } from '#shared/domain/requests.ts';
import type { Ledger, RequestRecord } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { serve, tokenOf, type Served } from './serve.ts';

/** The real api function over a real socket; what comes of a request is the test's to say. */
export interface ApiServer extends Served {
  ledger: Ledger;
  /** What came on `deploy-requests`. */
  asked: AdmitMessage[];
  /** Decides the next requests, as `admit` would. */
  decide(record: Pick<RequestRecord, 'decision' | 'reason'> & Partial<RequestRecord>): void;
  put(...deployments: Deployment[]): Promise<void>;
}

export const token = tokenOf('ana@example.com');

export async function openApi(): Promise<ApiServer> {
  const ledger = openSqliteLedger(':memory:');
  const asked: AdmitMessage[] = [];
  let decision: Parameters<ApiServer['decide']>[0] | undefined;
  const deps = {
    ledger,
    clock: systemClock,
    newId: randomUUID,
    // No service file: everybody may do everything.
    objects: { list: async () => [] },
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
  const served = await serve((request) => api(deps, request));
  return {
    ...served,
    ledger,
    asked,
    decide: (record) => (decision = record),
    put: (...deployments) =>
      ledger.transaction(async (tx) => {
        for (const deployment of deployments) await tx.put('deployments', deployment.id, deployment);
      }),
    async close() {
      await served.close();
      ledger.close();
    },
  };
}
