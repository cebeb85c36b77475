import { sign } from '#shared/chatops/signature.ts';
import type { ChatAction } from '#shared/domain/chat.ts';

/** Requests as Slack sends them to the one address of an app, signed. */

export interface SlackRequest {
  method: 'POST';
  headers: Record<string, string>;
  rawBody: Buffer;
}

export interface SlackRequestOptions {
  secret?: string;
  /** When it is signed, milliseconds since the epoch; now unless told otherwise. */
  nowMs?: number;
  /** Fields of the form, or of a button's payload, instead of the usual ones. */
  fields?: Record<string, unknown>;
}

export const slackSecret = 'a-signing-secret-of-no-use';
const responseUrl = 'https://hooks.slack.com/actions/T0LOCAL/1/of-no-use';
let triggers = 0;
/** Slack gives every command and every press one of its own. */
const newTrigger = (): string => `13345224609.738474920.${(triggers += 1)}`;

/** Any body, signed. */
export function slackRequest(body: string | Buffer, options: SlackRequestOptions = {}): SlackRequest {
  const { secret = slackSecret, nowMs = Date.now() } = options;
  const timestamp = String(Math.floor(nowMs / 1000));
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': sign(secret, timestamp, body),
    },
    rawBody: Buffer.from(body),
  };
}

/** `/deploy TEXT`, typed by Ana. @param text escaped as Slack does */
export function slackCommand(text: string, options: SlackRequestOptions = {}): SlackRequest {
  const fields: Record<string, unknown> = {
    token: 'of-no-use',
    team_id: 'T0LOCAL',
    team_domain: 'local',
    channel_id: 'C0DEPLOYS',
    channel_name: 'deployments',
    user_id: 'U0ANA',
    user_name: 'ana',
    command: '/deploy',
    text,
    api_app_id: 'A0LOCAL',
    is_enterprise_install: 'false',
    response_url: responseUrl,
    trigger_id: newTrigger(),
    ...options.fields,
  };
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (typeof value === 'string') form.set(name, value);
  return slackRequest(String(form), options);
}

/** A press of a button in the message of 1700000000.000100, by Ana. @param action what the button asks for, or its raw parts */
export function slackButton(
  action: ChatAction | { actionId: string; value?: string },
  options: SlackRequestOptions = {},
): SlackRequest {
  const button =
    'action' in action
      ? { action_id: action.action, value: JSON.stringify(action) }
      : { action_id: action.actionId, value: action.value };
  return slackInteraction({ actions: [{ type: 'button', action_ts: '1700000001.1', ...button }] }, options);
}

/** Whatever comes in the field `payload`; a press of a button unless told otherwise. */
export function slackInteraction(payload: object, options: SlackRequestOptions = {}): SlackRequest {
  const full = {
    type: 'block_actions',
    token: 'of-no-use',
    api_app_id: 'A0LOCAL',
    team: { id: 'T0LOCAL', domain: 'local' },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: 'U0ANA', username: 'ana', name: 'ana', team_id: 'T0LOCAL' },
    channel: { id: 'C0DEPLOYS', name: 'deployments' },
    container: { type: 'message', message_ts: '1700000000.000100', channel_id: 'C0DEPLOYS' },
    message: { type: 'message', ts: '1700000000.000100', text: 'Deploying hello' },
    response_url: responseUrl,
    trigger_id: newTrigger(),
    ...payload,
    ...options.fields,
  };
  return slackRequest(String(new URLSearchParams({ payload: JSON.stringify(full) })), options);
}
