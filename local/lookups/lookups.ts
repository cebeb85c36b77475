import { GoogleError } from '#local/google-error.ts';
import type { LocalService, Route } from '#local/http.ts';
import { cloudSqlRoutes, type SqlInstances } from './cloud-sql.ts';
import { createGrants, iamRoutes, type Grants } from './iam.ts';
import { networkRoutes, type Networks } from './network.ts';
import { serviceUsageRoutes } from './service-usage.ts';

/**
 * The APIs that are only looked at before a deployment: Service Usage, IAM with Policy Troubleshooter, Cloud SQL Admin,
 * Serverless VPC Access, Compute Engine's subnetworks. Nothing can be made or changed through them; what is there is said
 * here. Kept in memory.
 */
export interface LocalLookups extends LocalService {
  /** APIs that are off, as `sqladmin.googleapis.com`: calls of one are refused. All others are on. */
  off: Set<string>;
  /** Who may do what; everything is granted that is not taken away. */
  grants: Grants;
  sqlInstances: SqlInstances;
  networks: Networks;
}

export function createLookups(options: { project: string; projectNumber: string }): LocalLookups {
  const off = new Set<string>();
  const grants = createGrants();
  const sqlInstances: SqlInstances = new Map();
  const networks: Networks = { connectors: new Map(), subnetworks: new Map() };

  /** As Google refuses the calls of an API that nobody turned on. */
  const of = (api: string, routes: Route[]): Route[] =>
    routes.map((route) => ({
      ...route,
      handle(request) {
        if (!off.has(api)) return route.handle(request);
        throw new GoogleError(
          'PERMISSION_DENIED',
          `${api} has not been used in project ${options.projectNumber} before or it is disabled.`,
          [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED' }],
        );
      },
    }));

  return {
    off,
    grants,
    sqlInstances,
    networks,
    routes: [
      ...of('serviceusage.googleapis.com', serviceUsageRoutes({ ...options, off })),
      ...of('iam.googleapis.com', iamRoutes(grants, options)),
      ...of('sqladmin.googleapis.com', cloudSqlRoutes(sqlInstances)),
      ...networkRoutes(networks, of),
    ],
  };
}
