import type { RequestEvent } from '#local/run/request-event.ts';

/** Exponential, as Google's request latencies are; these very figures are unverified. */
export const latencyBuckets = { numFiniteBuckets: 60, growthFactor: 1.2, scale: 1 } as const;

/** What was counted of one revision and status in one sampling period. */
export interface Sample {
  service: string;
  revision: string;
  status: number;
  startMs: number;
  endMs: number;
  requests: number;
  totalMs: number;
  bucketCounts: number[];
}

export interface Samples {
  /** Adds a request to the period it ended in. */
  add(event: RequestEvent, sampleMs: number): void;
  /** In order of time. */
  of(service: string, revision: string): Sample[];
}

/** A day of samples is enough for a deployment; older ones are dropped. */
const keptMs = 86_400_000;

export function createSamples(): Samples {
  let samples = new Map<string, Sample>();
  let newestMs = 0;
  return {
    add({ service, revision, status, atMs, latencyMs }, sampleMs) {
      const endedMs = atMs + latencyMs;
      const startMs = Math.floor(endedMs / sampleMs) * sampleMs;
      if (startMs > newestMs) {
        newestMs = startMs;
        samples = new Map([...samples].filter(([, sample]) => sample.endMs > newestMs - keptMs));
      }
      const key = [service, revision, status, startMs, sampleMs].join(' ');
      const sample = samples.get(key) ?? {
        service,
        revision,
        status,
        startMs,
        endMs: startMs + sampleMs,
        requests: 0,
        totalMs: 0,
        bucketCounts: Array.from({ length: latencyBuckets.numFiniteBuckets + 2 }, () => 0),
      };
      const bucket = bucketOf(latencyMs);
      sample.requests += 1;
      sample.totalMs += latencyMs;
      sample.bucketCounts[bucket] = (sample.bucketCounts[bucket] ?? 0) + 1;
      samples.set(key, sample);
    },
    of: (service, revision) =>
      [...samples.values()]
        .filter((sample) => sample.service === service && sample.revision === revision)
        .sort((a, b) => a.startMs - b.startMs),
  };
}

/** Bucket 0 is below `scale`, the last one above everything. */
function bucketOf(latencyMs: number): number {
  const { numFiniteBuckets, growthFactor, scale } = latencyBuckets;
  if (latencyMs < scale) return 0;
  return Math.min(numFiniteBuckets, Math.floor(Math.log(latencyMs / scale) / Math.log(growthFactor))) + 1;
}
