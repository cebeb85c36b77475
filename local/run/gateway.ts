import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '#shared/clock.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Collection, Store } from '#local/store.ts';
import type { Counts } from './counts.ts';
import type { Instances, RevisionSpec } from './instances.ts';
import { checkInvoker } from './invoker.ts';
import { openAddress, type Address, type Decision } from './proxy.ts';
import type { ServiceRecord } from './records.ts';
import type { RequestEvent } from './request-event.ts';
import { drawRevision } from './traffic.ts';

/** What the gateway asks about a service at each request; ids are short names. */
export interface ServingView {
  service(id: string): ServiceRecord | undefined;
  spec(serviceId: string, revision: string): RevisionSpec | undefined;
}

/** The addresses of services and tags. Each keeps its port over restarts, as long as no other program took it. */
export interface Gateway {
  /** Opens the address unless it is open. @returns `http://127.0.0.1:PORT` */
  open(service: string, tag?: string): Promise<string>;
  /** Closes the addresses of the service's tags that are not in `tags`; running requests finish. */
  retainTags(service: string, tags: ReadonlySet<string>): void;
  /** Closes all addresses of the service. One of the same name would get them again, as on Cloud Run. */
  remove(service: string): Promise<void>;
  stop(): Promise<void>;
}

export function createGateway(options: {
  store: Store;
  clock: Clock;
  identity: Identity;
  instances: Instances;
  counts: Counts;
  random: () => number;
  mayInvoke: (email: string, service: string) => boolean;
  isInVpc: boolean;
  view: ServingView;
  onRequest: (event: RequestEvent) => void;
  onError: (error: unknown) => void;
}): Gateway {
  const { clock, onError, view } = options;
  const ports: Collection<{ port: number }> = options.store.collection('run-ports');
  const open = new Map<string, { service: string; tag: string | undefined; address: Promise<Address> }>();

  async function decide(request: IncomingMessage, id: string, tag: string | undefined): Promise<Decision> {
    const record = view.service(id);
    if (!record || !isOpen(record.service, options.isInVpc)) {
      return refused(404, 'The requested URL was not found on this server.');
    }
    const { service, policy, routing } = record;
    const refusal = await checkInvoker({
      headers: request.headers,
      service,
      policy,
      identity: options.identity,
      mayInvoke: (email) => options.mayInvoke(email, id),
    });
    if (refusal) return { kind: 'refused', refusal };
    const revision = drawRevision(routing.assignments, tag, options.random);
    const spec = revision === undefined ? undefined : view.spec(id, revision);
    if (spec === undefined) return refused(503, 'The service has no revision that can serve.');
    const atMs = clock.now();
    let startedMs = atMs;
    const { 'user-agent': userAgent = '', host = '' } = request.headers;
    return {
      kind: 'revision',
      timeoutMs: Number((spec.template.timeout ?? '300s').slice(0, -1)) * 1000,
      async acquire() {
        const lease = await options.instances.acquire(spec);
        startedMs = clock.now();
        return lease;
      },
      done(status) {
        options.counts.add(id, spec.revision, userAgent, status);
        options.onRequest({
          service: id,
          revision: spec.revision,
          atMs,
          latencyMs: clock.now() - startedMs,
          status: status === 'aborted' ? 499 : status,
          method: request.method ?? '',
          url: `http://${host}${request.url ?? ''}`,
          userAgent,
          traceId: traceOf(request),
        });
      },
    };
  }

  async function listen(service: string, tag: string | undefined, key: string): Promise<Address> {
    const at = (port: number): Promise<Address> =>
      openAddress({ port, clock, decide: (request) => decide(request, service, tag), onError });
    const known = ports.get(key)?.port ?? 0;
    const address = await at(known).catch((error: unknown) => {
      if (known === 0) throw error;
      onError(new Error(`Port ${known} of ${key} is taken: its address changes`, { cause: error }));
      return at(0);
    });
    ports.put(key, { port: address.port });
    return address;
  }

  function close(which: (service: string, tag: string | undefined) => boolean): Promise<unknown> {
    const closing = [...open].filter(([, { service, tag }]) => which(service, tag));
    for (const [key] of closing) open.delete(key);
    return Promise.all(closing.map(async ([, { address }]) => (await address).close()));
  }

  return {
    async open(service, tag) {
      const key = tag === undefined ? service : `${tag}---${service}`;
      const known = open.get(key) ?? { service, tag, address: listen(service, tag, key) };
      open.set(key, known);
      known.address.catch(() => open.delete(key));
      return `http://127.0.0.1:${(await known.address).port}`;
    },
    retainTags(service, tags) {
      for (const [key, entry] of open) {
        if (entry.service !== service || entry.tag === undefined || tags.has(entry.tag)) continue;
        open.delete(key);
        entry.address.then((address) => address.drain()).catch(onError);
      }
    },
    remove: async (service) => void (await close((owner) => owner === service)),
    stop: async () => void (await close(() => true)),
  };
}

/** https://cloud.google.com/trace/docs/trace-context: W3C's header first, then Google's own. */
function traceOf({ headers }: IncomingMessage): string {
  const given = `${String(headers['traceparent'] ?? '')} ${String(headers['x-cloud-trace-context'] ?? '')}`;
  return /[0-9a-f]{32}/.exec(given)?.[0] ?? randomUUID().replaceAll('-', '');
}

/** A disabled address answers nobody, internal ingress only who calls from the VPC. */
function isOpen({ ingress, defaultUriDisabled }: ServiceRecord['service'], isInVpc: boolean): boolean {
  if (defaultUriDisabled || ingress === 'INGRESS_TRAFFIC_NONE') return false;
  return ingress === 'INGRESS_TRAFFIC_ALL' || isInVpc;
}

function refused(status: number, message: string): Decision {
  return { kind: 'refused', refusal: { status, message } };
}
