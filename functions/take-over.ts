import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { messageOf } from '#shared/errors.ts';
import type { Deps } from '#functions/deps.ts';
import { handOver } from '#functions/start.ts';

type TakeOverAnswer = { status: 'taken'; taken: Deployment } | { status: 'refused'; reason: string };

/**
 * A person takes a running deployment away from its execution, which looks alive but hangs or is not trusted: under the
 * next fence a new one undoes it and reports. The old one is ended too, but nothing relies on that: once the new owner is
 * on record, it stores nothing and is told `not-owner`, and once that owner wrote, Cloud Run takes nothing from it.
 * @param seen the deployment as the person saw it; of several who saw the same, one gets it
 */
export async function takeOverNow(
  deps: Deps,
  seen: Deployment,
  word: { by: string; reason: string },
): Promise<TakeOverAnswer> {
  const { executionId } = seen;
  const taken =
    seen.status === 'active' && executionId !== undefined
      ? await handOver(deps, { ...seen, executionId }, word)
      : undefined;
  if (!taken || executionId === undefined)
    return { status: 'refused', reason: refusal((await deps.ledger.get('deployments', seen.id)) ?? seen) };
  try {
    await deps.workflows.cancel(executionId);
  } catch (error) {
    deps.log('INFO', `execution ${executionId} of ${seen.id}: ${messageOf(error)}`);
  }
  return { status: 'taken', taken };
}

/** Why it is not to be had, as it is now. */
function refusal(deployment: Deployment): string {
  const { id, status, result, takeovers = [] } = deployment;
  if (isFinished(deployment)) return `${id} is finished: ${result?.outcome}`;
  const last = takeovers.at(-1);
  if (last)
    return `${id} was taken over by ${last.by} at ${last.at}: ${last.reason}; to see what is undone: slipway watch ${id}`;
  switch (status) {
    case 'waiting':
      return `${id} still waits for its turn and has no execution; to end it: slipway cancel ${id} REASON`;
    case 'starting':
      return `${id} has no execution yet that could hang, and reconcile starts it if it has to; to end it: slipway cancel ${id} REASON`;
    default:
      return `${id} has got another execution meanwhile; look at it before you take it over: slipway show ${id}`;
  }
}
