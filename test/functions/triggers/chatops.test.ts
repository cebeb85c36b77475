import { beforeEach, describe, expect, test } from 'vitest';
import { parseCommand } from '#shared/chatops/parse-command.ts';
import { ChatMessage, type ChatAction } from '#shared/domain/chat.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import type { Log } from '#shared/ports/platform.ts';
import {
  chatops,
  type ChatopsAnswer,
  type ChatopsDeps,
  type SignedRequest,
} from '#functions/triggers/chatops.ts';
import {
  slackButton,
  slackCommand,
  slackInteraction,
  slackRequest,
  slackSecret,
  type SlackRequestOptions,
} from '#test/support/slack-request.ts';
import { createVirtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

let clock: VirtualClock;
let published: ChatMessage[];
let told: { responseUrl: string; message: SlackMessage | 'remove' }[];
let logs: Parameters<Log>[];
let deps: ChatopsDeps;

beforeEach(() => {
  clock = createVirtualClock();
  published = [];
  told = [];
  logs = [];
  deps = {
    signingSecret: slackSecret,
    teams: ['T0LOCAL', 'T0OTHER'],
    appId: 'A0LOCAL',
    slackEndpoint: undefined,
    clock,
    log: (...entry) => void logs.push(entry),
    // What is published is what `commands` accepts.
    publish: async (topic, message) => {
      if (topic !== 'chat-commands') throw new Error(`published to ${topic}`);
      published.push(ChatMessage.parse(JSON.parse(JSON.stringify(message))));
    },
    responder: { respond: async (responseUrl, message) => void told.push({ responseUrl, message }) },
  };
});

const now = (options: SlackRequestOptions = {}): SlackRequestOptions => ({ nowMs: clock.now(), ...options });
const send = (request: SignedRequest): Promise<ChatopsAnswer> => chatops(deps, request);
const textOf = ({ status, body }: ChatopsAnswer): string => {
  expect(status).toBe(200);
  const answer = JSON.parse(body) as { response_type: string; text: string };
  expect(answer.response_type).toBe('ephemeral');
  return answer.text;
};
const severities = (): string[] => logs.map(([severity]) => severity);
const cancel: ChatAction = { action: 'cancel', deploymentId: 'd1f3k7q2x9ab' };

describe('a command', () => {
  test('is published as typed, and its sender hears the number it has', async () => {
    const text = textOf(await send(slackCommand('hello prod v1 reason=“a &amp; b”', now())));
    const [message] = published;
    expect(message).toEqual({
      version: 1,
      kind: 'command',
      requestId: expect.stringMatching(/^slack\/[0-9a-f]{16}$/),
      receivedAt: new Date(clock.now()).toISOString(),
      team: 'T0LOCAL',
      user: 'U0ANA',
      userName: 'ana',
      channel: 'C0DEPLOYS',
      responseUrl: 'https://hooks.slack.com/actions/T0LOCAL/1/of-no-use',
      command: '/deploy',
      text: 'hello prod v1 reason=“a &amp; b”',
    });
    expect(text).toBe(
      `Accepted: \`deploy hello prod v1 reason="a &amp; b"\` (request ${message?.requestId})`,
    );
    expect(parseCommand((message as { text: string }).text)).toMatchObject({
      verb: 'deploy',
      reason: 'a & b',
    });
  });

  test('that comes twice over the wire is one request; typed twice it is two', async () => {
    const request = slackCommand('status', now());
    await send(request);
    await send(request);
    await send(slackCommand('status', now()));
    const ids = published.map(({ requestId }) => requestId);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test.each([
    ['stauts hello', /There is no command "stauts"\..*\nDid you mean `\/deploy status hello`\?$/],
    ['deploy hello', /environment is missing/],
    ['deploy &lt;!channel&gt; x', /"&lt;!channel&gt;" is no name of a service/],
    ['lock hello staging '.padEnd(901, 'x'), /901 characters/],
    ['help', /`\/deploy rollback SERVICE ENVIRONMENT .*`/],
    ['', /`\/deploy help \[COMMAND\]`/],
    ['help lock', /^`\/deploy lock SERVICE/],
    ['help deploy', /30 s → 90 s =&gt; config:/],
  ])('%s is answered at once and goes nowhere', async (text, answer) => {
    expect(textOf(await send(slackCommand(text, now())))).toMatch(answer);
    expect(published).toEqual([]);
  });

  test('says its own name in every answer: an app may call it otherwise', async () => {
    const request = slackCommand('stauts hello', now({ fields: { command: '/ship' } }));
    expect(textOf(await send(request))).toContain('`/ship status hello`');
  });

  test('without the fields that Slack may leave out is published too', async () => {
    const fields = { user_name: undefined, channel_id: undefined, is_enterprise_install: undefined };
    await send(slackCommand('status', now({ fields })));
    expect(published).toHaveLength(1);
  });
});

describe('a button', () => {
  const actions: ChatAction[] = [
    cancel,
    { action: 'dismiss' },
    { action: 'approve', approvalId: 'a1f3k7q2x9ab' },
    { action: 'roll-back', service: 'hello', environment: 'production' },
    { action: 'on-it', deploymentId: 'd1f3k7q2x9ab' },
  ];
  test.each(actions)('$action is published, and Slack gets an empty answer', async (action) => {
    expect(await send(slackButton(action, now()))).toEqual({ status: 200, body: '' });
    expect(published).toEqual([expect.objectContaining({ kind: 'action', action, user: 'U0ANA' })]);
  });

  test('that is pressed twice is two requests; one press that comes twice is one', async () => {
    const press = slackButton(cancel, now());
    await send(press);
    await send(press);
    await send(slackButton(cancel, now()));
    const ids = published.map(({ requestId }) => requestId);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test.each([
    ['of an action that is not known', { actionId: 'explode', value: '{}' }],
    ['with a value that does not fit', { actionId: 'cancel', value: '{"deploymentId":"x"}' }],
    ['with a value that says another action', { actionId: 'dismiss', value: JSON.stringify(cancel) }],
    ['with a value that is no JSON', { actionId: 'cancel', value: 'd1f3k7q2x9ab' }],
    ['with a value that is no object', { actionId: 'dismiss', value: '[]' }],
    ['without a value it needs', { actionId: 'cancel' }],
  ])('%s does nothing and says so', async (_, button) => {
    expect(await send(slackButton(button, now()))).toEqual({ status: 200, body: '' });
    expect(published).toEqual([]);
    expect(told).toEqual([
      {
        responseUrl: 'https://hooks.slack.com/actions/T0LOCAL/1/of-no-use',
        message: expect.objectContaining({
          text: expect.stringMatching(/another version of Slipway: nothing was done/),
        }),
      },
    ]);
    expect(severities()).toEqual(['WARNING']);
  });

  test('that can tell its presser nothing gets a bad status, which Slack shows', async () => {
    deps.responder = { respond: () => new Promise(() => undefined) };
    const answer = send(slackButton({ actionId: 'explode' }, now()));
    await clock.advance(2000);
    expect((await answer).status).toBe(400);
  });

  test('that opens a link asks for nothing', async () => {
    expect(await send(slackButton({ actionId: 'link:view-logs' }, now()))).toEqual({ status: 200, body: '' });
    expect(published).toEqual([]);
    expect(logs).toEqual([]);
  });
});

describe('nothing is acted on', () => {
  const body = 'command=%2Fdeploy&text=status';
  const rows: [string, number, () => SignedRequest][] = [
    ['that is signed with another secret', 401, () => slackCommand('status', now({ secret: 'other' }))],
    ['that is too old', 401, () => slackCommand('status', { nowMs: clock.now() - 301_000 })],
    ['that is from the future', 401, () => slackCommand('status', { nowMs: clock.now() + 302_000 })],
    ['that is not signed', 401, () => ({ ...slackCommand('status', now()), headers: {} })],
    ['whose body was changed', 401, () => ({ ...slackCommand('status', now()), rawBody: Buffer.from(body) })],
    ['without a body', 401, () => ({ ...slackCommand('status', now()), rawBody: undefined })],
    ['that is a GET', 401, () => ({ method: 'GET', headers: {}, rawBody: undefined })],
    ['that is signed and no POST', 405, () => ({ ...slackCommand('status', now()), method: 'PUT' })],
    [
      'with two signatures',
      401,
      () => {
        const request = slackCommand('status', now());
        const signature = request.headers['x-slack-signature'] ?? '';
        return { ...request, headers: { ...request.headers, 'x-slack-signature': [signature, signature] } };
      },
    ],
    [
      'with ssl_check and a command',
      401,
      () => ({
        ...slackCommand('status', now({ secret: 'other', fields: { ssl_check: '1' } })),
      }),
    ],
    ['with ssl_check=true', 401, () => slackRequest('ssl_check=true', now({ secret: 'other' }))],
    ['with ssl_check twice', 401, () => slackRequest('ssl_check=1&ssl_check=1', now({ secret: 'other' }))],
    ['that is signed and has no fields', 400, () => slackRequest('', now())],
    ['that is signed JSON', 400, () => slackRequest('{"type":"url_verification","challenge":"x"}', now())],
    ['whose user is nobody', 400, () => slackCommand('status', now({ fields: { user_id: 'x' } }))],
    ['whose payload is no JSON', 400, () => slackRequest('payload=%7B', now())],
    ['whose payload is null', 400, () => slackRequest('payload=null', now())],
    ['with no buttons', 400, () => slackInteraction({ actions: [] }, now())],
    ['of a modal', 400, () => slackInteraction({ type: 'view_submission' }, now())],
    ['of a shortcut', 400, () => slackInteraction({ type: 'shortcut' }, now())],
    [
      'of a button that is in no message',
      400,
      () => slackButton(cancel, now({ fields: { response_url: undefined } })),
    ],
    ['of more than 1 MiB', 413, () => slackCommand('x'.repeat(1024 * 1024), now())],
  ];

  test.each(rows)('%s: %i, with a warning', async (_, status, request) => {
    expect((await send(request())).status).toBe(status);
    expect(published).toEqual([]);
    expect(severities()).toEqual(['WARNING']);
    expect(logs[0]?.[2]).toMatchObject({ audit: { via: 'slack', decision: 'refused' } });
  });

  test.each([
    'https://evil.example/actions/x',
    'http://hooks.slack.com/actions/x',
    'https://hooks.slack.com.evil.example/x',
    'https://hooks.slack.com@evil.example/x',
    'https://hooks.slack.com:8443/x',
    'file:///etc/passwd',
  ])('whose answer would go to %s', async (address) => {
    expect((await send(slackCommand('status', now({ fields: { response_url: address } })))).status).toBe(400);
    expect((await send(slackButton(cancel, now({ fields: { response_url: address } })))).status).toBe(400);
    expect(published).toEqual([]);
  });
});

describe('somebody is not heard, and told so,', () => {
  const rows: [string, Record<string, unknown>, object, RegExp][] = [
    ['of another workspace', { team_id: 'T0EVIL' }, { team: { id: 'T0EVIL' } }, /the workspace T0EVIL/],
    ['of another app', { api_app_id: 'A0EVIL' }, { api_app_id: 'A0EVIL' }, /another app/],
    [
      'of a whole organisation',
      { is_enterprise_install: 'true' },
      { is_enterprise_install: true },
      /organisation/,
    ],
  ];
  test.each(rows)('%s', async (_, fields, payload, answer) => {
    expect(textOf(await send(slackCommand('status', now({ fields }))))).toMatch(answer);
    await send(slackButton(cancel, now({ fields: payload as Record<string, unknown> })));
    expect(told[0]?.message).toMatchObject({ text: expect.stringMatching(answer) });
    expect(published).toEqual([]);
    expect(severities()).toEqual(['WARNING', 'WARNING']);
  });

  test('who presses a button in a shared channel from another workspace', async () => {
    await send(slackButton(cancel, now({ fields: { user: { id: 'U0EVE', team_id: 'T0EVIL' } } })));
    expect(told[0]?.message).toMatchObject({ text: expect.stringContaining('the workspace T0EVIL') });
    expect(published).toEqual([]);
  });

  test('but everybody of every workspace that is configured is', async () => {
    await send(slackCommand('status', now({ fields: { team_id: 'T0OTHER' } })));
    expect(published).toHaveLength(1);
  });
});

test.each([
  ['signed', slackSecret, 'ssl_check=1&token=x&team_id=T0LOCAL'],
  ['unsigned', 'other', 'ssl_check=1'],
  ['unsigned', 'other', 'token=x&ssl_check=1'],
])('a look at the certificate, %s, is answered with ok: %s %s', async (_, secret, body) => {
  expect(await send(slackRequest(body, now({ secret })))).toEqual({ status: 200, body: 'ok' });
  expect(published).toEqual([]);
});

describe('when Pub/Sub', () => {
  test('does not confirm within two seconds, the sender hears so and nothing goes on', async () => {
    let signal: AbortSignal | undefined;
    deps.publish = (_topic, _message, given) => {
      signal = given;
      return new Promise(() => undefined);
    };
    const answer = send(slackCommand('hello staging v1', now()));
    await clock.advance(1999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(textOf(await answer)).toMatch(
      /^Not confirmed: `deploy hello staging v1` \(request slack\/[0-9a-f]{16}\) may have been accepted or not\. Repeating it is safe; `\/deploy status hello staging` tells\.$/,
    );
    expect(signal?.aborted).toBe(true);
    expect(severities()).toEqual(['ERROR']);
  });

  test('refuses, the sender hears the same', async () => {
    deps.publish = async () => {
      throw new Fault('permission-denied', 'no roles/pubsub.publisher');
    };
    expect(textOf(await send(slackCommand('status', now())))).toMatch(
      /^Not confirmed: `status`.*`\/deploy status` tells/,
    );
    expect(logs[0]?.[1]).toContain('no roles/pubsub.publisher');
  });

  test('does not confirm a button, Slack marks it by the status', async () => {
    deps.publish = () => new Promise(() => undefined);
    const answer = send(slackButton(cancel, now()));
    await clock.advance(2000);
    expect(await answer).toEqual({ status: 503, body: '' });
  });

  test('confirms, no timer is left behind', async () => {
    await send(slackCommand('status', now()));
    expect(clock.sleeping).toBe(0);
  });
});

test('no log holds a token, a signature, the address of an answer or a body', async () => {
  const requests = [
    slackCommand('status', now()),
    slackCommand('status', now({ secret: 'other' })),
    slackCommand('stauts', now()),
    slackCommand('status', now({ fields: { team_id: 'T0EVIL' } })),
    slackCommand('status', now({ fields: { response_url: 'https://evil.example/secret' } })),
    slackButton(cancel, now()),
    slackButton({ actionId: 'explode' }, now()),
  ];
  for (const request of requests) await send(request);
  deps.publish = () => Promise.reject(new Error('no'));
  await send(slackCommand('status', now()));
  expect(logs).toHaveLength(requests.length + 1);
  expect(JSON.stringify(logs)).not.toMatch(/of-no-use|v0=|https?:|token|payload|trigger/);
});
