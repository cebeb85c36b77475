import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import { jsonBody, type LocalRequest, type Route } from '#local/http.ts';
import { Revision, Service } from './messages.ts';
import { parentOf, shortName, type Place } from './names.ts';
import type { Operations } from './operations.ts';
import { getIamPolicy, setIamPolicy } from './policy.ts';
import type { Records } from './records.ts';
import type { Services } from './services.ts';
import { readMessage, wantsEnumNumbers } from './wire.ts';

const parent = '/v2/projects/{project}/locations/{location}';
/** Operations.WaitOperation without a timeout. */
const longestWaitMs = 60_000;

/**
 * The Cloud Run Admin API v2: services, revisions, operations, and the locations of v1. Worker pools and the rest of v1 are
 * not answered.
 */
export function createRoutes(options: {
  services: Services;
  records: Records;
  operations: Operations;
  place: Place;
  clock: Clock;
  uuid: () => string;
}): Route[] {
  const { services, records, operations, place } = options;
  const parentName = (request: LocalRequest): string => parentOf(place, request.params);
  const serviceName = (request: LocalRequest): string =>
    `${parentName(request)}/services/${request.params['service'] ?? ''}`;
  const revisionName = (request: LocalRequest): string =>
    `${serviceName(request)}/revisions/${request.params['revision'] ?? ''}`;
  const serviceBody = (request: LocalRequest): Service => readMessage(Service, 'service', jsonBody(request));

  const operation = (request: LocalRequest, record: ReturnType<Operations['get']>): { json: unknown } => ({
    json: operations.toJSON(record, wantsEnumNumbers(request.url)),
  });
  const service = (request: LocalRequest, message: Service): unknown =>
    wantsEnumNumbers(request.url) ? z.encode(Service, message) : message;
  const revision = (request: LocalRequest, message: Revision): unknown =>
    wantsEnumNumbers(request.url) ? z.encode(Revision, message) : message;
  const removal = ({ url }: LocalRequest): { etag: string | null; validateOnly: boolean } => ({
    etag: url.searchParams.get('etag'),
    validateOnly: isTrue(url, 'validateOnly'),
  });

  return [
    {
      // https://cloud.google.com/run/docs/reference/rest/v1/projects.locations/list
      method: 'GET',
      path: '/v1/projects/{project}/locations',
      handle({ params }) {
        const name = parentOf(place, { ...params, location: place.location });
        return { json: { locations: [{ name, locationId: place.location }] } };
      },
    },
    {
      method: 'POST',
      path: `${parent}/services`,
      async handle(request) {
        const { url, principal } = request;
        const id = url.searchParams.get('serviceId') ?? url.searchParams.get('service_id') ?? '';
        const write = { principal, validateOnly: isTrue(url, 'validateOnly') };
        return operation(
          request,
          await services.create(parentName(request), id, serviceBody(request), write),
        );
      },
    },
    {
      method: 'GET',
      path: `${parent}/services`,
      handle(request) {
        parentName(request);
        // "Results are sorted by creation time, descending."
        const newestFirst = records.services.list().reverse();
        const { items, nextPageToken } = page(request.url, newestFirst);
        const found = items.map((record) => service(request, record.service));
        return { json: { services: found, ...(nextPageToken ? { nextPageToken } : {}) } };
      },
    },
    {
      method: 'GET',
      path: `${parent}/services/{service}:getIamPolicy`,
      handle: (request) => ({ json: getIamPolicy(services, serviceName(request)) }),
    },
    {
      method: 'POST',
      path: `${parent}/services/{service}:setIamPolicy`,
      handle: (request) => ({
        json: setIamPolicy(services, records, options.uuid, serviceName(request), jsonBody(request)),
      }),
    },
    {
      method: 'GET',
      path: `${parent}/services/{service}`,
      handle: (request) => ({ json: service(request, services.get(serviceName(request)).service) }),
    },
    {
      method: 'PATCH',
      path: `${parent}/services/{service}`,
      async handle(request) {
        const { url, principal } = request;
        const updated = await services.update(serviceName(request), serviceBody(request), {
          principal,
          validateOnly: isTrue(url, 'validateOnly'),
          allowMissing: isTrue(url, 'allowMissing'),
          mask: url.searchParams.get('updateMask') ?? url.searchParams.get('update_mask'),
        });
        return operation(request, updated);
      },
    },
    {
      method: 'DELETE',
      path: `${parent}/services/{service}`,
      handle: (request) => operation(request, services.remove(serviceName(request), removal(request))),
    },
    {
      method: 'GET',
      path: `${parent}/services/{service}/revisions`,
      handle(request) {
        const name = serviceName(request);
        services.get(name);
        const newestFirst = records.revisionsOf(name).reverse();
        const { items, nextPageToken } = page(request.url, newestFirst);
        const found = items.map((record) => revision(request, record.revision));
        return { json: { revisions: found, ...(nextPageToken ? { nextPageToken } : {}) } };
      },
    },
    {
      method: 'GET',
      path: `${parent}/services/{service}/revisions/{revision}`,
      handle(request) {
        const name = revisionName(request);
        const record = records.revisions.get(name);
        if (record) return { json: revision(request, record.revision) };
        throw new GoogleError('NOT_FOUND', `Resource '${shortName(name)}' of kind 'REVISION' was not found.`);
      },
    },
    {
      method: 'DELETE',
      path: `${parent}/services/{service}/revisions/{revision}`,
      handle: (request) =>
        operation(request, services.removeRevision(revisionName(request), removal(request))),
    },
    {
      method: 'GET',
      path: `${parent}/operations/{operation}`,
      handle: (request) => operation(request, operations.get(operationName(request))),
    },
    {
      method: 'POST',
      path: `${parent}/operations/{operation}:wait`,
      async handle(request) {
        const name = operationName(request);
        const { timeout } = readMessage(WaitRequest, 'request', jsonBody(request));
        const timeoutMs = timeout === undefined ? longestWaitMs : Number(timeout.slice(0, -1)) * 1000;
        const late = new AbortController();
        await Promise.race([
          operations.settled(name, late.signal),
          options.clock.sleep(Math.min(timeoutMs, longestWaitMs), late.signal),
        ]);
        late.abort();
        return operation(request, operations.get(name));
      },
    },
  ];

  function operationName(request: LocalRequest): string {
    return `${parentName(request)}/operations/${request.params['operation'] ?? ''}`;
  }
}

const WaitRequest = z.strictObject({
  name: z.string().optional(),
  timeout: z
    .string()
    .regex(/^\d+(\.\d+)?s$/)
    .optional(),
});

/** A flag of the query, in camelCase or snake_case. */
export function isTrue(url: URL, name: string): boolean {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return (url.searchParams.get(name) ?? url.searchParams.get(snake)) === 'true';
}

/** A page token is the number of items already given. @throws GoogleError INVALID_ARGUMENT for another token */
export function page<T>(url: URL, all: T[]): { items: T[]; nextPageToken: string | undefined } {
  const size = Number(url.searchParams.get('pageSize') ?? 0) || 100;
  const from = Number(url.searchParams.get('pageToken') ?? 0);
  if (!Number.isInteger(from) || from < 0) {
    throw new GoogleError('INVALID_ARGUMENT', `page_token "${url.searchParams.get('pageToken')}" is invalid`);
  }
  const to = from + size;
  return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : undefined };
}
