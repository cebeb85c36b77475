import { place } from '#local/place.ts';
import { sign } from '#shared/chatops/signature.ts';
import type { Asked } from './instance.ts';

/** Where nobody waits for an answer. */
export const nobody = 'https://hooks.slack.com/commands/of-no-use';

let triggers = 0;

/** A slash command as Slack sends it, signed; each one is new. */
export function signedCommand(secret: string): Asked {
  const body = String(
    new URLSearchParams({
      command: '/deploy',
      text: 'deploy hello production v1.4.2 reason="the checkout fix"',
      team_id: place.slackTeam,
      api_app_id: place.slackApp,
      user_id: 'U0ANA',
      channel_id: place.slackChannel.id,
      response_url: nobody,
      trigger_id: String((triggers += 1)),
    }),
  );
  const timestamp = String(Math.floor(Date.now() / 1000));
  return {
    method: 'POST',
    path: '/',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': sign(secret, timestamp, body),
    },
    body,
  };
}
