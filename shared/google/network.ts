import { z } from 'zod';
import type { Network } from '#shared/ports/look-ups.ts';
import type { Rest } from './rest.ts';

/** https://cloud.google.com/vpc/docs/reference/vpcaccess/rest/v1/projects.locations.connectors */
const Connector = z.object({
  state: z.string(),
  network: z.string().optional(),
  ipCidrRange: z.string().optional(),
  minInstances: z.int().optional(),
  maxInstances: z.int().optional(),
  minThroughput: z.int().optional(),
  maxThroughput: z.int().optional(),
});

/** https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks */
const SubnetworkJson = z.object({ ipCidrRange: z.string(), network: z.string() });

/** How a service reaches a VPC: Serverless VPC Access v1 for connectors, Compute Engine v1 for direct egress. */
export function createNetwork(options: { vpcAccess: string; compute: string; rest: Rest }): Network {
  const { vpcAccess, compute, rest } = options;
  const encoded = (name: string): string => name.split('/').map(encodeURIComponent).join('/');
  return {
    async connector(name) {
      const found = await rest.find(Connector, { url: `${vpcAccess}/v1/${encoded(name)}` });
      if (!found) return undefined;
      const { state, network, ipCidrRange, minInstances, maxInstances, minThroughput, maxThroughput } = found;
      return { state, network, ipCidrRange, minInstances, maxInstances, minThroughput, maxThroughput };
    },
    subnetwork: (name) => rest.find(SubnetworkJson, { url: `${compute}/compute/v1/${encoded(name)}` }),
  };
}
