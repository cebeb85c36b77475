import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { DeployEvent } from '#shared/domain/requests.ts';
import type { Notification } from '#shared/ledger/ledger.ts';
import type { Slack } from '#shared/ports/people.ts';
import { reportPage } from '#shared/report/links.ts';
import { overrideMessage } from '#shared/slack/broadcast.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { poke } from '#functions/events.ts';
import { callPeople, pastOf } from '#functions/triggers/notify/call.ts';
import { paceMs } from '#functions/triggers/notify/pace.ts';
import { page } from '#functions/triggers/notify/page.ts';
import { showRoot } from '#functions/triggers/notify/root.ts';
import { sayDetails, sayOnce } from '#functions/triggers/notify/say.ts';
import { inTurn, type Turn } from '#functions/triggers/notify/turn.ts';

/**
 * Shows a deployment as it is now: one root message, edited in place, and when it has ended, the calls for people and the
 * details in its thread. The end is shown at once; while it runs the edits keep a pace, and the newest state comes last.
 */
export async function tellDeployment(
  deps: Deps,
  delivery: Delivery,
  { deploymentId }: DeployEvent,
): Promise<void> {
  const deployment = await deps.ledger.get('deployments', deploymentId);
  if (!deployment) return refuse(deps, delivery, `there is no deployment ${deploymentId}`);
  // Neither waits for the other; whichever failed has the event delivered again.
  const [paged, told] = await Promise.allSettled([
    page(deps, deployment),
    tellInSlack(deps, delivery, deployment),
  ]);
  if (told.status === 'rejected') throw told.reason;
  if (paged.status === 'rejected') throw paged.reason;
}

async function tellInSlack(deps: Deps, { messageId }: Delivery, deployment: Deployment): Promise<void> {
  const { slack, ledger, config } = deps;
  if (!slack) return;
  const ended = isFinished(deployment);
  const everyMs = ended ? 0 : await paceMs(deps);
  await inTurn(
    deps,
    {
      subject: deployment.id,
      home: deployment.config.slack.channel ?? config.slack.channel,
      messageId,
      wish: (known) => wishOf(deployment, known, everyMs),
      everyMs,
    },
    async (turn) => {
      const now = (await ledger.get('deployments', deployment.id)) ?? deployment;
      await show(deps, slack, turn, now);
    },
  );
}

/** Of a finished one the root is not all: who wrote it may have died before the thread. */
function wishOf(deployment: Deployment, known: Notification, everyMs: number): 'nothing' | number {
  const { final, shownRevision, rootTs, shownAt, undeliverable } = known;
  const isNew = shownRevision < deployment.revision;
  if (isFinished(deployment)) return final && !isNew ? 'nothing' : 0;
  if (final || !isNew) return 'nothing';
  return rootTs === undefined && undeliverable === undefined ? 0 : shownAt + everyMs;
}

async function show(deps: Deps, slack: Slack, turn: Turn, deployment: Deployment): Promise<void> {
  const ended = isFinished(deployment);
  const wasFinal = turn.record.final;
  const past = await pastOf(deps, deployment);
  const counted = past.repeat === undefined ? {} : { repeat: past.repeat };
  const { bucket, endpoints } = deps.config;
  const page = reportPage(deployment, { bucket, storage: endpoints.storage });
  const stands = await showRoot(
    deps,
    slack,
    turn,
    (now) => rootMessage(deployment, now, { ...counted, page }),
    {
      shownRevision: deployment.revision,
    },
  );
  if (!stands) return;
  const override = overrideMessage(deployment);
  const { rootTs: threadTs } = turn.record;
  if (override) await sayOnce(deps, slack, turn, 'override', override, { threadTs, broadcast: true });
  if (!ended) return;
  await callPeople(deps, slack, turn, deployment, past);
  await sayDetails(deps, slack, turn, threadMessages(deployment, page));
  if (wasFinal) return;
  await turn.save({ final: true });
  await poke(deps, deployment);
}
