import { z } from 'zod';
import { systemClock, type Clock } from '#shared/clock.ts';
import type { Slack, SlackAnswer, SlackMessage } from '#shared/ports/people.ts';
import type { Log } from '#shared/ports/platform.ts';
import { formsOf, kindOf, refusesBlocks } from './ladder.ts';
import { createWebApi, parsedAnswer } from './web-api.ts';

/** Of the metadata by which a message is found again. Visible to everybody there: an id only. */
const eventType = 'slipway_message';
/** 500 messages back: a root that was just lost is among the newest. */
const searchedPages = 5;
const pageSize = 100;

const Posted = z.object({ ts: z.string().min(1), channel: z.string().min(1) });
const Paged = z.object({ response_metadata: z.object({ next_cursor: z.string().optional() }).optional() });
const Channels = Paged.extend({ channels: z.array(z.object({ id: z.string(), name: z.string() })) });
const History = Paged.extend({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
        .optional()
        .catch(undefined),
    }),
  ),
});

/** How long blocks that a workspace refused are not tried again, so that each edit does not cost two calls. */
const refusedForMs = 3_600_000;

/**
 * The port over Slack's Web API. Slack's "no" is a value; what a later call can mend is a `Fault`. A call is never
 * repeated here: a repeated post is a second message, so whoever calls looks before.
 */
export function createSlack(options: {
  token: string;
  /** With the path of the API, `https://slack.com/api/` unless told otherwise. */
  endpoint?: string;
  timeoutMs?: number;
  log?: Log;
  clock?: Pick<Clock, 'now'>;
}): Slack {
  const { log, clock = systemClock } = options;
  const call = createWebApi(options);
  /** Kinds of blocks, and until when they are not tried. */
  const refused = new Map<string, number>();
  /** Channels by name, `#` included. */
  const ids = new Map<string, string>();

  async function say(
    method: 'chat.postMessage' | 'chat.update',
    message: SlackMessage,
    given: Record<string, unknown>,
  ): Promise<SlackAnswer> {
    const forms = formsOf(message);
    const [richest] = forms;
    const kind = kindOf(richest);
    const known = forms.length > 2 && (refused.get(kind) ?? 0) > clock.now();
    // Blocks that are refused are a definite no: sending them in another form is no repeat.
    let error = '';
    for (const { name, ...form } of known ? forms.slice(1) : forms) {
      const said = await call(method, { ...given, ...form });
      if (said.ok) {
        if (name === 'text')
          log?.('ERROR', `Slack refuses the blocks of a message: ${error}; its text is sent alone`, {
            metric: 'slack_notify_failures',
          });
        else if (error !== '') {
          // Too long is this message; not known is the workspace.
          if (error !== 'msg_blocks_too_long') refused.set(kind, clock.now() + refusedForMs);
          log?.('INFO', `Slack refuses ${kind}: ${error}; simpler blocks are sent`);
        }
        return { ok: true, ...parsedAnswer(Posted, said.answer, method) };
      }
      ({ error } = said);
      if (!refusesBlocks(error)) break;
    }
    return { ok: false, error };
  }

  /** Answers page by page; ends early where Slack says no. */
  async function* pages<T extends z.infer<typeof Paged>>(
    method: string,
    ask: Record<string, unknown>,
    schema: z.ZodType<T>,
  ): AsyncGenerator<T, void, void> {
    let cursor: string | undefined;
    for (let page = 0; page < searchedPages && cursor !== ''; page += 1) {
      const found = await call(method, { ...ask, ...(cursor === undefined ? {} : { cursor }) });
      if (!found.ok) return;
      const answer = parsedAnswer(schema, found.answer, method);
      yield answer;
      cursor = answer.response_metadata?.next_cursor ?? '';
    }
  }

  /** Slack reads messages by a channel's id only. @returns undefined when the app may not ask, or is not in it */
  async function idOf(name: string): Promise<string | undefined> {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const ask = { types: 'public_channel,private_channel', exclude_archived: true, limit: 200 };
    for await (const { channels } of pages('users.conversations', ask, Channels))
      for (const channel of channels) ids.set(`#${channel.name}`, channel.id);
    return ids.get(name);
  }

  return {
    post: (channel, message, { threadTs, broadcast, subject } = {}) =>
      say('chat.postMessage', message, {
        channel,
        unfurl_links: false,
        unfurl_media: false,
        ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
        ...(broadcast === true ? { reply_broadcast: true } : {}),
        ...(subject === undefined ? {} : { metadata: { event_type: eventType, event_payload: { subject } } }),
      }),
    update: (channel, ts, message) => say('chat.update', message, { channel, ts }),
    async findRoot(given, subject, threadTs) {
      const channel = given.startsWith('#') ? ((await idOf(given)) ?? given) : given;
      const [method, where] =
        threadTs === undefined
          ? ['conversations.history', { channel }]
          : ['conversations.replies', { channel, ts: threadTs }];
      const ask = { ...where, limit: pageSize, include_all_metadata: true };
      // What the app may not read, cannot be looked at; the post that follows will say what is wrong with the channel.
      for await (const { messages } of pages(method, ask, History)) {
        const said = messages.find(
          ({ metadata }) =>
            metadata?.event_type === eventType && metadata.event_payload['subject'] === subject,
        );
        if (said) return { ts: said.ts, channel };
      }
      return undefined;
    },
  };
}
