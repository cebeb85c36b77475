import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type LocalRequest, type LocalService } from '#local/http.ts';
import type { LogLine } from '#local/run/logs.ts';
import type { RequestEvent } from '#local/run/request-event.ts';
import { lineEntry, requestEntry, type StoredEntry } from './entries.ts';
import { onlyValue, parseFilter, type Term } from './filter.ts';

export interface LocalLogging extends LocalService {
  /** Writes a request to the request log. */
  observe(event: RequestEvent): void;
  /** How long an entry stays invisible, from now on. */
  configure(timing: { lagMs: number }): void;
}

const ListRequest = z.strictObject({
  resourceNames: z.array(z.string()).min(1),
  filter: z.string().default(''),
  orderBy: z.enum(['timestamp asc', 'timestamp desc']).default('timestamp asc'),
  pageSize: z.int().min(1).max(1000).default(50),
  pageToken: z.string().optional(),
});

/** Of each revision the newest requests are kept, in memory; its output is kept by Cloud Run. */
const keptRequests = 10_000;
const severities = [
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
];

/**
 * Cloud Logging v2 as far as it concerns Cloud Run: `entries:list` of one revision's requests, output and system lines.
 * Filters are those of `parseFilter` and must name service and revision; later pages are refused.
 */
export function createLogging(options: {
  clock: Clock;
  project: string;
  location: string;
  /** What a revision wrote; short names. */
  output: (service: string, revision: string) => LogLine[];
  lagMs?: number;
}): LocalLogging {
  const { clock, project, location } = options;
  let lagMs = options.lagMs ?? 2000;
  const requests = new Map<string, RequestEvent[]>();
  const keyOf = (service: string, revision: string): string => `${service}/${revision}`;

  function list(request: LocalRequest): unknown {
    const wanted = parsedBody(request, ListRequest);
    if (wanted.pageToken !== undefined) {
      throw new GoogleError('UNIMPLEMENTED', 'The local Logging answers the first page only');
    }
    if (wanted.resourceNames.some((name) => name !== `projects/${project}`)) {
      throw new GoogleError('PERMISSION_DENIED', `The caller may read logs of projects/${project} only`);
    }
    const terms = parseFilter(wanted.filter, Object.keys(fields));
    const service = onlyValue(terms, 'resource.labels.service_name');
    const revision = onlyValue(terms, 'resource.labels.revision_name');
    const origin = { project, location, service, revision };
    const before = clock.now() - lagMs;
    const entries = [
      ...(requests.get(keyOf(service, revision)) ?? [])
        .filter(({ atMs, latencyMs }) => atMs + latencyMs <= before)
        .map((event) => requestEntry(origin, event)),
      ...options
        .output(service, revision)
        .filter(({ time }) => Date.parse(time) <= before)
        .map((line) => lineEntry(origin, line)),
    ]
      .filter((entry) => terms.every((term) => holds(term, entry)))
      .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
    const ordered = wanted.orderBy === 'timestamp desc' ? entries.reverse() : entries;
    return {
      ...(ordered.length > 0 ? { entries: ordered.slice(0, wanted.pageSize) } : {}),
      ...(ordered.length > wanted.pageSize ? { nextPageToken: String(wanted.pageSize) } : {}),
    };
  }

  return {
    observe(event) {
      const key = keyOf(event.service, event.revision);
      const known = requests.get(key) ?? [];
      known.push(event);
      if (known.length > keptRequests) known.shift();
      requests.set(key, known);
    },
    configure: (timing) => {
      ({ lagMs } = timing);
    },
    routes: [{ method: 'POST', path: '/v2/entries:list', handle: (request) => ({ json: list(request) }) }],
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const label =
  (name: string) =>
  (entry: StoredEntry): string | undefined =>
    text((entry['resource'] as { labels: Record<string, string> }).labels[name]);

/** What can be compared, and how it is ordered. */
const fields: Record<
  string,
  { of: (entry: StoredEntry) => string | undefined; order?: (value: string) => number }
> = {
  'resource.type': { of: (entry) => (entry['resource'] as { type: string }).type },
  'resource.labels.service_name': { of: label('service_name') },
  'resource.labels.revision_name': { of: label('revision_name') },
  'resource.labels.location': { of: label('location') },
  'resource.labels.project_id': { of: label('project_id') },
  logName: { of: (entry) => entry.logName },
  timestamp: { of: (entry) => entry.timestamp, order: (value) => Date.parse(value) },
  severity: { of: (entry) => entry.severity ?? 'DEFAULT', order: (value) => severities.indexOf(value) },
  'httpRequest.status': { of: (entry) => entry.httpRequest?.status.toString(), order: Number },
  'httpRequest.userAgent': { of: (entry) => entry.httpRequest?.userAgent },
};

function holds({ field, operator, values, negated }: Term, entry: StoredEntry): boolean {
  const known = fields[field];
  const found = known?.of(entry);
  // A field that an entry does not have is like nothing, so that only NOT is true of it.
  return (found !== undefined && values.some((value) => compare(operator, found, value, field))) !== negated;
}

function compare(operator: Term['operator'], found: string, wanted: string, field: string): boolean {
  if (operator === ':') return found.toLowerCase().includes(wanted.toLowerCase());
  const order = fields[field]?.order;
  if (operator === '=' && !order) return found === wanted;
  const [left, right] = [order?.(found) ?? Number.NaN, order?.(wanted) ?? Number.NaN];
  if (Number.isNaN(right) || (field === 'severity' && right < 0)) {
    throw new GoogleError('INVALID_ARGUMENT', `Unparseable filter: ${field}${operator}"${wanted}"`);
  }
  switch (operator) {
    case '=':
      return left === right;
    case '>=':
      return left >= right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    case '<':
      return left < right;
  }
}
