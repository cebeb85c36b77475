import { Fault } from '#shared/domain/fault.ts';
import type { LockEvent } from '#shared/domain/requests.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import { lockMessage } from '#shared/slack/lock-message.ts';
import type { Deps } from '#functions/deps.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';

const never = new Date(0).toISOString();

/** Tells of a lock that somebody took from another person: once, and again only when Slack did not take it. */
export async function announceLock(deps: Deps, event: LockEvent): Promise<void> {
  if (!deps.slack) return;
  const place = placeId(event.service, event.environment);
  const history = (await deps.ledger.get('manualLocks', place))?.history ?? [];
  const change = history.findLast(({ at, before }) => at === event.at && before !== undefined);
  if (!change) throw new Fault('not-found', `the lock of ${place} has no change of ${event.at}`);

  const what = `lock-told.${place}.${event.at}`;
  const mark = (at: string): Promise<boolean> =>
    deps.ledger.transaction(async (tx) => {
      const known = await tx.get('lastDone', what);
      if (at !== never && known !== undefined && known.at !== never) return false;
      await tx.put('lastDone', what, { what, at });
      return true;
    });
  // First on record, then said: of two deliveries at the same moment one is silent.
  if (!(await mark(new Date(deps.clock.now()).toISOString()))) return;
  try {
    const found = findConfig(await readServiceFiles(deps), event.service, event.environment);
    // A lock may outlive its service's file.
    const { channel, owners } = 'problem' in found ? { owners: [] } : found.config.slack;
    const message = lockMessage(event, change, owners);
    const answer = await deps.slack.post(channel ?? deps.config.slack.channel, message);
    if (answer.ok) return;
    deps.log('ERROR', `Slack refuses the word of ${place}'s lock: ${answer.error}`, {
      metric: 'slack_notify_failures',
    });
  } catch (error) {
    await mark(never);
    throw error;
  }
}
