import type { Deps } from '#functions/deps.ts';

/** Slack asks for at most one edit of a message in about 3 s (slack.md §1.2). */
const editEveryMs = 3000;
/** Slack allows an app 50 edits a minute in a workspace (tier 3); the rest is for the ends, which do not wait. */
const editsPerMinute = 40;

/**
 * How far apart edits of one running deployment's message are: the messages edited within the last minute share what Slack
 * allows. From the ledger, so that it holds over all instances.
 */
export async function paceMs({ ledger, clock }: Deps): Promise<number> {
  const open = await ledger.list('notifications', { final: false }, 100);
  const edited = open.filter(({ shownAt }) => shownAt > clock.now() - 60_000).length;
  return Math.max(editEveryMs, (edited * 60_000) / editsPerMinute);
}
