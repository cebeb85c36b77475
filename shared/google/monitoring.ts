import { z } from 'zod';
import type { ServiceRef } from '#shared/ports/cloud-run.ts';
import type { LatencyBucket, Monitoring, RequestStats, TimeWindow } from '#shared/ports/signals.ts';
import type { Rest } from './rest.ts';

/** Of one page; several looks must fit into a dispatch. */
const timeoutSeconds = 10;

/** int64 is text in Google's JSON. */
const Count = z.union([z.string().regex(/^\d+$/), z.int().nonnegative()]).transform(Number);

const BucketOptions = z.union([
  z.object({
    exponentialBuckets: z.object({ numFiniteBuckets: z.int(), growthFactor: z.number(), scale: z.number() }),
  }),
  z.object({
    linearBuckets: z.object({
      numFiniteBuckets: z.int(),
      width: z.number(),
      offset: z.number().default(0),
    }),
  }),
  z.object({ explicitBuckets: z.object({ bounds: z.array(z.number()) }) }),
]);

const Requests = z.object({ int64Value: Count });
const Latencies = z.object({
  distributionValue: z.object({
    bucketCounts: z.array(Count).default([]),
    bucketOptions: BucketOptions.optional(),
  }),
});

const Time = z.string().transform((text) => Date.parse(text));

const listOf = <Value extends z.ZodType>(value: Value) =>
  z.object({
    timeSeries: z
      .array(
        z.object({
          metric: z.object({
            labels: z
              .object({ response_code_class: z.string().default('') })
              .default({ response_code_class: '' }),
          }),
          points: z
            .array(z.object({ interval: z.object({ startTime: Time, endTime: Time }), value }))
            .default([]),
        }),
      )
      .default([]),
    nextPageToken: z.string().default(''),
  });

const requestList = listOf(Requests);
const latencyList = listOf(Latencies);

/**
 * Cloud Monitoring v3, `timeSeries.list` of `run.googleapis.com/request_count` and `request_latencies`. The points are
 * read as they were sampled and added up here: an aligner works on periods of at least 60 s that reach out of the window,
 * and what was measured before the traffic moved must not speak of the time after it.
 */
export function createMonitoring(options: { endpoint: string; rest: Rest }): Monitoring {
  const { endpoint, rest } = options;

  /** Every point that lies wholly inside the window, with its response code class. */
  async function points<T>(
    list: z.ZodType<SeriesList<T>>,
    metric: string,
    ref: ServiceRef,
    revision: string,
    window: TimeWindow,
  ): Promise<(Point<T> & { codes: string })[]> {
    const query = new URLSearchParams({
      filter: [
        `metric.type="run.googleapis.com/${metric}"`,
        'resource.type="cloud_run_revision"',
        `resource.labels.service_name=${JSON.stringify(ref.name)}`,
        `resource.labels.revision_name=${JSON.stringify(revision)}`,
        `resource.labels.location=${JSON.stringify(ref.region)}`,
      ].join(' AND '),
      'interval.startTime': new Date(window.fromMs).toISOString(),
      'interval.endTime': new Date(window.toMs).toISOString(),
      view: 'FULL',
    });
    const url = `${endpoint}/v3/projects/${encodeURIComponent(ref.project)}/timeSeries`;
    const found: (Point<T> & { codes: string })[] = [];
    let pageToken = '';
    do {
      if (pageToken !== '') query.set('pageToken', pageToken);
      const page = await rest.json(list, { url: `${url}?${query.toString()}`, timeoutSeconds });
      for (const series of page.timeSeries) {
        const codes = series.metric.labels.response_code_class;
        found.push(...series.points.map((point) => ({ ...point, codes })));
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return found.filter(
      ({ interval }) => interval.startTime >= window.fromMs && interval.endTime <= window.toMs,
    );
  }

  return {
    async requestStats(ref, revision, window) {
      const [counted, timed] = await Promise.all([
        points(requestList, 'request_count', ref, revision, window),
        points(latencyList, 'request_latencies', ref, revision, window),
      ]);
      const sum = (list: typeof counted): number =>
        list.reduce((total, { value }) => total + value.int64Value, 0);
      return {
        requests: sum(counted),
        serverErrors: sum(counted.filter(({ codes }) => codes === '5xx')),
        latencies: addedUp(timed.flatMap(({ value }) => bucketsOf(value.distributionValue))),
        covered: coveredBy(counted),
      };
    },
  };
}

interface Point<T> {
  interval: { startTime: number; endTime: number };
  value: T;
}

interface SeriesList<T> {
  timeSeries: { metric: { labels: { response_code_class: string } }; points: Point<T>[] }[];
  nextPageToken: string;
}

function coveredBy(points: Point<unknown>[]): RequestStats['covered'] {
  if (points.length === 0) return undefined;
  return {
    fromMs: Math.min(...points.map(({ interval }) => interval.startTime)),
    toMs: Math.max(...points.map(({ interval }) => interval.endTime)),
  };
}

/**
 * The buckets of a Distribution with their bounds. The first one ends at the first bound, the last one has no end;
 * trailing empty ones may be missing: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#Distribution
 */
function bucketsOf(distribution: z.output<typeof Latencies>['distributionValue']): LatencyBucket[] {
  const bounds = distribution.bucketOptions === undefined ? [] : boundsOf(distribution.bucketOptions);
  return distribution.bucketCounts.flatMap((count, index) =>
    count === 0
      ? []
      : [{ fromMs: Math.max(0, bounds[index - 1] ?? 0), toMs: bounds[index] ?? Infinity, count }],
  );
}

function boundsOf(options: z.output<typeof BucketOptions>): number[] {
  if ('explicitBuckets' in options) return options.explicitBuckets.bounds;
  if ('linearBuckets' in options) {
    const { numFiniteBuckets, width, offset } = options.linearBuckets;
    return Array.from({ length: numFiniteBuckets + 1 }, (_, index) => offset + width * index);
  }
  const { numFiniteBuckets, growthFactor, scale } = options.exponentialBuckets;
  return Array.from({ length: numFiniteBuckets + 1 }, (_, index) => scale * growthFactor ** index);
}

/** One bucket per range, ascending. */
function addedUp(buckets: LatencyBucket[]): LatencyBucket[] {
  const sums = new Map<string, LatencyBucket>();
  for (const bucket of buckets) {
    const key = `${bucket.fromMs}-${bucket.toMs}`;
    sums.set(key, { ...bucket, count: bucket.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()].sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}
