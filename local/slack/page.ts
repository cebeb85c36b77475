import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, parsedValue, type LocalRequest, type LocalResponse, type Route } from '#local/http.ts';
import type { createAppRequests, Reaction } from '#local/slack/app.ts';
import type { Conversations, SlackMessage } from '#local/slack/conversation.ts';
import type { createFeed } from '#local/slack/feed.ts';
import type { createMethods, SlackChannel } from '#local/slack/methods.ts';
import type { SlackWorkspace } from '#local/slack/people.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import { SlackFault, type Weather } from '#local/slack/weather.ts';

const files = {
  '/slack': ['index.html', 'text/html'],
  '/slack/page.js': ['page.js', 'text/javascript'],
  '/slack/blocks.js': ['blocks.js', 'text/javascript'],
  '/slack/page.css': ['page.css', 'text/css'],
  '/slack/icon.svg': ['icon.svg', 'image/svg+xml'],
} as const;

/** `require-trusted-types-for`: text of a message can become markup by no mistake of ours. */
const headers = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const Look = z.object({ user: z.string().min(1), cursor: z.string().default('') });
const place = { user: z.string().min(1), channel: z.string().min(1) };
const Act = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('command'), ...place, text: z.string() }),
  z.strictObject({ kind: z.literal('press'), ...place, ts: z.string(), action: z.string() }),
  z.strictObject({ kind: z.literal('weather'), user: z.string(), faults: z.array(SlackFault) }),
]);

/** Of each channel; an old stack holds thousands. */
const shownMessages = 500;

/**
 * The local Slack for a browser: the page, what it shows and what it does. Whoever acts or reads needs the token, which is
 * in the printed address behind `#`: a browser sends that part to nobody, and no other site can know it. It travels in a
 * header, which another site may not send either; and acting takes an Origin, which `serve` compares with its own.
 */
export function createPage(options: {
  token: string;
  channels: SlackChannel[];
  people: SlackWorkspace;
  methods: ReturnType<typeof createMethods>;
  conversations: Conversations;
  feed: ReturnType<typeof createFeed>;
  weather: Weather;
  requests: ReturnType<typeof createAppRequests>;
}): Route[] {
  const { channels, people, methods, conversations, feed, weather, requests } = options;

  function authorize(request: LocalRequest): void {
    if (request.headers.authorization === `Bearer ${options.token}`) return;
    throw new GoogleError(
      'UNAUTHENTICATED',
      'Open the page with the address that was printed: it ends in #…',
    );
  }

  async function updates(request: LocalRequest): Promise<LocalResponse> {
    authorize(request);
    const { user, cursor: before } = parsedValue(Look, Object.fromEntries(request.url.searchParams));
    const { cursor, changed } = await feed.since(before);
    const messages: SlackMessage[] = [];
    const gone: { channel: string; ts: string }[] = [];
    if (changed === undefined) {
      for (const { id } of channels)
        messages.push(...conversations.inChannel(id, user).slice(-shownMessages));
    }
    for (const { channel, ts } of changed ?? []) {
      const message = conversations.get(channel, ts, user);
      if (message) messages.push(message);
      else gone.push({ channel, ts });
    }
    return {
      headers,
      json: {
        cursor,
        isAll: changed === undefined,
        messages,
        gone,
        channels: channels.map((channel) => ({
          id: channel.id,
          name: channel.name,
          isArchived: methods.isArchived(channel),
        })),
        people: people.users.filter(({ isDeleted }) => !isDeleted),
        groups: people.groups,
        faults: weather.all(),
      },
    };
  }

  async function act(request: LocalRequest): Promise<LocalResponse> {
    authorize(request);
    if (request.headers.origin === undefined) {
      throw new GoogleError('PERMISSION_DENIED', 'Only the page itself may act: the request names no Origin');
    }
    const wish = parsedBody(request, Act);
    try {
      return { headers, json: await done(wish) };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      throw new GoogleError('NOT_FOUND', error.messages.join(' ') || messageOf(error));
    }
  }

  async function done(wish: z.infer<typeof Act>): Promise<Reaction> {
    switch (wish.kind) {
      case 'command':
        return requests.command(wish.user, wish.channel, wish.text);
      case 'press':
        return requests.press(wish.user, wish.channel, wish.ts, wish.action);
      case 'weather':
        weather.set(wish.faults);
        feed.note();
        return {};
    }
  }

  return [
    ...Object.entries(files).map(([path, [file, type]]) => ({
      method: 'GET',
      path,
      public: true,
      handle: async () => ({
        headers: { ...headers, 'content-type': `${type}; charset=utf-8` },
        body: await readFile(new URL(`page/${file}`, import.meta.url)),
      }),
    })),
    { method: 'GET', path: '/slack/updates', public: true, handle: updates },
    { method: 'POST', path: '/slack/act', public: true, handle: act },
  ];
}
