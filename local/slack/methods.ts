import { parseArguments, type ArgumentsOf, type Method } from '#local/slack/arguments.ts';
import { contentOf } from '#local/slack/content.ts';
import { between, type Conversations, type SlackMessage } from '#local/slack/conversation.ts';
import { createDirectory, type SlackWorkspace } from '#local/slack/people.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import type { Weather } from '#local/slack/weather.ts';

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

/** The app as it speaks in channels. */
export const bot = { user: 'U0SLIPWAY', bot_id: 'B0SLIPWAY', team: 'T0LOCAL' } as const;

type Fields = Record<string, unknown>;

/** What each method does. Arguments are checked here; tokens and rates are not. */
export function createMethods(options: {
  channels: SlackChannel[];
  conversations: Conversations;
  people: SlackWorkspace;
  weather: Weather;
  scopes: string[];
}) {
  const { channels, conversations, weather } = options;
  const directory = createDirectory(options);

  const find = (name: unknown): SlackChannel | undefined =>
    channels.find((channel) => channel.id === name || channel.name === String(name).replace(/^#/, ''));
  const isArchived = ({ isArchived = false, id, name }: SlackChannel): boolean =>
    isArchived || weather.isArchived(id, name);

  /**
   * By id alone: no method but `chat.postMessage` takes a name. A private channel does not exist for who is not in it.
   */
  function channelOf(id: string): SlackChannel {
    const channel = channels.find((known) => known.id === id);
    if (!channel || (channel.isPrivate && channel.isMember === false))
      throw new SlackError('channel_not_found');
    return channel;
  }

  function writable(id: string): string {
    const channel = channelOf(id);
    if (isArchived(channel)) throw new SlackError('is_archived');
    if (channel.isMember === false) throw new SlackError('not_in_channel');
    return channel.id;
  }

  /** Its channel may be a name: https://docs.slack.dev/reference/methods/chat.postMessage */
  function postMessage(given: ArgumentsOf<'chat.postMessage'>): Fields {
    const channel = writable(find(given.channel)?.id ?? given.channel);
    const content = contentOf(given, weather);
    const thread = given.thread_ts
      ? { ts: given.thread_ts, broadcast: given.reply_broadcast ?? false }
      : undefined;
    const message = conversations.post(
      channel,
      { ...content, text: content.text.slice(0, maxPostText) },
      { thread },
    );
    return { channel, ts: message.ts, message: shown(message, true) };
  }

  function update(given: ArgumentsOf<'chat.update'>): Fields {
    const channel = writable(given.channel);
    if (!conversations.get(channel, given.ts)) throw new SlackError('message_not_found');
    const content = contentOf(given, weather);
    if (content.text.length > maxUpdateText) throw new SlackError('msg_too_long');
    const message = conversations.update(channel, given.ts, content, given.reply_broadcast ?? false);
    return { channel, ts: message.ts, text: message.text, message: shown(message, true) };
  }

  function history(given: ArgumentsOf<'conversations.history'>): Fields {
    const inChannel = conversations.inChannel(writable(given.channel));
    const visible = inChannel.filter(({ threadTs, broadcast }) => threadTs === undefined || broadcast);
    const newestFirst = between(visible, given).toReversed();
    return page('messages', newestFirst, given, (message) => ({
      ...shown(message, given.include_all_metadata),
      ...repliesOf(message, inChannel),
    }));
  }

  function replies(given: ArgumentsOf<'conversations.replies'>): Fields {
    const [root, ...rest] = conversations.thread(writable(given.channel), given.ts);
    const found = root ? [root, ...between(rest, given)] : [];
    return page('messages', found, given, (message) => ({
      ...shown(message, given.include_all_metadata),
      ...(message === root ? repliesOf(message, rest) : {}),
    }));
  }

  const shownChannel = (channel: SlackChannel): Fields => ({
    id: channel.id,
    name: channel.name,
    is_channel: true,
    is_private: channel.isPrivate ?? false,
    is_archived: isArchived(channel),
  });

  function info({ channel: id }: ArgumentsOf<'conversations.info'>): Fields {
    const channel = channelOf(id);
    return { channel: { ...shownChannel(channel), is_member: channel.isMember ?? true } };
  }

  /** The app's own channels. */
  function ownChannels(given: ArgumentsOf<'users.conversations'>): Fields {
    const types = given.types.split(',');
    const needed = types.map((type) => (type === 'private_channel' ? 'groups:read' : 'channels:read'));
    if (!needed.every((scope) => options.scopes.includes(scope))) {
      throw new SlackError('missing_scope', {
        fields: { needed: needed.join(','), provided: options.scopes.join(',') },
      });
    }
    const own = channels.filter(
      (channel) =>
        channel.isMember !== false &&
        types.includes(channel.isPrivate ? 'private_channel' : 'public_channel') &&
        !(given.exclude_archived && isArchived(channel)),
    );
    return page('channels', own, given, shownChannel);
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
    'users.conversations': ownChannels,
    ...directory,
  };

  return {
    find,
    isArchived,
    /** The id of a channel that is called by id or name; what is unknown stays as it is. */
    channelId: (name: unknown): string => find(name)?.id ?? String(name),
    /** @throws SlackError for every "no" */
    call<M extends Method>(method: M, given: Fields): Fields {
      return handlers[method](parseArguments(method, given));
    },
  };
}

/** The cursor names how many were shown before. */
function page<Item>(
  name: string,
  items: Item[],
  given: { limit: number; cursor?: string | undefined },
  show: (item: Item) => Fields,
): Fields {
  const start = given.cursor ? Number(Buffer.from(given.cursor, 'base64').toString('utf8')) : 0;
  if (!Number.isInteger(start) || start < 0) throw new SlackError('invalid_cursor');
  const end = start + given.limit;
  const more = end < items.length;
  return {
    [name]: items.slice(start, end).map(show),
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
