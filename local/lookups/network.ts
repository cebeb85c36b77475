import { GoogleError } from '#local/google-error.ts';
import type { Route } from '#local/http.ts';

interface LocalConnector {
  network?: string;
  ipCidrRange?: string;
  state?: 'READY' | 'CREATING' | 'DELETING' | 'ERROR' | 'UPDATING';
  minInstances?: number;
  maxInstances?: number;
  minThroughput?: number;
  maxThroughput?: number;
}

interface LocalSubnetwork {
  ipCidrRange: string;
  network: string;
}

/** By their full names: `projects/P/locations/L/connectors/C`, `projects/P/regions/R/subnetworks/S`. */
export interface Networks {
  connectors: Map<string, LocalConnector>;
  subnetworks: Map<string, LocalSubnetwork>;
}

/**
 * Connectors (https://cloud.google.com/vpc/docs/reference/vpcaccess/rest/v1/projects.locations.connectors) and subnetworks
 * (https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks/get).
 */
export function networkRoutes(
  { connectors, subnetworks }: Networks,
  of: (api: string, routes: Route[]) => Route[],
): Route[] {
  const connector: Route = {
    method: 'GET',
    path: '/v1/projects/{project}/locations/{location}/connectors/{connector}',
    handle({ url }) {
      const name = decodeURIComponent(url.pathname).slice('/v1/'.length);
      const found = connectors.get(name);
      if (!found) throw new GoogleError('NOT_FOUND', `Resource '${name}' was not found`);
      const usual = { network: 'default', state: 'READY', minInstances: 2, maxInstances: 3 };
      return {
        json: { name, ...usual, minThroughput: 200, maxThroughput: 300, machineType: 'e2-micro', ...found },
      };
    },
  };
  const subnetwork: Route = {
    method: 'GET',
    path: '/compute/v1/projects/{project}/regions/{region}/subnetworks/{subnetwork}',
    handle({ url, params }) {
      const name = decodeURIComponent(url.pathname).slice('/compute/v1/'.length);
      const found = subnetworks.get(name);
      if (!found) throw new GoogleError('NOT_FOUND', `The resource '${name}' was not found`);
      return { json: { kind: 'compute#subnetwork', name: params['subnetwork'], ...found } };
    },
  };
  return [...of('vpcaccess.googleapis.com', [connector]), ...of('compute.googleapis.com', [subnetwork])];
}
