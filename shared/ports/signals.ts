import type { ServiceRef } from './cloud-run.ts';

/** Both ends in milliseconds since the epoch. */
export interface TimeWindow {
  fromMs: number;
  toMs: number;
}

/** How many requests took from `fromMs` to `toMs`; Infinity in the bucket that has no upper end. */
export interface LatencyBucket {
  fromMs: number;
  toMs: number;
  count: number;
}

/** Requests that one revision answered, whoever sent them: our own probes are among them (traps 18). */
export interface RequestStats {
  requests: number;
  /** Of them, those answered with 5xx. */
  serverErrors: number;
  /** Ascending, without empty buckets. Not a percentile: only who knows the distribution can leave own probes out. */
  latencies: LatencyBucket[];
  /** The part of the window that the figures speak of; undefined when there are none. */
  covered: TimeWindow | undefined;
}

export interface Monitoring {
  /** Only what was measured wholly inside the window; the newest minutes are not visible yet. */
  requestStats(ref: ServiceRef, revision: string, window: TimeWindow): Promise<RequestStats>;
}

export interface LogEntry {
  /** ISO 8601 */
  at: string;
  /** Google's: `DEFAULT`, `INFO`, `ERROR` … */
  severity: string;
  text: string;
  status?: number;
  userAgent?: string;
  traceId?: string;
}

export interface Logging {
  /**
   * The newest entries of one revision, newest last: `server-errors` are users' requests that were answered with 5xx (not
   * our probes'), `container` what the container wrote and what Cloud Run says of it, `system` the latter alone. Seconds late.
   */
  entries(
    ref: ServiceRef,
    revision: string,
    query: { fromMs: number; toMs?: number; kind: 'server-errors' | 'container' | 'system'; limit: number },
  ): Promise<LogEntry[]>;
}
