import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import type { Slack } from '#shared/ports/people.ts';
import { callFor, failureFingerprint } from '#shared/slack/broadcast.ts';
import type { Repeat } from '#shared/slack/root-message.ts';
import type { Deps } from '#functions/deps.ts';
import { editSaid, sayOnce } from '#functions/triggers/notify/say.ts';
import type { Turn } from '#functions/triggers/notify/turn.ts';

/** More are hardly ended at one place within half an hour. */
const lookedBack = 20;
const repeatWithinMs = 30 * 60_000;

/** What ended at the same place before; always the same for one deployment. */
interface Past {
  previousOutcome: Outcome | undefined;
  repeat: Repeat | undefined;
}

/** Looks back from the end of a finished deployment. */
export async function pastOf({ ledger }: Pick<Deps, 'ledger'>, deployment: Deployment): Promise<Past> {
  if (!isFinished(deployment)) return { previousOutcome: undefined, repeat: undefined };
  const { service, environment } = deployment;
  const endedMs = endOf(deployment);
  const before = (await ledger.list('deployments', { service, environment, status: 'finished' }, lookedBack))
    .filter((one) => one.startedAt !== undefined && one.id !== deployment.id && endOf(one) < endedMs)
    .sort((a, b) => endOf(b) - endOf(a));
  const same = failureFingerprint(deployment);
  const alike = before.filter(
    (one) => same !== undefined && failureFingerprint(one) === same && endOf(one) >= endedMs - repeatWithinMs,
  );
  const since = alike.at(-1)?.result?.finishedAt;
  return {
    previousOutcome: before[0]?.result?.outcome,
    repeat: since === undefined ? undefined : { times: alike.length + 1, since },
  };
}

/** Calls whoever has to know of the end, each call once. Whether it was quiet is decided by when it ended, not by when Slack answers. */
export async function callPeople(
  deps: Deps,
  slack: Slack,
  turn: Turn,
  deployment: Deployment,
  { previousOutcome, repeat }: Past,
): Promise<void> {
  const call = callFor(deployment, {
    previousOutcome,
    sameFailureWithin30min: (repeat?.times ?? 1) - 1,
    nowMs: endOf(deployment),
  });
  const { rootTs: threadTs } = turn.record;
  switch (call.kind) {
    case 'none':
      return;
    case 'alarm':
      await sayOnce(deps, slack, turn, 'alarm', call.message);
      return editSaid(deps, slack, turn, 'alarm', call.message);
    case 'reply':
    case 'broadcast':
      return sayOnce(deps, slack, turn, 'call', call.message, {
        threadTs,
        broadcast: call.kind === 'broadcast',
      });
  }
}

const endOf = ({ result, updatedAt }: Deployment): number => Date.parse(result?.finishedAt ?? updatedAt);
