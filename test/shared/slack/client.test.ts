import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '#local/http.ts';
import { createSlack as createLocalSlack, type SlackFault, type SlackOptions } from '#local/slack/slack.ts';
import { openStore } from '#local/store.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { createSlack } from '#shared/slack/client.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import { start } from '#test/support/deployment.ts';
import { stages } from '#test/support/hostile.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const token = 'xoxb-secret-token';
const hello: SlackMessage = {
  text: 'hello',
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'hello' } }],
};

async function setUp(options: Partial<SlackOptions> = {}) {
  const local = createLocalSlack({
    store: openStore(':memory:'),
    clock: createVirtualClock(),
    botToken: token,
    rateLimits: false,
    channels: [
      { id: 'C0DEPLOYS', name: 'deploys' },
      { id: 'C0OTHER', name: 'other', isMember: false },
    ],
    ...options,
  });
  const server = await serve({ routes: local.routes, authenticate: () => undefined });
  onTestFinished(() => server.close());
  const logged: string[] = [];
  const clock = createVirtualClock();
  const clientOf = (given: string) =>
    createSlack({
      token: given,
      clock,
      endpoint: `${server.origin}/api/`,
      log: (severity, message) => logged.push(`${severity} ${message}`),
    });
  return { local, logged, clock, slack: clientOf(token), clientOf };
}

/** A server for what the local Slack never answers; `undefined` never answers. */
async function answering(
  answer: (path: string) => { status: number; headers?: Record<string, string>; body: string } | undefined,
) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    const given = answer(request.url ?? '');
    if (!given) return;
    response.writeHead(given.status, given.headers);
    response.end(given.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  return { slack: createSlack({ token, endpoint, timeoutMs: 100 }), paths, calls: () => paths.length, close };
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const fault = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  return fault as Fault;
}

describe('the Slack client', () => {
  it.each(Object.entries(stages))(
    'posts and edits all messages of a deployment that is %s',
    async (_, make) => {
      const { slack, local } = await setUp();
      const deployment = make();
      const root = rootMessage(deployment, start);
      const posted = await slack.post('#deploys', hello, { subject: deployment.id });
      expect(posted).toEqual({ ok: true, ts: expect.any(String) as string, channel: 'C0DEPLOYS' });
      const ts = posted.ok ? posted.ts : '';
      expect(await slack.update('C0DEPLOYS', ts, root)).toEqual(posted);
      const details = threadMessages(deployment);
      for (const detail of details)
        expect(await slack.post('C0DEPLOYS', detail, { threadTs: ts })).toMatchObject({ ok: true });
      const [first, ...replies] = local.messages('deploys');
      expect(first).toMatchObject({
        text: root.text,
        blocks: root.blocks,
        edits: 1,
        markedEdited: false,
        metadata: { event_type: 'slipway_message', event_payload: { subject: deployment.id } },
      });
      expect(replies.map(({ threadTs, text }) => ({ threadTs, text }))).toEqual(
        details.map(({ text }) => ({ threadTs: ts, text })),
      );
    },
  );

  it.each<[string, SlackMessage, string, string]>([
    ['a channel that is not there', hello, '#nowhere', 'channel_not_found'],
    ['a channel it was not invited to', hello, '#other', 'not_in_channel'],
  ])("hands on Slack's no about %s", async (_, message, channel, error) => {
    const { slack } = await setUp();
    expect(await slack.post(channel, message)).toEqual({ ok: false, error });
  });

  it("hands on Slack's no about a lost message and a wrong token", async () => {
    const { slack, clientOf } = await setUp();
    expect(await slack.update('C0DEPLOYS', '1.000000', hello)).toEqual({
      ok: false,
      error: 'message_not_found',
    });
    expect(await clientOf('xoxb-wrong').post('#deploys', hello)).toEqual({
      ok: false,
      error: 'invalid_auth',
    });
  });

  const table = { type: 'table', rows: [[{ type: 'raw_text', text: 'hello' }]] };
  const rich: SlackMessage = { text: 'hello', blocks: [table], simpler: hello.blocks };

  it('sends simpler blocks where a workspace does not take the newer ones, and that is no failure', async () => {
    const { slack, local, logged } = await setUp();
    local.setFaults([{ kind: 'invalid-blocks', blockType: 'table' }]);
    expect(await slack.post('#deploys', rich)).toMatchObject({ ok: true });
    expect(local.messages('deploys')).toMatchObject([{ text: 'hello', blocks: hello.blocks }]);
    expect(logged).toEqual(['INFO Slack refuses table: invalid_blocks; simpler blocks are sent']);
  });

  it('does not try the newer blocks again for an hour, in edits either', async () => {
    const { slack, local, logged, clock } = await setUp();
    local.setFaults([{ kind: 'invalid-blocks', blockType: 'table' }]);
    const posted = await slack.post('#deploys', rich);
    const ts = posted.ok ? posted.ts : '';
    // From now on it would take them: that they are not sent shows that they are not tried.
    local.setFaults([]);
    await slack.update('C0DEPLOYS', ts, rich);
    expect(local.messages('deploys')).toMatchObject([{ blocks: hello.blocks, edits: 1 }]);
    await clock.advance(3_600_000);
    await slack.update('C0DEPLOYS', ts, rich);
    expect(local.messages('deploys')).toMatchObject([{ blocks: [{ type: 'table' }], edits: 2 }]);
    expect(logged).toHaveLength(1);
  });

  it.each([
    ['of which there are no simpler ones', hello],
    ['and not the simpler ones either', { ...rich, blocks: hello.blocks }],
  ])('sends the text alone when a workspace does not take the blocks %s, and says so', async (_, message) => {
    const { slack, local, logged } = await setUp();
    local.setFaults([{ kind: 'invalid-blocks', blockType: 'section' }]);
    expect(await slack.post('#deploys', message)).toMatchObject({ ok: true });
    expect(local.messages('deploys')).toMatchObject([{ text: 'hello', blocks: [] }]);
    expect(logged).toEqual([
      'ERROR Slack refuses the blocks of a message: invalid_blocks; its text is sent alone',
    ]);
  });

  it('shows a reply in the channel too when it is asked to', async () => {
    const { slack, local } = await setUp();
    const root = await slack.post('#deploys', hello);
    const threadTs = root.ok ? root.ts : '';
    await slack.post('#deploys', hello, { threadTs, broadcast: true });
    await slack.post('#deploys', hello, { threadTs });
    const [, ...replies] = local.messages('deploys');
    expect(replies).toMatchObject([
      { threadTs, broadcast: true },
      { threadTs, broadcast: false },
    ]);
  });

  it('cuts what is too long instead of losing it', async () => {
    const { slack, local } = await setUp();
    const long = 'x'.repeat(50_000);
    expect(
      await slack.post('#deploys', {
        text: long,
        blocks: [{ type: 'section', text: { type: 'mrkdwn', text: long } }],
      }),
    ).toMatchObject({ ok: true });
    expect(local.messages('deploys')[0]?.text).toHaveLength(4000);
  });
});

describe('a fault of Slack', () => {
  it.each<[string, SlackFault, object]>([
    [
      'that is down',
      { kind: 'down' },
      { code: 'unavailable', message: 'Slack chat.postMessage answered HTTP 503' },
    ],
    [
      'that took the message and was not heard',
      { kind: 'accepted-but-lost' },
      { code: 'unavailable', message: expect.stringMatching(/^Slack chat\.postMessage gave no answer: /) },
    ],
  ])('%s is one that may be tried again, and is not repeated here', async (_, fault, expected) => {
    const { slack, local } = await setUp();
    local.setFaults([fault]);
    expect(await faultOf(slack.post('#deploys', hello))).toMatchObject({ ...expected, retryable: true });
    expect(local.messages('deploys')).toHaveLength(fault.kind === 'down' ? 0 : 1);
  });

  it.each<[string, { status: number; headers?: Record<string, string>; body: string }, object]>([
    [
      'asks to come later',
      { status: 429, headers: { 'retry-after': '7' }, body: '' },
      { code: 'unavailable', retryAfterSeconds: 7, retryable: true },
    ],
    ['asks to come later and not when', { status: 429, body: '' }, { code: 'unavailable', retryable: true }],
    [
      'is broken',
      { status: 500, headers: { 'retry-after': '3' }, body: token },
      { code: 'unavailable', retryAfterSeconds: 3 },
    ],
    [
      'says so itself',
      { status: 200, body: '{"ok":false,"error":"internal_error"}' },
      { code: 'unavailable', retryable: true },
    ],
    ['is not Slack', { status: 404, body: 'no such page' }, { code: 'invalid-input', retryable: false }],
    ['says yes to nothing', { status: 200, body: '{"ok":true}' }, { code: 'internal', retryable: false }],
  ])('that %s is told so, after one call', async (_, answer, expected) => {
    const { slack, calls } = await answering(() => answer);
    const fault = await faultOf(slack.post('#deploys', hello));
    expect(fault).toMatchObject(expected);
    expect(`${fault.message} ${fault.stack} ${String(fault.cause)}`).not.toContain(token);
    expect(calls()).toBe(1);
  });

  it('that does not answer is a timeout', async () => {
    const { slack, calls } = await answering(() => undefined);
    const fault = await faultOf(slack.post('#deploys', hello));
    expect(fault).toMatchObject({
      code: 'timeout',
      message: 'Slack chat.postMessage gave no answer within 0.1 s',
    });
    expect(calls()).toBe(1);
  });

  it('that is not there is named with its reason', async () => {
    const { slack, close } = await answering(() => undefined);
    close();
    expect(await faultOf(slack.post('#deploys', hello))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });
});

describe('finding a root message', () => {
  it('knows it by its deployment, among others and behind a page of messages', async () => {
    const { slack } = await setUp();
    const wanted = await slack.post('#deploys', hello, { subject: 'd1' });
    await slack.post('#deploys', hello, { subject: 'd2' });
    for (let index = 0; index < 120; index += 1) await slack.post('#deploys', hello);
    expect(await slack.findRoot('C0DEPLOYS', 'd1')).toEqual(
      wanted.ok && { ts: wanted.ts, channel: wanted.channel },
    );
    expect(await slack.findRoot('C0DEPLOYS', 'd3')).toBeUndefined();
  });

  it('knows a channel that is given by name by its id, asking for it once', async () => {
    const message = {
      ts: '1.0',
      metadata: { event_type: 'slipway_message', event_payload: { subject: 'd1' } },
    };
    const { slack, paths } = await answering((path) => ({
      status: 200,
      body: JSON.stringify(
        path.endsWith('users.conversations')
          ? { ok: true, channels: [{ id: 'C0DEPLOYS', name: 'deploys' }] }
          : { ok: true, messages: [message] },
      ),
    }));
    const found = { ts: '1.0', channel: 'C0DEPLOYS' };
    expect(await slack.findRoot('#deploys', 'd1')).toEqual(found);
    expect(await slack.findRoot('#deploys', 'd1')).toEqual(found);
    expect(paths).toEqual([
      '/api/users.conversations',
      '/api/conversations.history',
      '/api/conversations.history',
    ]);
  });

  it('knows a reply by its subject, in its thread', async () => {
    const { slack } = await setUp();
    const root = await slack.post('#deploys', hello, { subject: 'd1' });
    const threadTs = root.ok ? root.ts : '';
    const reply = await slack.post('#deploys', hello, { threadTs, subject: 'd1/call' });
    expect(await slack.findRoot('C0DEPLOYS', 'd1/call', threadTs)).toMatchObject({
      ts: reply.ok && reply.ts,
    });
    expect(await slack.findRoot('C0DEPLOYS', 'd1/call')).toBeUndefined();
  });

  it('finds nothing where the app may not read', async () => {
    const { slack } = await setUp({ scopes: ['chat:write'] });
    await slack.post('#deploys', hello, { subject: 'd1' });
    expect(await slack.findRoot('C0DEPLOYS', 'd1')).toBeUndefined();
  });

  it('does not read as nothing what could not be asked', async () => {
    const { slack, local } = await setUp();
    local.setFaults([{ kind: 'down' }]);
    expect(await faultOf(slack.findRoot('C0DEPLOYS', 'd1'))).toMatchObject({ code: 'unavailable' });
  });

  it('stops after five pages', async () => {
    const page = { ok: true, messages: [{ ts: '1.0' }], response_metadata: { next_cursor: 'more' } };
    const { slack, calls } = await answering(() => ({ status: 200, body: JSON.stringify(page) }));
    expect(await slack.findRoot('C0DEPLOYS', 'd1')).toBeUndefined();
    expect(calls()).toBe(5);
  });
});
