import { createHmac } from 'node:crypto';
import type { Clock } from '#shared/clock.ts';
import type { LocalService } from '#local/http.ts';
import type { Store } from '#local/store.ts';
import { createAppRequests, type Reaction, type SlackApp } from '#local/slack/app.ts';
import { createConversations, type MessageChange, type SlackMessage } from '#local/slack/conversation.ts';
import { createFeed } from '#local/slack/feed.ts';
import { createMethods, type SlackChannel } from '#local/slack/methods.ts';
import { createPage } from '#local/slack/page.ts';
import { defaultWorkspace, type SlackWorkspace } from '#local/slack/people.ts';
import { createResponses } from '#local/slack/responses.ts';
import { allScopes, createWebApi, underWeather } from '#local/slack/web-api.ts';
import { createWeather, type SlackFault } from '#local/slack/weather.ts';

export type { SlackFault } from '#local/slack/weather.ts';

export interface LocalSlack extends LocalService {
  /** All messages of a channel (id or name), oldest first; without what only one person sees. */
  messages(channel: string): SlackMessage[];
  /** The same with what only that user (id or name) sees. */
  seen(channel: string, user: string): SlackMessage[];
  /** As a person with the right to does it. @throws SlackError when it is not there */
  deleteMessage(channel: string, ts: string): void;
  /** Who is there; may be changed at any time. */
  people: SlackWorkspace;
  /** From now on these faults and no others. */
  setFaults(faults: SlackFault[]): void;
  /** Types a slash command, such as `/deploy status`. Users and channels by id or name. */
  command(user: string, channel: string, line: string): Promise<Reaction>;
  /** Presses a button: see `createAppRequests`. */
  press(user: string, channel: string, ts: string, action: string): Promise<Reaction>;
  /** For a browser. Whoever has it may read and act. */
  pageUrl(): string;
}

export interface SlackOptions {
  store: Store;
  clock: Clock;
  /** The one token that is accepted. */
  botToken: string;
  channels: SlackChannel[];
  /** Who is there unless told otherwise: `defaultWorkspace`. */
  people?: SlackWorkspace;
  /** What the app may do; all that the methods here ask for unless told otherwise. */
  scopes?: string[];
  /** Off for tests that ask for something else; on unless told otherwise. */
  rateLimits?: boolean;
  /** Without it there are no commands, no buttons and no page. */
  app?: SlackApp;
  onMessage?: (change: MessageChange) => void;
}

/**
 * Slack as far as an app needs it: the Web API (`slackApiUrl` is ORIGIN/api/) to post, edit and read messages and to ask
 * who people are; commands and buttons that reach the app; and a page where people see and do all that.
 */
export function createSlack(options: SlackOptions): LocalSlack {
  const { clock, channels, app, scopes = allScopes, people = defaultWorkspace() } = options;
  const weather = createWeather();
  const feed = createFeed({ clock });
  const conversations = createConversations({
    ...options,
    onChange(change) {
      feed.note(change.message);
      options.onMessage?.(change);
    },
  });
  const methods = createMethods({ channels, conversations, people, weather, scopes });
  const secretOf = (name: string): string =>
    createHmac('sha256', options.botToken).update(name).digest('base64url');
  const responses = createResponses({ ...options, conversations, weather, secretOf });
  const userId = (name: string): string => people.users.find((user) => user.name === name)?.id ?? name;

  const requests =
    app && createAppRequests({ app, clock, people, methods, conversations, responses, weather });
  const page = { channels, people, methods, conversations, feed, weather, token: secretOf('page') };
  const appOf = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('No app is installed in this local Slack: createSlack({ app })');
    return part;
  };

  return {
    routes: [
      ...createWebApi({ ...options, rateLimits: options.rateLimits ?? true, scopes, methods, weather }),
      {
        method: 'POST',
        path: '/slack/response/{token}',
        public: true,
        handle: underWeather(clock, weather, (request) => responses.handle(request)),
      },
      ...(requests ? createPage({ ...page, requests }) : []),
    ],
    messages: (channel) => conversations.inChannel(methods.channelId(channel)),
    seen: (channel, user) => conversations.inChannel(methods.channelId(channel), userId(user)),
    deleteMessage: (channel, ts) => conversations.delete(methods.channelId(channel), ts),
    people,
    setFaults(faults) {
      weather.set(faults);
      feed.note();
    },
    command: async (user, channel, line) => appOf(requests).command(user, channel, line),
    press: async (user, channel, ts, action) => appOf(requests).press(user, channel, ts, action),
    pageUrl: () => `${appOf(app).origin()}/slack#${page.token}`,
    stop: async () => feed.stop(),
  };
}
