import type { Deployment } from '#shared/domain/deployment.ts';
import { needsPerson } from '#shared/domain/outcome.ts';
import type { Deps } from '#functions/deps.ts';

/** The mark of a call that was made. */
export const pageId = (deployment: Deployment): string => `paged.${deployment.id}`;

/** A person has to be called outside Slack, and was not yet. To know it takes no pager of one's own. */
export async function owesPage({ ledger, config }: Deps, deployment: Deployment): Promise<boolean> {
  if (!config.hasPager || !deployment.result || !needsPerson(deployment.result.outcome)) return false;
  if (deployment.acknowledged) return false;
  return (await ledger.get('lastDone', pageId(deployment))) === undefined;
}
