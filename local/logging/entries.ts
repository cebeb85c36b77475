import type { LogLine } from '#local/run/logs.ts';
import type { RequestEvent } from '#local/run/request-event.ts';

/** An entry as Cloud Logging answers it, and when it can first be found. */
export interface StoredEntry {
  logName: string;
  timestamp: string;
  severity?: string;
  httpRequest?: { status: number; userAgent: string; [more: string]: unknown };
  [more: string]: unknown;
}

interface Origin {
  project: string;
  location: string;
  service: string;
  revision: string;
}

const logName = (project: string, log: string): string =>
  `projects/${project}/logs/run.googleapis.com%2F${log}`;

const resourceOf = ({ project, location, service, revision }: Origin): unknown => ({
  type: 'cloud_run_revision',
  labels: {
    project_id: project,
    location,
    service_name: service,
    configuration_name: service,
    revision_name: revision,
  },
});

/** The request log. Severities by status as seen in real ones: INFO, WARNING for 4xx, ERROR for 5xx. */
export function requestEntry(origin: Origin, event: RequestEvent): StoredEntry {
  return {
    logName: logName(origin.project, 'requests'),
    resource: resourceOf(origin),
    timestamp: new Date(event.atMs).toISOString(),
    severity: event.status >= 500 ? 'ERROR' : event.status >= 400 ? 'WARNING' : 'INFO',
    httpRequest: {
      requestMethod: event.method,
      requestUrl: event.url,
      status: event.status,
      userAgent: event.userAgent,
      latency: `${event.latencyMs / 1000}s`,
      protocol: 'HTTP/1.1',
    },
    trace: `projects/${origin.project}/traces/${event.traceId}`,
  };
}

const logs = { stdout: 'stdout', stderr: 'stderr', system: 'varlog%2Fsystem' } as const;

/**
 * What a container wrote, or Cloud Run of it. A line that is a JSON object is structured, with its own severity:
 * https://cloud.google.com/run/docs/logging#using-json. The severity of a system line is unverified.
 */
export function lineEntry(origin: Origin, { time, stream, text }: LogLine): StoredEntry {
  const { severity = stream === 'system' ? 'WARNING' : undefined, ...json } = jsonObject(text) ?? {};
  const isStructured = Object.keys(json).length > 0;
  return {
    logName: logName(origin.project, logs[stream]),
    resource: resourceOf(origin),
    timestamp: time,
    ...(typeof severity === 'string' ? { severity } : {}),
    ...(isStructured ? { jsonPayload: json } : { textPayload: text }),
  };
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Text that only looks like JSON is text.
    return undefined;
  }
}
