import type { Slack, SlackAnswer, SlackMessage } from '#shared/ports/people.ts';
import type { Deps } from '#functions/deps.ts';
import { complain, hashOf } from '#functions/triggers/notify/root.ts';
import type { Turn } from '#functions/triggers/notify/turn.ts';

interface How {
  /** Absent: a message of its own, beside the root. */
  threadTs?: string | undefined;
  broadcast?: boolean;
}

/**
 * Says something besides the root message, once: what stands is on record, and after a turn that ended badly it is looked
 * for. A message of its own goes to the fallback channel when its own does not take it; a reply that is refused is
 * complained of, because its root says the same.
 */
export async function sayOnce(
  deps: Deps,
  slack: Slack,
  turn: Turn,
  what: string,
  message: SlackMessage,
  how: How = {},
): Promise<void> {
  if (turn.record.said?.[what] !== undefined) return;
  const { fallbackChannel } = deps.config.slack;
  const { channel, subject } = turn.record;
  let answer = await postAfterLook(slack, turn, what, message, how);
  if (!answer.ok) {
    complain(deps, `Slack refuses the ${what} of ${subject}: ${answer.error}`);
    const elsewhere =
      how.threadTs === undefined && fallbackChannel !== undefined && fallbackChannel !== channel;
    if (elsewhere) answer = await slack.post(fallbackChannel, message, { subject: `${subject}/${what}` });
  }
  const { said } = turn.record;
  const at = new Date(deps.clock.now()).toISOString();
  const entry = answer.ok
    ? { at, channel: answer.channel, ts: answer.ts, hash: hashOf(message) }
    : { at, refused: answer.error };
  await turn.save({ said: { ...said, [what]: entry } });
}

/** Edits what was said so if it says something else now. */
export async function editSaid(
  deps: Deps,
  slack: Slack,
  turn: Turn,
  what: string,
  message: SlackMessage,
): Promise<void> {
  const { subject, said } = turn.record;
  const known = said?.[what];
  const hash = hashOf(message);
  if (known?.ts === undefined || known.channel === undefined || known.hash === hash) return;
  const answer = await slack.update(known.channel, known.ts, message);
  if (!answer.ok) complain(deps, `Slack refuses the edit of the ${what} of ${subject}: ${answer.error}`);
  await turn.save({ said: { ...said, [what]: { ...known, hash } } });
}

/** Replies with the details of the end that do not stand in the thread yet. */
export async function sayDetails(
  deps: Deps,
  slack: Slack,
  turn: Turn,
  details: readonly SlackMessage[],
): Promise<void> {
  for (let index = turn.record.detailsPosted; index < details.length; index += 1) {
    const message = details[index];
    if (message === undefined) return;
    const { rootTs: threadTs, subject } = turn.record;
    const answer = await postAfterLook(slack, turn, `detail-${index}`, message, { threadTs });
    if (!answer.ok) deps.log('ERROR', `Slack refuses a detail of ${subject}: ${answer.error}`);
    await turn.save({ detailsPosted: index + 1 });
  }
}

async function postAfterLook(
  slack: Slack,
  turn: Turn,
  what: string,
  message: SlackMessage,
  { threadTs, broadcast = false }: How,
): Promise<SlackAnswer> {
  const { channel } = turn.record;
  const subject = `${turn.record.subject}/${what}`;
  const found = turn.mayStand() ? await slack.findRoot(channel, subject, threadTs) : undefined;
  if (found) return { ok: true, ...found };
  return slack.post(channel, message, {
    subject,
    broadcast,
    ...(threadTs === undefined ? {} : { threadTs }),
  });
}
