import type { LockChange } from '#shared/domain/manual-lock.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { context, section } from './blocks.ts';
import { mentions, personInWords } from './mention.ts';
import { foreign, time } from './mrkdwn.ts';

/** Says in the channel that somebody took another person's lock: stealing is allowed, but never in silence. @param owners are called */
export function lockMessage(
  place: { service: string; environment: string },
  change: LockChange,
  owners: readonly string[] = [],
): SlackMessage {
  const what = change.change === 'stolen' ? 'took over' : 'removed';
  const where = `${foreign(place.service)} → ${foreign(place.environment)}`;
  const whose = change.before
    ? ` of ${personInWords(change.before.owner)} (“${foreign(change.before.reason)}”)`
    : '';
  const called = owners.length === 0 ? '' : `${mentions(owners)} `;
  const text = `${called}${personInWords(change.by)} ${what} the lock${whose} on ${where}: ${foreign(change.reason)}`;
  return { text, blocks: [...section(text), context(time(change.at))] };
}
