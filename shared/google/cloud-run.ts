import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { CloudRun, RawJson, ServiceRef } from '#shared/ports/cloud-run.ts';
import { callOptions, gapicOptions, viaClient } from './gapic.ts';
import { lazy } from './lazy.ts';
import { liveService, RevisionJson, revisionState, ServiceJson } from './live-service.ts';
import { nameOf, parsedAs, type Rest } from './rest.ts';
import { serviceMessage } from './service-message.ts';

const Locations = z.object({
  locations: z.array(z.object({ locationId: z.string() })).default([]),
  nextPageToken: z.string().default(''),
});

const Revisions = z.object({
  revisions: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().default(''),
});

/**
 * Cloud Run Admin API v2. Writes go through Google's client, loaded at the first one; reading goes without it, because it
 * drops fields it does not know (traps 11) and because most dispatches only read.
 */
export function createCloudRun(options: { endpoint: string; rest: Rest }): CloudRun {
  const { endpoint, rest } = options;
  const library = lazy(() => import('@google-cloud/run'));
  const client = lazy(async () => new (await library()).ServicesClient(gapicOptions(endpoint, rest)));
  const message = async (service: RawJson) =>
    serviceMessage((await library()).protos.google.cloud.run.v2.Service, service);

  return {
    // Only v1 lists them: https://cloud.google.com/run/docs/reference/rest/v1/projects.locations/list
    async locations(project) {
      const names: string[] = [];
      let token = '';
      do {
        const query = `pageSize=100${token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`}`;
        const url = `${endpoint}/v1/projects/${encodeURIComponent(project)}/locations?${query}`;
        const { locations, nextPageToken } = await rest.json(Locations, { url });
        names.push(...locations.map(({ locationId }) => locationId));
        token = nextPageToken;
      } while (token !== '');
      return names;
    },

    async getService(ref) {
      const request = { url: `${endpoint}/v2/${serviceName(ref)}` };
      const raw = await rest.find(z.record(z.string(), z.unknown()), request);
      if (raw === undefined) return undefined;
      const service = parsedAs(ServiceJson, raw, nameOf(request));
      return liveService(service, raw);
    },

    async createService(ref, service) {
      const request = { parent: placeOf(ref), serviceId: ref.name, service: await message(service) };
      const [operation] = await viaClient(`create Cloud Run service ${ref.name}`, async () =>
        (await client()).createService(request, callOptions),
      );
      return operationName(operation.name, ref);
    },

    async updateService(ref, service, mask, etag) {
      // An empty mask means "everything" to Google.
      if (mask.length === 0)
        throw new Fault('invalid-input', `update of ${ref.name} without a mask: expected field names`);
      const request = {
        service: { ...(await message(service)), name: serviceName(ref), etag },
        updateMask: { paths: mask },
      };
      const [operation] = await viaClient(`update Cloud Run service ${ref.name}`, async () =>
        (await client()).updateService(request, callOptions),
      );
      return operationName(operation.name, ref);
    },

    async getRevision(ref, revision) {
      const url = `${endpoint}/v2/${serviceName(ref)}/revisions/${encodeURIComponent(revision)}`;
      const found = await rest.find(RevisionJson, { url });
      return found && revisionState(found);
    },

    async revisions(ref) {
      const names: string[] = [];
      let token = '';
      do {
        const query = `pageSize=100${token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`}`;
        const url = `${endpoint}/v2/${serviceName(ref)}/revisions?${query}`;
        const { revisions, nextPageToken } = await rest.json(Revisions, { url });
        names.push(...revisions.map(({ name }) => name.split('/').at(-1) ?? name));
        token = nextPageToken;
      } while (token !== '');
      return names;
    },

    async deleteRevision(ref, revision) {
      const url = `${endpoint}/v2/${serviceName(ref)}/revisions/${encodeURIComponent(revision)}`;
      await rest.find(z.object({}), { method: 'DELETE', url });
    },
  };
}

const placeOf = ({ project, region }: ServiceRef): string => `projects/${project}/locations/${region}`;

const serviceName = (ref: ServiceRef): string => `${placeOf(ref)}/services/${ref.name}`;

function operationName(name: string | undefined, ref: ServiceRef): string {
  if (name) return name;
  throw new Fault(
    'internal',
    `Cloud Run answered a change of ${ref.name} with an operation that has no name`,
  );
}
