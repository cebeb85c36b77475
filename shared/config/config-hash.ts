import { createHash } from 'node:crypto';
import type { ServiceConfig } from '#shared/domain/service.ts';

/**
 * Lower-case hex SHA-256 of the configuration as JSON with sorted keys: equal configurations, equal hashes. Only what is
 * deployed counts, and whether one can go back from it (`policy.rollBack`): who may deploy it, when, who is told and what it
 * is said to be for is not what was approved, or found bad, and must not give a release another chance.
 */
export function configHash({ policy, slack: _told, change: _said, ...deployed }: ServiceConfig): string {
  const content = { ...deployed, policy: { rollBack: policy.rollBack } };
  return createHash('sha256').update(JSON.stringify(content, withSortedKeys)).digest('hex');
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
