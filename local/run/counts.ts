/** How many requests a revision answered, by who asked and how it went; what a monitoring API can read. */
type RequestKind = 'user' | 'probe';
/** `1xx` is a WebSocket that was opened; `aborted` is a request whose caller left before the answer began. */
type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'aborted';
export type RequestCounts = Record<string, Record<RequestKind, Partial<Record<StatusClass, number>>>>;

export interface Counts {
  add(service: string, revision: string, userAgent: string | undefined, status: number | 'aborted'): void;
  /** By revision's short name. */
  of(service: string): RequestCounts;
  reset(service: string): void;
}

/** Requests of the product's own probes are told by their user agent, `Slipway/…`. */
export function createCounts(): Counts {
  const services = new Map<string, RequestCounts>();
  return {
    add(service, revision, userAgent = '', status) {
      const kind = userAgent.startsWith('Slipway/') ? 'probe' : 'user';
      const outcome = status === 'aborted' ? status : (`${Math.floor(status / 100)}xx` as StatusClass);
      const counts = services.get(service) ?? {};
      services.set(service, counts);
      const mine = (counts[revision] ??= { user: {}, probe: {} })[kind];
      mine[outcome] = (mine[outcome] ?? 0) + 1;
    },
    of: (service) => structuredClone(services.get(service) ?? {}),
    reset: (service) => void services.delete(service),
  };
}
