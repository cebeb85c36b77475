import type { LookUps } from '#shared/ports/look-ups.ts';
import { createCloudSql } from './cloud-sql.ts';
import { createIam } from './iam.ts';
import { createNetwork } from './network.ts';
import type { Rest } from './rest.ts';
import { createServiceUsage } from './service-usage.ts';

/** @param options.endpoint answers for all of these APIs; without it each one's own host does */
export function createLookUps(options: { endpoint: string | undefined; rest: Rest }): LookUps {
  const { endpoint, rest } = options;
  const endpointOf = (host: string): string => endpoint ?? `https://${host}`;
  return {
    serviceUsage: createServiceUsage({ endpoint: endpointOf('serviceusage.googleapis.com'), rest }),
    iam: createIam({ endpointOf, rest }),
    cloudSql: createCloudSql({ endpoint: endpointOf('sqladmin.googleapis.com'), rest }),
    network: createNetwork({
      vpcAccess: endpointOf('vpcaccess.googleapis.com'),
      compute: endpointOf('compute.googleapis.com'),
      rest,
    }),
  };
}
