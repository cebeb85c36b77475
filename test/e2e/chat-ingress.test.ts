import { afterAll, beforeAll, expect, test } from 'vitest';
import { place } from '#local/place.ts';
import { ChatMessage } from '#shared/domain/chat.ts';
import { slackButton, slackCommand, type SlackRequest } from '#test/support/slack-request.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** Slack's way in over the real framework, real sockets and the local cloud. */

const project = `projects/${place.project}`;
const listener = `${project}/subscriptions/listener`;
let local: TestStack;

beforeAll(async () => {
  local = await openTestStack();
  local.stack.pubsub.ensureSubscription({ name: listener, topic: `${project}/topics/chat-commands` });
});
afterAll(() => local.close());

const send = ({ method, headers, rawBody }: SlackRequest, path = 'chatops'): Promise<Response> =>
  fetch(`${local.stack.origin}/functions/${path}`, { method, headers, body: new Uint8Array(rawBody) });
const signed = () => ({ secret: local.stack.slackSigningSecret });
const heard = (): ChatMessage[] =>
  local.stack.pubsub
    .backlog(listener)
    .map(({ message }) =>
      ChatMessage.parse(JSON.parse(Buffer.from(message.data ?? '', 'base64').toString())),
    );

test('a signed command needs no token of Google, is answered in time and is with Pub/Sub before that', async () => {
  const startMs = Date.now();
  const answer = await send(slackCommand('status hello', signed()));
  expect(Date.now() - startMs).toBeLessThan(3000);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await answer.json()).toMatchObject({ text: expect.stringMatching(/^Accepted: `status hello`/) });
  expect(heard().at(-1)).toMatchObject({ kind: 'command', text: 'status hello', user: 'U0ANA' });
});

test('a button is answered with nothing', async () => {
  const action = { action: 'on-it', deploymentId: 'd1f3k7q2x9ab' } as const;
  const answer = await send(slackButton(action, signed()));
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  expect(heard().at(-1)).toMatchObject({ kind: 'action', action });
});

test('what is not signed with the secret of this stack goes nowhere', async () => {
  const before = heard().length;
  const forged = await send(slackCommand('status', { secret: 'other' }));
  expect([forged.status, await forged.text()]).toEqual([
    401,
    expect.stringContaining('its signature is wrong'),
  ]);
  const empty = await fetch(`${local.stack.origin}/functions/chatops`, { method: 'POST' });
  expect(empty.status).toBe(401);
  expect((await fetch(`${local.stack.origin}/functions/chatops`)).status).toBe(401);
  expect(heard()).toHaveLength(before);
});

test('a page of another web site cannot reach it, and the other functions stay private', async () => {
  const request = slackCommand('status', signed());
  const foreign = { ...request, headers: { ...request.headers, origin: 'https://evil.example' } };
  expect((await send(foreign)).status).toBe(403);
  expect((await send(request, 'commands')).status).toBe(401);
  expect((await send(request, 'api')).status).toBe(401);
});

test('the secret is the same after a restart', async () => {
  const before = local.stack.slackSigningSecret;
  await local.restart();
  expect(local.stack.slackSigningSecret).toBe(before);
  const answer = await until(async () => (await send(slackCommand('status', signed()))).status);
  expect(answer).toBe(200);
});
