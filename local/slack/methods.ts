import { parseArguments, type ArgumentsOf, type Method } from '#local/slack/arguments.ts';
import { checkBlocks } from '#local/slack/check-blocks.ts';
import {
  between,
  type createConversations,
  type MessageContent,
  type SlackMessage,
} from '#local/slack/conversation.ts';
import { SlackError } from '#local/slack/slack-error.ts';

export interface SlackChannel {
  /** `C…` */
  id: string;
  /** Without `#`. */
  name: string;
  isPrivate?: boolean;
  /** Whether the bot was invited; true unless told otherwise. */
  isMember?: boolean;
  isArchived?: boolean;
}

/** Longer text of an update is refused: https://docs.slack.dev/reference/methods/chat.update */
const maxUpdateText = 4000;
/** Longer text of a new message is cut: https://docs.slack.dev/reference/methods/chat.postMessage */
const maxPostText = 40_000;

const bot = { user: 'U0SLIPWAY', bot_id: 'B0SLIPWAY', team: 'T0LOCAL' };

type Fields = Record<string, unknown>;

/** What each method does. Arguments are checked here; tokens and rates are not. */
export function createMethods(options: {
  channels: SlackChannel[];
  conversations: ReturnType<typeof createConversations>;
  onMessage: (event: { kind: 'posted' | 'updated'; message: SlackMessage }) => void;
  /** A type of block that is refused although it is valid. */
  refusedBlock: () => string | undefined;
}) {
  const { channels, conversations, onMessage } = options;

  const find = (name: unknown): SlackChannel | undefined =>
    channels.find((channel) => channel.id === name || channel.name === String(name).replace(/^#/, ''));

  /** A private channel does not exist for who is not in it. */
  function channelOf(name: string): SlackChannel {
    const channel = find(name);
    if (!channel || (channel.isPrivate && channel.isMember === false))
      throw new SlackError('channel_not_found');
    return channel;
  }

  function writable(name: string): string {
    const channel = channelOf(name);
    if (channel.isArchived) throw new SlackError('is_archived');
    if (channel.isMember === false) throw new SlackError('not_in_channel');
    return channel.id;
  }

  function contentOf(
    given: Pick<ArgumentsOf<'chat.update'>, 'text' | 'blocks' | 'metadata'>,
  ): MessageContent {
    const { text = '', metadata } = given;
    if (given.blocks === undefined) {
      if (text === '') throw new SlackError('no_text');
      return { text, blocks: [], metadata };
    }
    const verdict = checkBlocks(given.blocks);
    if (!verdict.ok) throw new SlackError(verdict.error, { messages: verdict.messages });
    if (text === '' && verdict.blocks.length === 0) throw new SlackError('no_text');
    const refused = verdict.blocks.findIndex(({ type }) => type === options.refusedBlock());
    if (refused >= 0) {
      const type = verdict.blocks[refused]?.type;
      throw new SlackError('invalid_blocks', {
        messages: [`[ERROR] unsupported type: ${type} [json-pointer:/blocks/${refused}/type]`],
      });
    }
    return { text, blocks: verdict.blocks, metadata };
  }

  function postMessage(given: ArgumentsOf<'chat.postMessage'>): Fields {
    const channel = writable(given.channel);
    const content = contentOf(given);
    const thread = given.thread_ts
      ? { ts: given.thread_ts, broadcast: given.reply_broadcast ?? false }
      : undefined;
    const message = conversations.post(
      channel,
      { ...content, text: content.text.slice(0, maxPostText) },
      thread,
    );
    onMessage({ kind: 'posted', message });
    return { channel, ts: message.ts, message: shown(message, true) };
  }

  function update(given: ArgumentsOf<'chat.update'>): Fields {
    const channel = writable(given.channel);
    if (!conversations.get(channel, given.ts)) throw new SlackError('message_not_found');
    const content = contentOf(given);
    if (content.text.length > maxUpdateText) throw new SlackError('msg_too_long');
    const message = conversations.update(channel, given.ts, content, given.reply_broadcast ?? false);
    onMessage({ kind: 'updated', message });
    return { channel, ts: message.ts, text: message.text, message: shown(message, true) };
  }

  function history(given: ArgumentsOf<'conversations.history'>): Fields {
    const inChannel = conversations.inChannel(writable(given.channel));
    const visible = inChannel.filter(({ threadTs, broadcast }) => threadTs === undefined || broadcast);
    const newestFirst = between(visible, given).toReversed();
    return page(newestFirst, given, (message) => ({
      ...shown(message, given.include_all_metadata),
      ...repliesOf(message, inChannel),
    }));
  }

  function replies(given: ArgumentsOf<'conversations.replies'>): Fields {
    const [root, ...rest] = conversations.thread(writable(given.channel), given.ts);
    const found = root ? [root, ...between(rest, given)] : [];
    return page(found, given, (message) => ({
      ...shown(message, given.include_all_metadata),
      ...(message === root ? repliesOf(message, rest) : {}),
    }));
  }

  function info({ channel: name }: ArgumentsOf<'conversations.info'>): Fields {
    const channel = channelOf(name);
    return {
      channel: {
        id: channel.id,
        name: channel.name,
        is_channel: true,
        is_private: channel.isPrivate ?? false,
        is_archived: channel.isArchived ?? false,
        is_member: channel.isMember ?? true,
      },
    };
  }

  const handlers: { [M in Method]: (given: ArgumentsOf<M>) => Fields } = {
    'auth.test': () => ({
      url: 'https://slipway-local.slack.com/',
      team: 'Slipway local',
      user: 'slipway',
      team_id: bot.team,
      user_id: bot.user,
      bot_id: bot.bot_id,
    }),
    'chat.postMessage': postMessage,
    'chat.update': update,
    'conversations.history': history,
    'conversations.replies': replies,
    'conversations.info': info,
  };

  return {
    /** The id of a channel that is called by id or name; what is unknown stays as it is. */
    channelId: (name: unknown): string => find(name)?.id ?? String(name),
    /** @throws SlackError for every "no" */
    call<M extends Method>(method: M, given: Fields): Fields {
      return handlers[method](parseArguments(method, given));
    },
  };
}

/** The cursor names how many were shown before. */
function page(
  messages: SlackMessage[],
  given: { limit: number; cursor?: string | undefined },
  show: (message: SlackMessage) => Fields,
): Fields {
  const start = given.cursor ? Number(Buffer.from(given.cursor, 'base64').toString('utf8')) : 0;
  if (!Number.isInteger(start) || start < 0) throw new SlackError('invalid_cursor');
  const end = start + given.limit;
  const more = end < messages.length;
  return {
    messages: messages.slice(start, end).map(show),
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: Buffer.from(String(end)).toString('base64') } } : {}),
  };
}

function repliesOf(root: SlackMessage, messages: SlackMessage[]): Fields {
  const replies = messages.filter(({ threadTs }) => threadTs === root.ts);
  const latest = replies.at(-1);
  return latest ? { thread_ts: root.ts, reply_count: replies.length, latest_reply: latest.ts } : {};
}

function shown(message: SlackMessage, withMetadata: boolean): Fields {
  const { ts, threadTs, text, blocks, metadata } = message;
  return {
    type: 'message',
    ...bot,
    text,
    ts,
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    ...(blocks.length > 0 ? { blocks } : {}),
    ...(message.markedEdited ? { edited: { user: bot.user, ts } } : {}),
    ...(withMetadata && metadata ? { metadata } : {}),
  };
}
