import { GoogleError } from '#local/google-error.ts';
import type { Route } from '#local/http.ts';

/** An instance as Cloud SQL Admin answers it; what is left out is as a new instance has it. */
interface LocalSqlInstance {
  region: string;
  databaseVersion?: string;
  state?: string;
  /** What the answer calls it; the right name unless told otherwise. */
  connectionName?: string;
  settings?: {
    tier?: string;
    activationPolicy?: 'ALWAYS' | 'NEVER';
    databaseFlags?: { name: string; value: string }[];
    ipConfiguration?: { ipv4Enabled?: boolean; privateNetwork?: string; sslMode?: string };
  };
}

/** By `PROJECT:NAME`. */
export type SqlInstances = Map<string, LocalSqlInstance>;

/** https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/instances/get */
export function cloudSqlRoutes(instances: SqlInstances): Route[] {
  return [
    {
      method: 'GET',
      path: '/sql/v1beta4/projects/{project}/instances/{instance}',
      handle({ params: { project = '', instance: name = '' } }) {
        const found = instances.get(`${project}:${name}`);
        if (!found) throw new GoogleError('NOT_FOUND', `The Cloud SQL instance does not exist: ${name}.`);
        const { region, settings } = found;
        return {
          json: {
            kind: 'sql#instance',
            name,
            project,
            state: 'RUNNABLE',
            databaseVersion: 'POSTGRES_17',
            connectionName: `${project}:${region}:${name}`,
            ...found,
            settings: { tier: 'db-custom-1-3840', activationPolicy: 'ALWAYS', ...settings },
          },
        };
      },
    },
  ];
}
