import type { Clock } from '#shared/clock.ts';
import type { Store } from '#local/store.ts';
import type { Metadata } from '#local/slack/arguments.ts';
import type { Blocks } from '#local/slack/blocks.ts';
import { SlackError } from '#local/slack/slack-error.ts';

/** A message as it is kept. */
export interface SlackMessage {
  /** Id of the channel. */
  channel: string;
  /** Id within the channel, and when it was posted: `SECONDS.MICROSECONDS`. */
  ts: string;
  /** `ts` of the root, in a reply. */
  threadTs?: string;
  text: string;
  blocks: Blocks;
  metadata?: Metadata;
  /** A reply that the channel shows too. */
  broadcast: boolean;
  /** How often it was updated. */
  edits: number;
  /** Whether readers see it marked as edited: Slack does not do so when blocks are updated. */
  markedEdited: boolean;
  /** The one user who sees it ("Only visible to you"); no method of the Web API finds it. */
  onlyFor?: string;
}

export interface MessageChange {
  kind: 'posted' | 'updated' | 'deleted';
  message: SlackMessage;
}

export type MessageContent = Pick<SlackMessage, 'text' | 'blocks'> & { metadata?: Metadata | undefined };

export type Conversations = ReturnType<typeof createConversations>;

/** The messages of all channels. Where a `viewer` may be named, what only that user sees is among them. */
export function createConversations(options: {
  store: Store;
  clock: Clock;
  onChange: (change: MessageChange) => void;
}) {
  const { onChange } = options;
  const messages = options.store.collection<SlackMessage>('slack.messages');
  const counters = options.store.collection<{ last: number }>('slack.counters');
  const keyOf = (channel: string, ts: string): string => `${channel}/${ts}`;
  const isSeen = ({ onlyFor }: SlackMessage, viewer: string | undefined): boolean =>
    onlyFor === undefined || onlyFor === viewer;
  const inChannel = (channel: string, viewer?: string): SlackMessage[] =>
    messages
      .list()
      .filter((message) => message.channel === channel && isSeen(message, viewer))
      .sort((a, b) => compare(a.ts, b.ts));

  function nextTs(): string {
    const micros = Math.max(options.clock.now() * 1000, (counters.get('ts')?.last ?? 0) + 1);
    counters.put('ts', { last: micros });
    return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
  }

  return {
    inChannel,
    /** A time stamp that was not given before. */
    nextTs,
    get(channel: string, ts: string, viewer?: string): SlackMessage | undefined {
      const message = messages.get(keyOf(channel, ts));
      return message && isSeen(message, viewer) ? message : undefined;
    },
    post(
      channel: string,
      content: MessageContent,
      { thread, onlyFor }: { thread?: { ts: string; broadcast: boolean } | undefined; onlyFor?: string } = {},
    ): SlackMessage {
      const root = thread && messages.get(keyOf(channel, thread.ts));
      // Unverified: which error Slack gives for these two.
      if (thread && !root) throw new SlackError('thread_not_found');
      if (root?.threadTs !== undefined) throw new SlackError('cannot_reply_to_message');
      const { metadata, ...rest } = content;
      const message: SlackMessage = {
        channel,
        ts: nextTs(),
        ...(thread ? { threadTs: thread.ts } : {}),
        ...rest,
        ...(metadata ? { metadata } : {}),
        broadcast: thread?.broadcast ?? false,
        edits: 0,
        markedEdited: false,
        ...(onlyFor === undefined ? {} : { onlyFor }),
      };
      messages.put(keyOf(channel, message.ts), message);
      onChange({ kind: 'posted', message });
      return message;
    },
    /** Replaces text and blocks; metadata and broadcast stay unless given. */
    update(channel: string, ts: string, content: MessageContent, broadcast = false): SlackMessage {
      const current = messages.get(keyOf(channel, ts));
      if (!current) throw new SlackError('message_not_found');
      const { metadata, ...rest } = content;
      const message: SlackMessage = {
        ...current,
        ...rest,
        ...(metadata ? { metadata } : {}),
        broadcast: current.broadcast || (broadcast && current.threadTs !== undefined),
        edits: current.edits + 1,
        markedEdited: current.markedEdited || content.blocks.length === 0,
      };
      messages.put(keyOf(channel, ts), message);
      onChange({ kind: 'updated', message });
      return message;
    },
    /** A root's thread stays, as it does in Slack. */
    delete(channel: string, ts: string): void {
      const message = messages.get(keyOf(channel, ts));
      if (!message) throw new SlackError('message_not_found');
      messages.delete(keyOf(channel, ts));
      onChange({ kind: 'deleted', message });
    },
    /** The root, then its replies, oldest first. */
    thread(channel: string, ts: string): SlackMessage[] {
      const root = messages.get(keyOf(channel, ts));
      if (!root) throw new SlackError('thread_not_found');
      return [root, ...inChannel(channel).filter(({ threadTs }) => threadTs === ts)];
    },
  };
}

/** Time stamps as numbers would lose their last digits. */
function compare(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/** Those between `oldest` and `latest`, the bounds included only if `inclusive`. */
export function between(
  messages: SlackMessage[],
  { oldest, latest, inclusive }: { oldest: string; latest?: string | undefined; inclusive: boolean },
): SlackMessage[] {
  const after = (bound: string, ts: string): boolean => {
    const order = compare(normal(ts), normal(bound));
    return order > 0 || (inclusive && order === 0);
  };
  return messages.filter(({ ts }) => after(oldest, ts) && (latest === undefined || after(ts, latest)));
}

/** `12` and `12.5` as `12.000000` and `12.500000`. */
function normal(ts: string): string {
  const [seconds = '0', micros = ''] = ts.split('.');
  return `${seconds}.${micros.padEnd(6, '0')}`;
}
