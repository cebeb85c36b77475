import { createHmac } from 'node:crypto';
import type { Clock } from '#shared/clock.ts';
import type { Conversations, SlackMessage } from '#local/slack/conversation.ts';
import { bot, type createMethods, type SlackChannel } from '#local/slack/methods.ts';
import type { SlackPerson, SlackWorkspace } from '#local/slack/people.ts';
import type { Responses } from '#local/slack/responses.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import type { Weather } from '#local/slack/weather.ts';

/** The app as it is installed: where Slack tells it of commands and buttons, and what it signs that with. */
export interface SlackApp {
  /** Of this local Slack: addresses to answer at begin with it. */
  origin: () => string;
  requestUrl: () => string;
  signingSecret: string;
  appId: string;
  /** `/deploy` unless told otherwise. */
  command?: string;
}

/** What came of a command or a press, as the person saw it at once. Later answers are among the messages seen. */
export interface Reaction {
  message?: SlackMessage;
  /** In Slack's words, which say little; those other than for time and connection are unverified. */
  error?: string;
}

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
const patienceMs = 3000;

/** Sends what people do to the app, as Slack does: form-encoded, signed, and with three seconds of patience. */
export function createAppRequests(options: {
  app: SlackApp;
  clock: Clock;
  people: SlackWorkspace;
  methods: ReturnType<typeof createMethods>;
  conversations: Conversations;
  responses: Responses;
  weather: Weather;
}) {
  const { app, clock, people, methods, conversations, responses, weather } = options;
  const { command: ownCommand = '/deploy' } = app;
  const userOf = (name: string): SlackPerson =>
    known(
      people.users.find(({ id, name: called }) => id === name || called === name.replace(/^@/, '')),
      `user "${name}"`,
    );
  const channelOf = (name: string): SlackChannel => known(methods.find(name), `channel "${name}"`);
  const responseUrl = (token: string): string => `${app.origin()}/slack/response/${token}`;
  const triggerId = (): string => `${conversations.nextTs()}.${people.team}`;

  async function send(fields: Record<string, string>): Promise<{ answer: unknown } | { error: string }> {
    const body = new URLSearchParams(fields).toString();
    const timestamp = String(Math.floor(clock.now() / 1000));
    const mac = createHmac('sha256', app.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    const late = new AbortController();
    const answered = new AbortController();
    clock.sleep(patienceMs, answered.signal).then(
      () => late.abort(),
      () => undefined,
    );
    try {
      const response = await fetch(app.requestUrl(), {
        method: 'POST',
        redirect: 'manual',
        signal: late.signal,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${mac}`,
        },
        body,
      });
      const text = await response.text();
      if (response.status !== 200) return { error: 'dispatch_failed' };
      const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json');
      return { answer: isJson ? JSON.parse(text) : text };
    } catch {
      return { error: late.signal.aborted ? 'operation_timeout' : 'dispatch_failed' };
    } finally {
      answered.abort();
    }
  }

  return {
    /** @param line as typed, `/deploy status`. @throws Error when there is no such user or channel */
    async command(userName: string, channelName: string, line: string): Promise<Reaction> {
      const [user, channel] = [userOf(userName), channelOf(channelName)];
      const [name = '', ...words] = line.trim().split(/(?<=^\S+)\s+/);
      if (name !== ownCommand) return { error: `${name || 'Nothing'} is not a valid command.` };
      if (weather.find('down')) return { error: 'Slack cannot be reached.' };
      const token = responses.open({ channel: channel.id, user: user.id });
      const sent = await send({
        team_id: user.team ?? people.team,
        team_domain: 'slipway-local',
        channel_id: channel.id,
        channel_name: channel.name,
        user_id: user.id,
        user_name: user.name,
        command: name,
        text: escaped(words.join(' '), people, methods.find),
        api_app_id: app.appId,
        is_enterprise_install: 'false',
        response_url: responseUrl(token),
        trigger_id: triggerId(),
      });
      if ('error' in sent) return { error: `${name} failed with the error "${sent.error}"` };
      // Unverified: how Slack treats text that is no JSON and answers it does not understand.
      if (sent.answer === '') return {};
      const answer = typeof sent.answer === 'string' ? { text: sent.answer } : sent.answer;
      try {
        const message = responses.apply(answer, { channel: channel.id, user: user.id });
        if (message) responses.setOriginal(token, message.ts);
        return message ? { message } : {};
      } catch (error) {
        if (!(error instanceof SlackError)) throw error;
        return { error: `${name} failed with the error "${error.code}"` };
      }
    },

    /**
     * Presses a button, past its confirmation. @param action its `action_id`; where more than one has it, `BLOCK/action_id`,
     * with the block's `block_id` or its place from 0. @throws Error when the user sees no such message or button
     */
    async press(userName: string, channelName: string, ts: string, action: string): Promise<Reaction> {
      const [user, channel] = [userOf(userName), channelOf(channelName)];
      const message = known(conversations.get(channel.id, ts, user.id), `message ${ts} for ${user.name}`);
      const { blockId, button } = known(buttonOf(message, action), `button "${action}" in message ${ts}`);
      if (weather.find('down')) return { error: 'Slack cannot be reached.' };
      const isEphemeral = message.onlyFor !== undefined;
      const thread = message.threadTs === undefined ? {} : { thread_ts: message.threadTs };
      const { confirm: _, url: __, ...pressed } = button;
      const sent = await send({
        payload: JSON.stringify({
          type: 'block_actions',
          user: { id: user.id, username: user.name, name: user.name, team_id: user.team ?? people.team },
          api_app_id: app.appId,
          container: {
            type: 'message',
            message_ts: ts,
            channel_id: channel.id,
            is_ephemeral: isEphemeral,
            ...thread,
          },
          trigger_id: triggerId(),
          team: { id: people.team, domain: 'slipway-local' },
          enterprise: null,
          is_enterprise_install: false,
          channel: { id: channel.id, name: channel.name },
          // Unverified: that the app does not get what only one person sees; so it cannot count on it.
          ...(isEphemeral
            ? {}
            : {
                message: {
                  type: 'message',
                  ...bot,
                  ...thread,
                  ts,
                  text: message.text,
                  blocks: message.blocks,
                },
              }),
          state: { values: {} },
          response_url: responseUrl(responses.open({ channel: channel.id, user: user.id, original: ts })),
          actions: [{ ...pressed, block_id: blockId, action_ts: conversations.nextTs() }],
        }),
      });
      // The body of this answer is looked at by nobody: messages go through response_url.
      return 'error' in sent ? { error: `The app did not answer the button: ${sent.error}` } : {};
    },
  };
}

function known<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new SlackError('not_found', { messages: [`There is no ${what}`] });
  return found;
}

function buttonOf({ blocks }: SlackMessage, action: string) {
  for (const [place, block] of blocks.entries()) {
    const elements = block.type === 'actions' ? block.elements : [];
    for (const element of elements) {
      if (element.type !== 'button') continue;
      const { action_id: id = '' } = element;
      const names = [id, `${block.block_id}/${id}`, `${place}/${id}`];
      if (names.includes(action)) return { blockId: block.block_id ?? String(place), button: element };
    }
  }
  return undefined;
}

/** As a command with `should_escape` gets it: names of people, groups and channels as ids, the rest without markup. */
function escaped(
  text: string,
  { users, groups }: SlackWorkspace,
  channelOf: (name: string) => SlackChannel | undefined,
): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/(?<!\S)@([\w.-]+)/g, (typed, name: string) => {
      const user = users.find((one) => one.name === name);
      const group = groups.find((one) => one.handle === name);
      if (user) return `<@${user.id}|${user.name}>`;
      return group ? `<!subteam^${group.id}|@${group.handle}>` : typed;
    })
    .replaceAll(/(?<!\S)#([\w-]+)/g, (typed, name: string) => {
      const channel = channelOf(name);
      return channel ? `<#${channel.id}|${channel.name}>` : typed;
    });
}
