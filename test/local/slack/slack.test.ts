import { afterEach, describe, expect, it } from 'vitest';
import {
  LogLevel,
  WebClient,
  type ChatPostMessageArguments,
  type ConversationsHistoryResponse,
  type Logger,
} from '@slack/web-api';
import { serve, type LocalServer } from '#local/http.ts';
import { createSlack, type SlackFault, type SlackOptions } from '#local/slack/slack.ts';
import { openStore } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const botToken = 'xoxb-local-token';
const channel = 'C0DEPLOYS';
let server: LocalServer | undefined;
afterEach(() => server?.close());

async function setUp(options: Partial<SlackOptions> = {}) {
  const clock = createVirtualClock();
  const events: string[] = [];
  const slack = createSlack({
    store: openStore(':memory:'),
    clock,
    botToken,
    channels: [
      { id: channel, name: 'deploys' },
      { id: 'C0OTHER', name: 'other', isMember: false },
      { id: 'C0SECRET', name: 'secret', isMember: false, isPrivate: true },
      { id: 'C0OLD', name: 'old', isArchived: true },
    ],
    onMessage: ({ kind, message }) => events.push(`${kind} ${message.text}`),
    ...options,
  });
  server = await serve({ routes: slack.routes, authenticate: () => undefined });
  const { origin } = server;
  const clientOf = (token: string) =>
    new WebClient(token, {
      slackApiUrl: `${origin}/api/`,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: false,
      logger: silent,
    });
  return { slack, clock, events, origin, client: clientOf(botToken), clientOf };
}

const nothing = (): void => undefined;
/** The client logs every refusal, and this file is full of them. */
const silent: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
};

const say = (client: WebClient, message: ChatPostMessageArguments) => client.chat.postMessage(message);

/** What a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return (error as { data?: unknown }).data ?? error;
  }
  throw new Error('the call was not refused');
}

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text } });
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe("Slack's own client", () => {
  it('posts, edits, and reads back a message with its thread and metadata', async () => {
    const { client, slack, events } = await setUp();
    expect(await client.auth.test()).toMatchObject({ ok: true, bot_id: 'B0SLIPWAY' });
    const metadata = { event_type: 'deployment', event_payload: { id: 'd-1' } };
    const root = await say(client, {
      channel: '#deploys',
      text: 'Deploying',
      blocks: [header('Deploying')],
      metadata,
    });
    expect(root).toMatchObject({ ok: true, channel, ts: '1767225600.000000' });
    await say(client, { channel, text: 'quiet', thread_ts: root.ts! });
    await say(client, { channel, text: 'loud', thread_ts: root.ts!, reply_broadcast: true });
    await client.chat.update({
      channel,
      ts: root.ts!,
      text: 'Deployed',
      blocks: [header('Deployed'), section('v1')],
    });

    const history = await client.conversations.history({ channel, include_all_metadata: true });
    expect(history.messages).toMatchObject([
      { text: 'loud', thread_ts: root.ts, subtype: 'thread_broadcast' },
      { text: 'Deployed', blocks: [{ type: 'header' }, { type: 'section' }], metadata, reply_count: 2 },
    ]);
    const replies = await client.conversations.replies({ channel, ts: root.ts! });
    expect(replies.messages!.map(({ text }) => text)).toEqual(['Deployed', 'quiet', 'loud']);
    expect(replies.messages![0]).not.toHaveProperty('metadata');
    expect(slack.messages('deploys')).toMatchObject([
      { text: 'Deployed', edits: 1, markedEdited: false, metadata },
      { text: 'quiet', threadTs: root.ts, broadcast: false, edits: 0 },
      { text: 'loud', threadTs: root.ts, broadcast: true, edits: 0 },
    ]);
    expect(events).toEqual(['posted Deploying', 'posted quiet', 'posted loud', 'updated Deployed']);
  });

  it('loses the blocks of a message that is updated with text only, and sees it marked as edited', async () => {
    const { client, slack } = await setUp();
    const { ts } = await say(client, { channel, text: 'a', blocks: [header('a')] });
    await client.chat.update({ channel, ts: ts!, text: 'b' });
    expect(slack.messages(channel)).toMatchObject([{ text: 'b', blocks: [], markedEdited: true }]);
  });

  it('pages through a history within bounds', async () => {
    const { client } = await setUp();
    const stamps: string[] = [];
    for (const text of ['1', '2', '3', '4']) stamps.push((await say(client, { channel, text })).ts!);
    const texts: (string | undefined)[][] = [];
    for await (const page of client.paginate('conversations.history', {
      channel,
      limit: 2,
      oldest: stamps[0]!,
    })) {
      texts.push((page as ConversationsHistoryResponse).messages!.map(({ text }) => text));
    }
    expect(texts).toEqual([['4', '3'], ['2']]);
  });

  it('finds what it knows of a channel', async () => {
    const { client } = await setUp();
    const other = await client.conversations.info({ channel: 'C0OTHER' });
    expect(other.channel).toMatchObject({ name: 'other', is_member: false, is_private: false });
  });

  it('may post by the name of a channel, and does nothing else by it', async () => {
    const { client, slack } = await setUp();
    const name = '#deploys';
    const { ts } = await say(client, { channel: name, text: 'Deploying' });
    const calls: [string, () => Promise<unknown>][] = [
      ['chat.update', () => client.chat.update({ channel: name, ts: ts!, text: 'Deployed' })],
      ['conversations.history', () => client.conversations.history({ channel: name })],
      ['conversations.replies', () => client.conversations.replies({ channel: name, ts: ts! })],
      ['conversations.info', () => client.conversations.info({ channel: name })],
    ];
    for (const [method, call] of calls)
      expect([method, await refusal(call())]).toMatchObject([method, { error: 'channel_not_found' }]);
    expect(slack.messages(channel)).toMatchObject([{ text: 'Deploying', edits: 0 }]);
  });
});

describe('a refusal', () => {
  it.each([
    ['another token', 'invalid_auth', ({ clientOf }) => clientOf('xoxb-other').auth.test()],
    [
      'an unknown method',
      'unknown_method',
      ({ client }) => client.apiCall('chat.scheduleMessage', { channel }),
    ],
    ['an unknown channel', 'channel_not_found', ({ client }) => say(client, { channel: 'C1', text: 'x' })],
    [
      'a private channel without us',
      'channel_not_found',
      ({ client }) => client.conversations.info({ channel: 'C0SECRET' }),
    ],
    [
      'a channel without us',
      'not_in_channel',
      ({ client }) => say(client, { channel: 'C0OTHER', text: 'x' }),
    ],
    ['an archived channel', 'is_archived', ({ client }) => say(client, { channel: 'C0OLD', text: 'x' })],
    ['nothing to say', 'no_text', ({ client }) => say(client, { channel, text: '' })],
    [
      'a message that is not there',
      'message_not_found',
      ({ client }) => client.chat.update({ channel, ts: '1.000000', text: 'x' }),
    ],
    [
      'a thread that is not there',
      'thread_not_found',
      ({ client }) => say(client, { channel, text: 'x', thread_ts: '1.000000' }),
    ],
    [
      'attachments',
      'invalid_arguments',
      ({ client }) => say(client, { channel, text: 'x', attachments: [] }),
    ],
    [
      'blocks that are no JSON',
      'invalid_blocks_format',
      ({ client }) => client.apiCall('chat.postMessage', { channel, blocks: '[{' }),
    ],
  ] as [string, string, (made: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>][])(
    'is given for %s: %s',
    async (_, error, call) => {
      expect(await refusal(call(await setUp()))).toMatchObject({ ok: false, error });
    },
  );

  it('is given for an update longer than 4000 characters, while a new message is cut at 40000', async () => {
    const { client, slack } = await setUp();
    const { ts } = await say(client, { channel, text: 'x'.repeat(40_001) });
    expect(slack.messages(channel)[0]!.text).toHaveLength(40_000);
    const update = client.chat.update({ channel, ts: ts!, text: 'x'.repeat(4001) });
    expect(await refusal(update)).toMatchObject({ error: 'msg_too_long' });
  });

  it('names the scope that is missing', async () => {
    const { client } = await setUp({ scopes: ['chat:write'] });
    expect(await refusal(client.conversations.history({ channel }))).toMatchObject({
      error: 'missing_scope',
      needed: 'channels:history,groups:history',
    });
  });
});

describe('blocks', () => {
  const button = { type: 'button', action_id: 'a', text: { type: 'plain_text', text: 'Go' } };
  const task = { type: 'task_card', task_id: 't', title: 'Deploy', status: 'complete' };
  const chart = {
    type: 'data_visualization',
    title: 'Latency',
    chart: {
      type: 'line',
      series: [{ name: 'stable', data: [{ label: 'a', value: 1 }] }],
      axis_config: { categories: ['a'] },
    },
  };
  const row = [{ type: 'raw_text', text: 'x' }];

  it.each([
    [
      'text and fields',
      [section('x'.repeat(3000)), { type: 'section', fields: many(10, { type: 'mrkdwn', text: 'x' }) }],
    ],
    ['a header of 150 characters', [header('x'.repeat(150))]],
    ['25 buttons', [{ type: 'actions', elements: many(25, button) }]],
    ['a plan', [{ type: 'plan', title: 'Deploy', tasks: many(50, task) }]],
    ['two charts', [chart, chart]],
    [
      'tables',
      [
        { type: 'table', rows: many(100, row) },
        { type: 'data_table', caption: 'c', rows: many(200, row) },
      ],
    ],
    [
      'a container',
      [
        {
          type: 'container',
          title: { type: 'plain_text', text: 'More' },
          child_blocks: many(10, section('x')),
        },
      ],
    ],
    ['50 of them', many(50, { type: 'divider' })],
  ])('are taken: %s', async (_, blocks) => {
    const { client } = await setUp();
    expect(await client.apiCall('chat.postMessage', { channel, text: 'x', blocks })).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ['51 blocks', many(51, { type: 'divider' }), 'no more than 50 items allowed [json-pointer:/blocks]'],
    [
      'a long header',
      [header('x'.repeat(151))],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'a long section',
      [header('x'), section('x'.repeat(3001))],
      'must be less than 3001 characters [json-pointer:/blocks/1/text/text]',
    ],
    [
      '11 fields',
      [{ type: 'section', fields: many(11, { type: 'mrkdwn', text: 'x' }) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    [
      '26 buttons',
      [{ type: 'actions', elements: many(26, button) }],
      'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      '11 context elements',
      [{ type: 'context', elements: many(11, { type: 'mrkdwn', text: 'x' }) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'a long button',
      [{ type: 'actions', elements: [{ ...button, text: { type: 'plain_text', text: 'x'.repeat(76) } }] }],
      'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    ],
    [
      'markdown in a header',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'json-pointer:/blocks/0/text/type',
    ],
    [
      'an empty section',
      [{ type: 'section' }],
      'must define either `text` or `fields` [json-pointer:/blocks/0]',
    ],
    ['empty text', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    ['a missing field', [{ type: 'header' }], 'missing required field: text [json-pointer:/blocks/0]'],
    [
      'an unknown field',
      [{ type: 'divider', colour: 'red' }],
      'invalid additional property: colour [json-pointer:/blocks/0]',
    ],
    [
      'an alert, which is for modals',
      [{ type: 'alert', text: { type: 'mrkdwn', text: 'x' } }],
      'unsupported type: alert [json-pointer:/blocks/0/type]',
    ],
    ['the status "completed"', [{ ...task, status: 'completed' }], 'json-pointer:/blocks/0/status'],
    [
      '51 tasks',
      [{ type: 'plan', title: 'x', tasks: many(51, task) }],
      'no more than 50 items allowed [json-pointer:/blocks/0/tasks]',
    ],
    [
      'a plan beside a task card',
      [{ type: 'plan', title: 'x' }, task],
      'plan and task_card cannot be used together',
    ],
    ['three charts', [chart, chart, chart], 'no more than 2 data_visualization blocks'],
    [
      'a chart whose points miss a category',
      [{ ...chart, chart: { ...chart.chart, axis_config: { categories: ['a', 'b'] } } }],
      'one point for each',
    ],
    [
      'two tables',
      [
        { type: 'table', rows: [row] },
        { type: 'table', rows: [row] },
      ],
      'only one table',
    ],
    [
      'a data table in a container',
      [{ type: 'container', child_blocks: [{ type: 'data_table', caption: 'x', rows: [row] }] }],
      'unsupported type: data_table [json-pointer:/blocks/0/child_blocks/0/type]',
    ],
    [
      'the same block_id twice',
      [
        { type: 'divider', block_id: 'x' },
        { type: 'divider', block_id: 'x' },
      ],
      'block_id must be unique',
    ],
  ])('are refused: %s', async (_, blocks, message) => {
    const { client, slack } = await setUp();
    const refused = await refusal(client.apiCall('chat.postMessage', { channel, text: 'x', blocks }));
    expect(refused).toMatchObject({ error: 'invalid_blocks' });
    const { response_metadata: metadata } = refused as { response_metadata: { messages: string[] } };
    expect(metadata.messages[0]).toMatch(/^\[ERROR\] .+ \[json-pointer:\/blocks/);
    expect(metadata.messages[0]).toContain(message);
    expect(slack.messages(channel)).toEqual([]);
  });

  it('are refused as too long together above 12000 characters', async () => {
    const { client } = await setUp();
    const call = say(client, { channel, text: 'x', blocks: many(5, section('x'.repeat(2500))) });
    expect(await refusal(call)).toMatchObject({ error: 'msg_blocks_too_long' });
  });
});

describe('the rate limit', () => {
  const post = (client: WebClient, to = channel) => say(client, { channel: to, text: 'x' });

  it('allows a burst per channel, then one message a second', async () => {
    const { client, clock } = await setUp({
      channels: [
        { id: channel, name: 'deploys' },
        { id: 'C2', name: 'two' },
      ],
    });
    for (let n = 0; n < 5; n += 1) await post(client);
    expect(await refusal(post(client, '#deploys'))).toMatchObject({ retryAfter: 1 });
    await post(client, 'C2');
    await clock.advance(1000);
    await post(client);
    expect(await refusal(post(client))).toMatchObject({ retryAfter: 1 });
  });

  it('can be switched off', async () => {
    const { client, slack } = await setUp({ rateLimits: false });
    for (let n = 0; n < 8; n += 1) await post(client);
    expect(slack.messages(channel)).toHaveLength(8);
  });
});

describe('a fault', () => {
  const post = (client: WebClient) =>
    say(client, { channel, text: 'x', blocks: [{ type: 'plan', title: 'x' }] });

  it('down answers 503 until it is lifted', async () => {
    const { client, slack } = await setUp();
    slack.setFaults([{ kind: 'down' }]);
    expect(String(await refusal(post(client)))).toContain('503');
    slack.setFaults([]);
    await post(client);
    expect(slack.messages(channel)).toHaveLength(1);
  });

  it('accepted-but-lost keeps the message and cuts the connection, as often as told', async () => {
    const { client, slack } = await setUp();
    slack.setFaults([{ kind: 'accepted-but-lost', times: 1 }]);
    expect(await refusal(post(client))).toBeInstanceOf(Error);
    expect(slack.messages(channel)).toHaveLength(1);
    await post(client);
    expect(slack.messages(channel)).toHaveLength(2);
  });

  it('slow answers later', async () => {
    const { client, slack, clock } = await setUp();
    slack.setFaults([{ kind: 'slow', delayMs: 8000 }]);
    const posting = post(client);
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(slack.messages(channel)).toEqual([]);
    await clock.advance(8000);
    expect(await posting).toMatchObject({ ok: true });
  });

  it('invalid-blocks refuses one type of block only', async () => {
    const { client, slack } = await setUp();
    const noPlans: SlackFault = { kind: 'invalid-blocks', blockType: 'plan' };
    slack.setFaults([noPlans]);
    expect(await refusal(post(client))).toMatchObject({
      error: 'invalid_blocks',
      response_metadata: { messages: ['[ERROR] unsupported type: plan [json-pointer:/blocks/0/type]'] },
    });
    expect(await say(client, { channel, text: 'x', blocks: [header('x')] })).toMatchObject({
      ok: true,
    });
  });
});

describe('more weather', () => {
  const post = (client: WebClient) => say(client, { channel, text: 'x' });

  it('rate-limited answers 429 to everything, and says when to come again', async () => {
    const { client, slack } = await setUp();
    slack.setFaults([{ kind: 'rate-limited', retryAfterSeconds: 7 }]);
    expect(await refusal(client.auth.test())).toMatchObject({ retryAfter: 7 });
    expect(await refusal(post(client))).toMatchObject({ retryAfter: 7 });
    expect(slack.messages(channel)).toEqual([]);
  });

  it.each([
    ['token_revoked', { kind: 'revoked-token' }],
    ['is_archived', { kind: 'archived-channel', channel: 'deploys' }],
    ['is_archived', { kind: 'archived-channel', channel }],
  ] as [string, SlackFault][])('answers %s when told to', async (error, fault) => {
    const { client, slack } = await setUp();
    slack.setFaults([fault]);
    expect(await refusal(post(client))).toMatchObject({ error });
    slack.setFaults([]);
    await post(client);
  });

  it('refuses each type of block that it was told to', async () => {
    const { client, slack } = await setUp();
    slack.setFaults([
      { kind: 'invalid-blocks', blockType: 'plan' },
      { kind: 'invalid-blocks', blockType: 'header' },
    ]);
    for (const block of [header('x'), { type: 'plan', title: 'x' }]) {
      const call = client.apiCall('chat.postMessage', { channel, text: 'x', blocks: [block] });
      expect(await refusal(call)).toMatchObject({ error: 'invalid_blocks' });
    }
  });

  it('a message that somebody deleted is gone for everybody', async () => {
    const { client, slack, events } = await setUp();
    const { ts } = await post(client);
    slack.deleteMessage('deploys', ts!);
    expect(await refusal(client.chat.update({ channel, ts: ts!, text: 'y' }))).toMatchObject({
      error: 'message_not_found',
    });
    expect((await client.conversations.history({ channel })).messages).toEqual([]);
    expect(events).toEqual(['posted x', 'deleted x']);
  });
});

describe('a raw request', () => {
  it.each([
    [
      'JSON with a bearer token',
      {
        headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${botToken}` },
        body: JSON.stringify({ channel, text: 'x', blocks: [header('x')] }),
      },
      { ok: true },
    ],
    [
      'a form with the token in it',
      { body: new URLSearchParams({ token: botToken, channel, text: 'x' }) },
      { ok: true },
    ],
    [
      'a form without a token',
      { body: new URLSearchParams({ channel, text: 'x' }) },
      { ok: false, error: 'not_authed' },
    ],
  ] as [string, RequestInit, object][])('may be %s', async (_, init, expected) => {
    const { origin } = await setUp();
    const response = await fetch(`${origin}/api/chat.postMessage`, { method: 'POST', ...init });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(expected);
  });
});
