import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedValue, type LocalRequest, type LocalService } from '#local/http.ts';
import { onlyValue, parseFilter } from '#local/logging/filter.ts';
import type { RequestEvent } from '#local/run/request-event.ts';
import { createSamples, latencyBuckets, type Sample } from './points.ts';

export interface MonitoringTiming {
  /** How long one sample lasts; 60 s on Google. */
  sampleMs: number;
  /** How long a finished sample stays invisible; up to 180 s on Google. */
  lagMs: number;
}

export interface LocalMonitoring extends LocalService {
  /** Counts a request. Nothing tells a probe of Slipway's from a user's request, as on Google. */
  observe(event: RequestEvent): void;
  /** Changes the timing from now on. */
  configure(timing: Partial<MonitoringTiming>): void;
}

const Query = z.strictObject({
  filter: z.string(),
  'interval.startTime': z.iso.datetime({ offset: true }),
  'interval.endTime': z.iso.datetime({ offset: true }),
  view: z.literal('FULL').default('FULL'),
});

const required = [
  'metric.type',
  'resource.type',
  'resource.labels.service_name',
  'resource.labels.revision_name',
] as const;
const optional = ['resource.labels.location', 'resource.labels.project_id'] as const;

/**
 * Cloud Monitoring v3 as far as it concerns Cloud Run: `timeSeries.list` of the requests of one revision, by status, as
 * they were sampled. Aggregation and paging are refused. In memory: metrics do not survive a restart.
 */
export function createMonitoring(options: {
  clock: Clock;
  project: string;
  location: string;
  timing?: Partial<MonitoringTiming>;
}): LocalMonitoring {
  const { clock, project, location } = options;
  let timing: MonitoringTiming = { sampleMs: 60_000, lagMs: 180_000, ...options.timing };
  const samples = createSamples();

  function list(request: LocalRequest): unknown {
    if (request.params['project'] !== project) {
      throw new GoogleError(
        'PERMISSION_DENIED',
        `Permission denied on project "${request.params['project']}".`,
      );
    }
    const query = queryOf(request.url.searchParams);
    const startMs = Date.parse(query['interval.startTime']);
    const endMs = Date.parse(query['interval.endTime']);
    if (endMs < startMs) {
      throw new GoogleError('INVALID_ARGUMENT', 'The interval ends before it starts.');
    }
    const terms = parseFilter(query.filter, [...required, ...optional]);
    const [metric = '', type, service = '', revision = ''] = required.map((field) => onlyValue(terms, field));
    const kind = kinds[metric];
    if (!kind || type !== 'cloud_run_revision') {
      throw new GoogleError(
        'UNIMPLEMENTED',
        `The local Monitoring has no metric ${metric} of ${type}: expected one of ${Object.keys(kinds).join(', ')} of cloud_run_revision`,
      );
    }
    const isHere = optional.every((field, index) => {
      if (!terms.some((term) => term.field === field)) return true;
      return onlyValue(terms, field) === [location, project][index];
    });
    const visible = samples
      .of(service, revision)
      .filter(
        (sample) =>
          isHere &&
          sample.endMs + timing.lagMs <= clock.now() &&
          sample.endMs > startMs &&
          sample.endMs <= endMs,
      );
    const timeSeries = [...Map.groupBy(visible, ({ status }) => status)].map(([status, ofStatus]) => ({
      metric: {
        type: metric,
        labels: { response_code: String(status), response_code_class: `${Math.floor(status / 100)}xx` },
      },
      resource: {
        type,
        labels: {
          project_id: project,
          location,
          service_name: service,
          configuration_name: service,
          revision_name: revision,
        },
      },
      metricKind: 'DELTA',
      valueType: kind.valueType,
      // Newest first, as Google's.
      points: ofStatus.toReversed().map((sample) => ({
        interval: { startTime: isoOf(sample.startMs), endTime: isoOf(sample.endMs) },
        value: kind.value(sample),
      })),
    }));
    return timeSeries.length === 0 ? {} : { timeSeries };
  }

  return {
    observe: (event) => samples.add(event, timing.sampleMs),
    configure: (change) => {
      timing = { ...timing, ...change };
    },
    routes: [
      {
        method: 'GET',
        path: '/v3/projects/{project}/timeSeries',
        handle: (request) => ({ json: list(request) }),
      },
    ],
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

const kinds: Record<string, { valueType: string; value(sample: Sample): unknown }> = {
  'run.googleapis.com/request_count': {
    valueType: 'INT64',
    value: ({ requests }) => ({ int64Value: String(requests) }),
  },
  'run.googleapis.com/request_latencies': {
    valueType: 'DISTRIBUTION',
    value: ({ requests, totalMs, bucketCounts }) => ({
      distributionValue: {
        count: String(requests),
        mean: totalMs / requests,
        bucketOptions: { exponentialBuckets: latencyBuckets },
        bucketCounts: bucketCounts.slice(0, bucketCounts.findLastIndex((count) => count > 0) + 1).map(String),
      },
    }),
  },
};

/** @throws GoogleError UNIMPLEMENTED for what Google knows and this does not */
function queryOf(parameters: URLSearchParams): z.output<typeof Query> {
  const missing = [...parameters.keys()].find((name) =>
    /^(aggregation|secondaryAggregation|page|orderBy)/.test(name),
  );
  if (missing !== undefined) {
    throw new GoogleError('UNIMPLEMENTED', `The local Monitoring does not support the parameter ${missing}`);
  }
  return parsedValue(Query, Object.fromEntries(parameters));
}
