import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { Log, Slack, SlackAnswer, SlackMessage } from '#shared/ports.ts';
import { fitted } from './limits.ts';
import { createWebApi } from './web-api.ts';

/** Of the metadata by which a message is found again. Visible to everybody there: an id only. */
const eventType = 'slipway_message';
/** 500 messages back: a root that was just lost is among the newest. */
const searchedPages = 5;
const pageSize = 100;

const Posted = z.object({ ts: z.string().min(1), channel: z.string().min(1) });
const History = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
        .optional()
        .catch(undefined),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** The blocks are refused, not the message: then its text goes alone, because nothing may be lost. */
const blocksRefused = new Set(['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long']);

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
}): Slack {
  const call = createWebApi(options);

  async function say(
    method: 'chat.postMessage' | 'chat.update',
    message: SlackMessage,
    given: Record<string, unknown>,
  ): Promise<SlackAnswer> {
    const { text, blocks } = fitted(message);
    let said = await call(method, { ...given, text, blocks });
    if (!said.ok && blocksRefused.has(said.error)) {
      options.log?.('ERROR', `Slack refuses the blocks of a message: ${said.error}; its text is sent alone`, {
        metric: 'slack_notify_failures',
      });
      said = await call(method, { ...given, text });
    }
    return said.ok ? { ok: true, ...parsed(Posted, said.answer, method) } : said;
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
    async findRoot(channel, subject) {
      let cursor: string | undefined;
      for (let page = 0; page < searchedPages; page += 1) {
        const found = await call('conversations.history', {
          channel,
          limit: pageSize,
          include_all_metadata: true,
          ...(cursor === undefined ? {} : { cursor }),
        });
        // The app may not read here, or the channel is known by name only: then it cannot be looked, and the post that
        // follows will say what is wrong with the channel.
        if (!found.ok) return undefined;
        const { messages, response_metadata } = parsed(History, found.answer, 'conversations.history');
        const root = messages.find(
          ({ metadata }) =>
            metadata?.event_type === eventType && metadata.event_payload['subject'] === subject,
        );
        if (root) return root.ts;
        cursor = response_metadata?.next_cursor;
        if (cursor === undefined || cursor === '') return undefined;
      }
      return undefined;
    },
  };
}

function parsed<T>(schema: z.ZodType<T>, answer: unknown, method: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new Fault(
    'internal',
    `Slack ${method} answered what it does not document: ${z.prettifyError(result.error)}`,
    {
      retryable: false,
    },
  );
}
