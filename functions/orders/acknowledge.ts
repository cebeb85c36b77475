import type { Acknowledgement, Deployment } from '#shared/domain/deployment.ts';
import { acknowledge } from '#shared/ledger/signals.ts';
import type { Deps } from '#functions/deps.ts';
import { announce } from '#functions/events.ts';
import type { Caller } from '#functions/orders/caller.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';

/** "I am on it": the first who says so has it. Anybody whose identity is known may; it changes no deployment. */
export async function orderAcknowledge(
  deps: Deps,
  caller: Caller,
  deploymentId: string,
): Promise<Ordered<{ deployment: Deployment; has: Acknowledgement; first: boolean }>> {
  const unknown = refused('unknown', `there is no deployment ${deploymentId}`);
  const known = await deps.ledger.get('deployments', deploymentId);
  if (!known) return unknown;
  const found = await caller.identify([], 'last-good');
  if ('refused' in found) return refused('forbidden', found.refused);
  const { id: by, slackUser } = found.person;
  const at = new Date(deps.clock.now()).toISOString();
  const word = { by, ...(slackUser === undefined ? {} : { slackUser }), at };
  const deployment = await acknowledge(deps.ledger, deploymentId, word);
  if (!deployment?.acknowledged) return unknown;
  await announce(deps, deployment);
  const has = deployment.acknowledged;
  return { status: 'done', deployment, has, first: has.by === by && has.at === at };
}
