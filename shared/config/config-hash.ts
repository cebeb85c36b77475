import { createHash } from 'node:crypto';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** Lower-case hex SHA-256 of the configuration as JSON with sorted keys: equal configurations, equal hashes. */
export function configHash(config: ServiceConfig): string {
  return createHash('sha256').update(JSON.stringify(config, withSortedKeys)).digest('hex');
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
