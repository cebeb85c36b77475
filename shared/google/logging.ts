import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { ServiceRef } from '#shared/ports/cloud-run.ts';
import type { LogEntry, Logging } from '#shared/ports/signals.ts';
import type { Rest } from './rest.ts';

const Entry = z.object({
  timestamp: z.string(),
  severity: z.string().default('DEFAULT'),
  textPayload: z.string().optional(),
  jsonPayload: z.record(z.string(), z.unknown()).optional(),
  trace: z.string().optional(),
  httpRequest: z
    .object({
      requestMethod: z.string().default(''),
      requestUrl: z.string().default(''),
      status: z.int().optional(),
      userAgent: z.string().optional(),
    })
    .optional(),
});
const EntryList = z.object({ entries: z.array(Entry).default([]), nextPageToken: z.string().default('') });

/** A search may answer with less than there is and a token to go on with; each page is one of about 60 calls a minute. */
const maximumPages = 5;
/** Of one page; several looks must fit into a dispatch. */
const timeoutSeconds = 10;

/** Cloud Logging v2, `entries:list`. */
export function createLogging(options: { endpoint: string; rest: Rest }): Logging {
  return {
    async entries(ref, revision, query) {
      const filter = [
        'resource.type="cloud_run_revision"',
        `resource.labels.service_name=${JSON.stringify(ref.name)}`,
        `resource.labels.revision_name=${JSON.stringify(revision)}`,
        `resource.labels.location=${JSON.stringify(ref.region)}`,
        `timestamp>="${new Date(query.fromMs).toISOString()}"`,
        ...(query.toMs === undefined ? [] : [`timestamp<"${new Date(query.toMs).toISOString()}"`]),
        ...termsOf(query.kind, ref),
      ].join(' AND ');
      const found: z.output<typeof Entry>[] = [];
      let pageToken = '';
      for (let page = 1; ; page += 1) {
        const answer = await options.rest.json(EntryList, {
          url: `${options.endpoint}/v2/entries:list`,
          method: 'POST',
          timeoutSeconds,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            resourceNames: [`projects/${ref.project}`],
            filter,
            orderBy: 'timestamp desc',
            pageSize: query.limit,
            ...(pageToken === '' ? {} : { pageToken }),
          }),
        });
        found.push(...answer.entries);
        pageToken = answer.nextPageToken;
        if (found.length >= query.limit || pageToken === '') break;
        if (page === maximumPages)
          throw new Fault('unavailable', `the log search of ${revision} has no end after ${page} pages`);
      }
      return found.slice(0, query.limit).reverse().map(entryOf);
    },
  };
}

type Kind = Parameters<Logging['entries']>[2]['kind'];

function termsOf(kind: Kind, { project }: ServiceRef): string[] {
  const log = (name: string): string => `"projects/${project}/logs/run.googleapis.com%2F${name}"`;
  if (kind === 'server-errors') {
    return [`logName=${log('requests')}`, 'httpRequest.status>=500', 'NOT httpRequest.userAgent:"Slipway/"'];
  }
  const system = 'varlog%2Fsystem';
  if (kind === 'system') return [`logName=${log(system)}`];
  return [`logName=(${['stdout', 'stderr', system].map(log).join(' OR ')})`];
}

function entryOf(entry: z.output<typeof Entry>): LogEntry {
  const { httpRequest: request, jsonPayload: json, trace } = entry;
  const message = json?.['message'];
  const written = entry.textPayload ?? (typeof message === 'string' ? message : json && JSON.stringify(json));
  // Without the query: what users put there is nobody's business.
  const url = request?.requestUrl.replace(/\?.*$/s, '');
  const text =
    written ?? (request && `${request.requestMethod} ${url} answered ${request.status ?? 'nothing'}`) ?? '';
  return {
    at: entry.timestamp,
    severity: entry.severity,
    text,
    ...(request?.status === undefined ? {} : { status: request.status }),
    ...(request?.userAgent === undefined ? {} : { userAgent: request.userAgent }),
    ...(trace === undefined ? {} : { traceId: trace.replace(/^.*\//, '') }),
  };
}
