import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import { createWebApi } from './web-api.ts';

/** What became of a question: Slack's answer, Slack's "no" in its own word, or no answer. */
export type Asked<T> =
  | { status: 'answered'; value: T }
  | { status: 'refused'; error: string }
  | { status: 'unanswered'; why: string };

export interface AppIdentity {
  team: string;
  /** `T…` */
  teamId: string;
  /** The bot's name, without `@`. */
  botName: string;
  /** Undefined when Slack did not say. */
  scopes: string[] | undefined;
}

export interface ChannelSeen {
  id: string;
  /** Without `#`. */
  name: string;
  isMember: boolean;
  isArchived: boolean;
}

export interface PersonSeen {
  name: string;
  teamId: string;
  isBot: boolean;
  isDeleted: boolean;
}

/** What the doctor asks Slack. It only reads, and a question never throws. */
export interface SlackInspector {
  identity(): Promise<Asked<AppIdentity>>;
  /** By id: Slack looks up no channel by its name. */
  channel(id: string): Promise<Asked<ChannelSeen>>;
  /** Channels that the app is in and that are not archived. `all`: private ones were looked at too. */
  ownChannels(): Promise<Asked<{ channels: ChannelSeen[]; all: boolean }>>;
  user(id: string): Promise<Asked<PersonSeen>>;
  /** How many people are in a user group. */
  groupSize(id: string): Promise<Asked<number>>;
}

const Identity = z
  .object({
    team: z.string(),
    team_id: z.string(),
    user: z.string(),
    /** The official client puts the header `x-oauth-scopes` here. */
    response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
  })
  .transform((seen): AppIdentity => ({
    team: seen.team,
    teamId: seen.team_id,
    botName: seen.user,
    scopes: seen.response_metadata?.scopes,
  }));

const Channel = z
  .object({
    id: z.string(),
    name: z.string(),
    is_member: z.boolean().optional(),
    is_archived: z.boolean().default(false),
  })
  .transform((seen): ChannelSeen => ({
    id: seen.id,
    name: seen.name,
    isMember: seen.is_member ?? false,
    isArchived: seen.is_archived,
  }));
const Info = z.object({ channel: Channel }).transform(({ channel }) => channel);
const Page = z.object({
  channels: z.array(Channel),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

const User = z
  .object({
    user: z.object({
      name: z.string(),
      team_id: z.string(),
      is_bot: z.boolean().default(false),
      deleted: z.boolean().default(false),
    }),
  })
  .transform(({ user }): PersonSeen => ({
    name: user.name,
    teamId: user.team_id,
    isBot: user.is_bot,
    isDeleted: user.deleted,
  }));
const GroupSize = z.object({ users: z.array(z.string()) }).transform(({ users }) => users.length);

/** An app that is in more channels than this is not looked at to the end. */
const maximumPages = 10;

export function createInspector(options: {
  token: string;
  endpoint?: string;
  timeoutMs?: number;
}): SlackInspector {
  const call = createWebApi(options);

  async function ask<Schema extends z.ZodType>(
    method: string,
    given: Record<string, unknown>,
    schema: Schema,
  ): Promise<Asked<z.output<Schema>>> {
    try {
      const said = await call(method, given);
      if (!said.ok) return { status: 'refused', error: said.error };
      const parsed = schema.safeParse(said.answer);
      return parsed.success
        ? { status: 'answered', value: parsed.data }
        : { status: 'unanswered', why: `${method}: ${z.prettifyError(parsed.error)}` };
    } catch (error) {
      if (error instanceof Fault) return { status: 'unanswered', why: error.message };
      throw error;
    }
  }

  async function channelsOf(types: string): Promise<Asked<ChannelSeen[]>> {
    const channels: ChannelSeen[] = [];
    let cursor = '';
    for (let page = 0; page < maximumPages; page += 1) {
      const given = { types, exclude_archived: true, limit: 200, ...(cursor === '' ? {} : { cursor }) };
      const asked = await ask('users.conversations', given, Page);
      if (asked.status !== 'answered') return asked;
      // All of them are the app's own: `is_member` is not documented to be among the answer.
      channels.push(...asked.value.channels.map((channel) => ({ ...channel, isMember: true })));
      cursor = asked.value.response_metadata?.next_cursor ?? '';
      if (cursor === '') return { status: 'answered', value: channels };
    }
    return { status: 'unanswered', why: `the app is in more than ${channels.length} channels` };
  }

  return {
    identity: () => ask('auth.test', {}, Identity),
    channel: (channel) => ask('conversations.info', { channel }, Info),
    async ownChannels() {
      const both = await channelsOf('public_channel,private_channel');
      // Each type asks for a scope of its own.
      const all = both.status !== 'refused' || both.error !== 'missing_scope';
      const asked = all ? both : await channelsOf('public_channel');
      return asked.status === 'answered'
        ? { status: 'answered', value: { channels: asked.value, all } }
        : asked;
    },
    user: (user) => ask('users.info', { user }, User),
    groupSize: (usergroup) => ask('usergroups.users.list', { usergroup }, GroupSize),
  };
}
