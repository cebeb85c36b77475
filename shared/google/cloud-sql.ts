import { z } from 'zod';
import type { CloudSql } from '#shared/ports/look-ups.ts';
import type { Rest } from './rest.ts';

/** https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/instances#DatabaseInstance */
const Instance = z.object({
  state: z.string(),
  connectionName: z.string(),
  region: z.string(),
  databaseVersion: z.string(),
  settings: z
    .object({
      tier: z.string().optional(),
      activationPolicy: z.string().optional(),
      databaseFlags: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
      ipConfiguration: z
        .object({
          ipv4Enabled: z.boolean().default(false),
          privateNetwork: z.string().optional(),
          sslMode: z.string().optional(),
        })
        .prefault({}),
    })
    .prefault({}),
});

export function createCloudSql(options: { endpoint: string; rest: Rest }): CloudSql {
  return {
    async instance(project, name) {
      const path = ['projects', project, 'instances', name].map(encodeURIComponent).join('/');
      const found = await options.rest.find(Instance, { url: `${options.endpoint}/sql/v1beta4/${path}` });
      if (!found) return undefined;
      const { settings, ...rest } = found;
      const { ipv4Enabled: hasPublicIp, privateNetwork, sslMode } = settings.ipConfiguration;
      const limit = settings.databaseFlags.find((flag) => flag.name === 'max_connections')?.value;
      return {
        ...rest,
        tier: settings.tier,
        activationPolicy: settings.activationPolicy,
        maxConnections: limit !== undefined && /^\d+$/.test(limit) ? Number(limit) : undefined,
        sslMode,
        hasPublicIp,
        privateNetwork,
      };
    },
  };
}
