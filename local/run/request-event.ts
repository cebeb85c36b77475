/** One request that a revision answered, as the proxy saw it: what metrics and request logs are made of. */
export interface RequestEvent {
  /** Short names. */
  service: string;
  revision: string;
  /** When it arrived; milliseconds since the epoch. */
  atMs: number;
  /** Without the start of an instance, as Cloud Run measures it. */
  latencyMs: number;
  /** 499 when the caller left before the answer began. */
  status: number;
  method: string;
  url: string;
  userAgent: string;
  /** 32 hexadecimal digits: the caller's, or a new one. */
  traceId: string;
}
