import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { DeployEvent, LockEvent } from '#shared/domain/requests.ts';
import type { Notification } from '#shared/ledger/ledger.ts';
import type { Slack, SlackAnswer } from '#shared/ports.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { announceLock } from '#functions/triggers/announce-lock.ts';
import { poke } from '#functions/events.ts';

/** Edits of a running deployment's message are at least this far apart; Slack asks for ≤ 1 per ~3 s (slack.md §1.2). */
const editEveryMs = 3000;
/** Another writer is mostly done within a second: waiting for it is quicker than being delivered again. */
const busyLooks = 10;
const busyLookEveryMs = 200;
/** How long one `notify` may take to post the root message before another may try. */
const postingMs = 30_000;

/**
 * The only writer to Slack's channels, level-triggered: renders the newest ledger state into one root message, edited in
 * place, and the details into its thread when the deployment is finished.
 */
export async function notify(deps: Deps, delivery: Delivery): Promise<void> {
  const lock = LockEvent.safeParse(delivery.data);
  if (lock.success) return announceLock(deps, lock.data);
  const event = DeployEvent.safeParse(delivery.data);
  if (!event.success) return refuse(deps, delivery, 'not a deploy event');
  const { deploymentId } = event.data;
  const deployment = await deps.ledger.get('deployments', deploymentId);
  if (!deployment) return refuse(deps, delivery, `there is no deployment ${deploymentId}`);
  if (!deps.slack) return;
  const channel = deployment.config.slack.channel ?? deps.config.slack.channel;
  let turn = await takeTurn(deps, deployment, channel);
  for (let looks = 0; turn === 'busy' && looks < busyLooks; looks += 1) {
    await deps.clock.sleep(busyLookEveryMs);
    turn = await takeTurn(deps, deployment, channel);
  }
  if (turn === 'nothing-new') return;
  if (turn === 'busy') throw new Fault('unavailable', `the message of ${deploymentId} is being written`);
  try {
    await show(deps, deps.slack, deployment, turn);
  } catch (error) {
    // Given back at once: the next delivery looks whether this one posted all the same.
    const now = (await deps.ledger.get('notifications', deploymentId)) ?? turn;
    await save(deps, { ...now, postingUntil: 0 });
    throw error;
  }
}

/** Decides in one transaction whether there is something to show and whether it is ours to show. */
function takeTurn(
  deps: Deps,
  deployment: Deployment,
  channel: string,
): Promise<Notification | 'nothing-new' | 'busy'> {
  const now = deps.clock.now();
  return deps.ledger.transaction(async (tx) => {
    const known = (await tx.get('notifications', deployment.id)) ?? {
      deploymentId: deployment.id,
      channel,
      postingUntil: 0,
      shownRevision: 0,
      shownAt: 0,
      turns: 0,
      detailsPosted: 0,
      final: false,
    };
    if (known.final) return 'nothing-new';
    // Of a finished one the root is not all: who wrote it may have died before the thread.
    if (!isFinished(deployment) && known.shownRevision >= deployment.revision) return 'nothing-new';
    if (known.postingUntil > now)
      return isFinished(deployment) || known.rootTs === undefined ? 'busy' : 'nothing-new';
    if (!isFinished(deployment) && now - known.shownAt < editEveryMs) return 'nothing-new';
    const turn = { ...known, turns: known.turns + 1, postingUntil: now + postingMs };
    await tx.put('notifications', deployment.id, turn);
    return turn;
  });
}

async function show(deps: Deps, slack: Slack, deployment: Deployment, turn: Notification): Promise<void> {
  const root = await showRoot(deps, slack, deployment, turn);
  if (!root.ok) {
    // Slack understood and refuses: repeating does not help, a person must mend the channel or the token.
    deps.log('ERROR', `Slack refuses the message of ${deployment.id}: ${root.error}`, {
      metric: 'slack_notify_failures',
    });
    await save(deps, { ...turn, postingUntil: 0, undeliverable: root.error });
    return;
  }
  const { undeliverable: _mended, ...rest } = turn;
  let shown: Notification = {
    ...rest,
    rootTs: root.ts,
    channel: root.channel,
    shownRevision: deployment.revision,
    shownAt: deps.clock.now(),
  };
  if (!isFinished(deployment)) {
    await save(deps, { ...shown, postingUntil: 0 });
    return;
  }
  // What stands is on record after each message: a crash or a refusal in between repeats one detail at most, never the root.
  await save(deps, shown);
  for (const message of threadMessages(deployment).slice(shown.detailsPosted)) {
    const answer = await slack.post(root.channel, message, { threadTs: root.ts });
    if (!answer.ok) deps.log('ERROR', `Slack refuses a detail of ${deployment.id}: ${answer.error}`);
    shown = { ...shown, detailsPosted: shown.detailsPosted + 1 };
    await save(deps, shown);
  }
  shown = { ...shown, final: true, postingUntil: 0 };
  await save(deps, shown);
  await poke(deps, deployment);
}

async function showRoot(
  deps: Deps,
  slack: Slack,
  deployment: Deployment,
  turn: Notification,
): Promise<SlackAnswer> {
  const message = rootMessage(deployment, deps.clock.now());
  // A turn that was taken before and never finished may have posted: look before posting again.
  const lost = turn.rootTs === undefined && turn.turns > 1;
  const ts = turn.rootTs ?? (lost ? await slack.findRoot(turn.channel, deployment.id) : undefined);
  if (ts !== undefined) {
    const edited = await slack.update(turn.channel, ts, message);
    if (
      edited.ok ||
      !['message_not_found', 'cant_update_message', 'edit_window_closed'].includes(edited.error)
    )
      return edited;
  }
  return slack.post(turn.channel, message, { deploymentId: deployment.id });
}

const save = (deps: Deps, notification: Notification): Promise<void> =>
  deps.ledger.transaction((tx) => tx.put('notifications', notification.deploymentId, notification));
