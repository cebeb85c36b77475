import { createHash } from 'node:crypto';
import type { Sender, SlackPayload } from '#functions/triggers/slack-payload.ts';

/** What is kept of a request from Slack: in the message to `commands`, and in the log. */

export type Command = Extract<SlackPayload, { kind: 'command' }>;
export type Button = Extract<SlackPayload, { kind: 'button' }>;

/** For the log: neither tokens nor the address of the answer. */
export function auditOf(
  asked: Command | Button,
  decision: 'accepted' | 'unconfirmed' | 'invalid' | 'refused' = 'refused',
  more: Record<string, string> = {},
): Record<string, unknown> {
  const { team, user, channel } = asked;
  const what = asked.kind === 'command' ? `${asked.command} ${asked.text.slice(0, 300)}` : asked.actionId;
  return { audit: { via: 'slack', decision, team, user, channel, what, ...more } };
}

/** @param nowMs milliseconds since the epoch */
export function senderOf(
  { team = '', user, userName, channel, responseUrl }: Sender,
  requestId: string,
  nowMs: number,
) {
  return {
    version: 1 as const,
    requestId,
    receivedAt: new Date(nowMs).toISOString(),
    team,
    user,
    ...(userName === undefined ? {} : { userName }),
    ...(channel === undefined ? {} : { channel }),
    responseUrl,
  };
}

/** The same for the same parts. */
export const requestIdOf = (parts: readonly (string | undefined)[]): string =>
  `slack/${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`;
