import type { RequestEvent } from '#local/run/request-event.ts';

/** A good request of a user at revision `hello-r1`. */
export const requestOf = (change: Partial<RequestEvent> = {}): RequestEvent => ({
  service: 'hello',
  revision: 'hello-r1',
  atMs: Date.UTC(2026, 0, 1),
  latencyMs: 12,
  status: 200,
  method: 'GET',
  url: 'http://127.0.0.1:8080/',
  userAgent: 'a browser',
  traceId: '0123456789abcdef0123456789abcdef',
  ...change,
});
