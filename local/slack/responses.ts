import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import type { LocalRequest, LocalResponse } from '#local/http.ts';
import type { Store } from '#local/store.ts';
import { flag, json } from '#local/slack/arguments.ts';
import { contentOf } from '#local/slack/content.ts';
import type { Conversations, SlackMessage } from '#local/slack/conversation.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import type { Weather } from '#local/slack/weather.ts';

/** https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
const maxUses = 5;
const lifetimeMs = 30 * 60_000;

/** What an app answers a command or a button with, at once or through its `response_url`. */
const Answer = z.strictObject({
  text: z.string().optional(),
  blocks: json('invalid_blocks_format').optional(),
  response_type: z.enum(['ephemeral', 'in_channel']).default('ephemeral'),
  replace_original: flag.default(false),
  delete_original: flag.default(false),
  thread_ts: z.string().optional(),
});

/** To whom and about what an answer is. */
export interface Occasion {
  channel: string;
  user: string;
  /** `ts` of the message whose button was pressed, or of the first answer to a command. */
  original?: string;
}

export type Responses = ReturnType<typeof createResponses>;

/** Answers to commands and buttons, and the addresses that take them later. */
export function createResponses(options: {
  store: Store;
  clock: Clock;
  conversations: Conversations;
  weather: Weather;
  /** A value nobody can guess, the same for the same name. */
  secretOf: (name: string) => string;
}) {
  const { clock, conversations, weather } = options;
  const urls = options.store.collection<Occasion & { uses: number; openedAt: number }>('slack.responses');

  /** @returns the message the answer made, if any. @throws SlackError when Slack would not take it */
  function apply(given: unknown, { channel, user, original }: Occasion): SlackMessage | undefined {
    const parsed = Answer.safeParse(given);
    if (!parsed.success) {
      throw new SlackError('invalid_payload', { messages: [z.prettifyError(parsed.error)] });
    }
    const answer = parsed.data;
    if (answer.delete_original) {
      if (original === undefined) throw new SlackError('message_not_found');
      conversations.delete(channel, original);
      return undefined;
    }
    const content = contentOf(answer, weather);
    // Unverified: that an answer which has nothing to replace becomes a message of its own.
    if (answer.replace_original && original !== undefined) {
      return conversations.update(channel, original, content);
    }
    return conversations.post(channel, content, {
      thread: answer.thread_ts === undefined ? undefined : { ts: answer.thread_ts, broadcast: false },
      ...(answer.response_type === 'ephemeral' ? { onlyFor: user } : {}),
    });
  }

  return {
    apply,
    /** @returns the token of a new address */
    open(occasion: Occasion): string {
      const token = options.secretOf(`response ${conversations.nextTs()}`);
      urls.put(token, { ...occasion, uses: 0, openedAt: clock.now() });
      return token;
    },
    /** From now on that is the message which an answer may replace. */
    setOriginal(token: string, original: string): void {
      const url = urls.get(token);
      if (url) urls.put(token, { ...url, original });
    },
    /** One POST to an address. Unverified: the HTTP codes and words of a "no". */
    handle(request: LocalRequest): LocalResponse {
      const no = (status: number, error: string): LocalResponse => ({ status, json: { ok: false, error } });
      const token = request.params['token'] ?? '';
      const url = urls.get(token);
      if (!url || clock.now() > url.openedAt + lifetimeMs) return no(404, 'expired_url');
      if (url.uses >= maxUses) return no(404, 'used_url');
      try {
        const message = apply(bodyOf(request), url);
        urls.put(token, {
          ...url,
          ...(message && !url.original && { original: message.ts }),
          uses: url.uses + 1,
        });
        return weather.takeLoss() ? { cut: true } : { body: 'ok' };
      } catch (error) {
        if (error instanceof SlackError) return { status: 400, json: error.toJSON() };
        throw error;
      }
    },
  };
}

function bodyOf(request: LocalRequest): unknown {
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new SlackError('invalid_payload');
  }
}
