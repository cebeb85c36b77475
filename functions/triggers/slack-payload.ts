import { z } from 'zod';
import { ChatAction } from '#shared/domain/chat.ts';
import { SlackUser } from '#shared/domain/people.ts';
import { linkActionPrefix } from '#shared/slack/blocks.ts';

/** Who sent it, as Slack says. */
export interface Sender {
  appId: string;
  /** Undefined for an app that is installed for a whole organisation. */
  team: string | undefined;
  /** The workspace of the person, where Slack tells: in a shared channel it may be another company's. */
  userTeam: string | undefined;
  user: string;
  userName: string | undefined;
  channel: string | undefined;
  responseUrl: string;
}

/** What Slack sends to the one address of an app: a form, for a button with everything in its field `payload`. */
export type SlackPayload =
  | ({ kind: 'command'; command: string; text: string; triggerId: string } & Sender)
  /** `action` is undefined when this version knows no such button. `press` is another one for every press. */
  | ({ kind: 'button'; actionId: string; action: ChatAction | undefined; press: string[] } & Sender)
  /** Slack tells of a press on a link too; there is nothing to do. */
  | { kind: 'link' }
  | { kind: 'unsupported'; what: string };

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
const CommandForm = z.object({
  command: z.string().min(2).max(100),
  text: z.string().default(''),
  trigger_id: z.string().min(1),
  api_app_id: z.string(),
  team_id: z.string(),
  user_id: SlackUser,
  user_name: z.string().optional(),
  channel_id: z.string().optional(),
  response_url: z.url(),
  is_enterprise_install: z.enum(['true', 'false']).default('false'),
});

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
const Button = z.object({
  api_app_id: z.string(),
  /** Null when the app is installed for a whole organisation. */
  team: z.object({ id: z.string() }).nullable(),
  user: z.object({
    id: SlackUser,
    username: z.string().optional(),
    name: z.string().optional(),
    team_id: z.string().optional(),
  }),
  channel: z.object({ id: z.string() }).optional(),
  container: z.object({ message_ts: z.string().optional() }).optional(),
  response_url: z.url().optional(),
  trigger_id: z.string().min(1),
  is_enterprise_install: z.boolean().default(false),
  actions: z.tuple([
    z.object({ action_id: z.string(), value: z.string().optional(), action_ts: z.string().optional() }),
  ]),
});

/** @returns undefined when it is nothing that Slack sends */
export function slackPayload(form: URLSearchParams): SlackPayload | undefined {
  const payload = form.get('payload');
  if (payload !== null) return interaction(jsonOf(payload));
  const parsed = CommandForm.safeParse(Object.fromEntries(form));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  return {
    kind: 'command',
    command: data.command,
    text: data.text,
    triggerId: data.trigger_id,
    appId: data.api_app_id,
    team: data.is_enterprise_install === 'true' ? undefined : data.team_id,
    userTeam: undefined,
    user: data.user_id,
    userName: data.user_name,
    channel: data.channel_id,
    responseUrl: data.response_url,
  };
}

function interaction(payload: unknown): SlackPayload | undefined {
  const known = z.object({ type: z.string() }).safeParse(payload);
  if (!known.success) return undefined;
  if (known.data.type !== 'block_actions') return { kind: 'unsupported', what: known.data.type };
  const parsed = Button.safeParse(payload);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  const [{ action_id: actionId, value = '{}', action_ts: at = '' }] = data.actions;
  if (actionId.startsWith(linkActionPrefix)) return { kind: 'link' };
  // One of a modal or of the Home tab: nothing of ours is there.
  if (data.response_url === undefined) return { kind: 'unsupported', what: 'a button outside a message' };
  return {
    kind: 'button',
    actionId,
    action: actionOf(actionId, value),
    press: [actionId, value, data.container?.message_ts ?? '', at, data.trigger_id],
    appId: data.api_app_id,
    team: data.is_enterprise_install ? undefined : data.team?.id,
    userTeam: data.user.team_id,
    user: data.user.id,
    userName: data.user.username ?? data.user.name,
    channel: data.channel?.id,
    responseUrl: data.response_url,
  };
}

function actionOf(actionId: string, value: string): ChatAction | undefined {
  const fields = z.record(z.string(), z.unknown()).safeParse(jsonOf(value));
  const parsed = ChatAction.safeParse({ action: actionId, ...fields.data });
  return fields.success && parsed.success && parsed.data.action === actionId ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
