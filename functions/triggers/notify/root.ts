import { createHash } from 'node:crypto';
import type { Notification } from '#shared/ledger/ledger.ts';
import type { Slack, SlackAnswer, SlackMessage } from '#shared/ports/people.ts';
import { context } from '#shared/slack/blocks.ts';
import { foreign } from '#shared/slack/mrkdwn.ts';
import type { Deps } from '#functions/deps.ts';
import type { Turn } from '#functions/triggers/notify/turn.ts';

/** Slack's words for a message that cannot be edited any more: another one takes its place. */
const gone = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

interface Place {
  channel: string;
  /** Why it is not the home, in Slack's word. */
  movedBecause: string | undefined;
}

/**
 * Writes the one root message: edits it where it stands, posts it anew where it is gone, and goes to the fallback channel
 * when its own does not take it. Where it stands is on record then.
 * @param make the message at a time in milliseconds since the epoch, `first` for one that is posted and not edited; of the
 * same state always the same but for that
 * @param also kept in the same save
 * @returns false when no channel takes it: a person has to mend something, and repeating does not help
 */
export async function showRoot(
  deps: Deps,
  slack: Slack,
  turn: Turn,
  make: (nowMs: number, first: boolean) => SlackMessage,
  also: Partial<Notification>,
): Promise<boolean> {
  const { record } = turn;
  const { subject, home, rootTs } = record;
  const now = deps.clock.now();
  const shownHash = hashOf(make(0, false));
  const told = (place: Place, first: boolean): SlackMessage => placed(make(now, first), home, place);
  let looks: boolean | undefined;

  async function keep(place: Place, answer: SlackAnswer): Promise<boolean> {
    if (!answer.ok) return false;
    await turn.save({
      ...also,
      channel: answer.channel,
      movedBecause: place.movedBecause,
      rootTs: answer.ts,
      shownHash,
      shownAt: now,
      undeliverable: undefined,
      // A new thread begins with it.
      ...(answer.ts === rootTs ? {} : { detailsPosted: 0 }),
    });
    return true;
  }
  /** A turn that ended badly may have posted it: it is looked for before it is posted again. */
  async function begin(place: Place): Promise<SlackAnswer> {
    looks ??= turn.mayStand();
    const found = looks ? await slack.findRoot(place.channel, subject) : undefined;
    return found === undefined || found.ts === rootTs
      ? slack.post(place.channel, told(place, true), { subject })
      : slack.update(found.channel, found.ts, told(place, false));
  }

  const stands: Place = { channel: record.channel, movedBecause: record.movedBecause };
  if (rootTs !== undefined && record.shownHash === shownHash) {
    await turn.save({ ...also, undeliverable: undefined });
    return true;
  }
  let answer: SlackAnswer =
    rootTs === undefined
      ? await begin(stands)
      : await slack.update(stands.channel, rootTs, told(stands, false));
  if (rootTs !== undefined && !answer.ok && gone.has(answer.error)) answer = await begin(stands);
  if (await keep(stands, answer)) return true;

  let refused = answer.ok ? '' : answer.error;
  const isHome = stands.movedBecause === undefined;
  const other = isHome ? deps.config.slack.fallbackChannel : home;
  if (other !== undefined && other !== stands.channel) {
    const place = { channel: other, movedBecause: isHome ? refused : undefined };
    answer = await begin(place);
    if (isHome && answer.ok)
      complain(deps, `${home} does not take the message of ${subject}: ${refused}; ${other} does`);
    if (await keep(place, answer)) return true;
    if (!answer.ok) refused = `${refused}; ${other}: ${answer.error}`;
  }
  if (record.undeliverable !== refused) complain(deps, `Slack refuses the message of ${subject}: ${refused}`);
  await turn.save({ undeliverable: refused, shownAt: now });
  return false;
}

/** Slack understood and refuses: a person must mend the channel or the token. Told outside Slack, by an alert on the metric. */
export const complain = ({ log }: Pick<Deps, 'log'>, what: string): void =>
  log('ERROR', what, { metric: 'slack_notify_failures' });

/** Of what a message says; block ids change with every edit. */
export const hashOf = (message: SlackMessage): string =>
  createHash('sha256')
    .update(JSON.stringify(message, (key, value: unknown) => (key === 'block_id' ? undefined : value)))
    .digest('hex')
    .slice(0, 16);

function placed(message: SlackMessage, home: string, { movedBecause }: Place): SlackMessage {
  if (movedBecause === undefined) return message;
  const line = `Posted here because ${foreign(home)} does not take it: ${foreign(movedBecause)}`;
  const { text, blocks, simpler } = message;
  return {
    text: `${text} ${line}.`,
    blocks: [context(line), ...blocks],
    ...(simpler === undefined ? {} : { simpler: [context(line), ...simpler] }),
  };
}
