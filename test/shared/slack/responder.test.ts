import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { createResponder } from '#shared/slack/responder.ts';
import { answering, type Answer } from '#test/support/web-answers.ts';

const secretPath = '/slack/response/secret-of-the-address';
const blocksOf = (type: string) => [{ type, text: { type: 'mrkdwn', text: 'hello' } }];
const hello: SlackMessage = { text: 'hello', blocks: blocksOf('section') };

/** @param timeoutMs short only where nobody answers: elsewhere a busy machine may take its time */
async function setUp(
  answer: (body: unknown) => Answer | undefined = () => ({ status: 200, body: 'ok' }),
  timeoutMs = 5000,
) {
  const server = await answering(answer);
  const responder = createResponder({ endpoint: `${server.origin}/api/`, timeoutMs });
  return { ...server, responder, url: `${server.origin}${secretPath}` };
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const fault: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  const { message, stack, cause } = fault as Fault;
  expect(`${message} ${stack} ${String(cause)}`).not.toContain('secret-of-the-address');
  return fault as Fault;
}

describe('an answer over a response_url', () => {
  it.each<[string, Parameters<ReturnType<typeof createResponder>['respond']>[2], object]>([
    ['to the person alone', undefined, { response_type: 'ephemeral', replace_original: false }],
    ['to the channel', { inChannel: true }, { response_type: 'in_channel', replace_original: false }],
    ['in place of its message', { replace: true }, { response_type: 'ephemeral', replace_original: true }],
  ])('goes %s', async (_, how, expected) => {
    const { responder, url, requests } = await setUp();
    await responder.respond(url, hello, how);
    expect(requests.map(({ body }) => body)).toEqual([{ ...hello, ...expected }]);
  });

  it('takes its message away', async () => {
    const { responder, url, requests } = await setUp();
    await responder.respond(url, 'remove');
    expect(requests.map(({ body }) => body)).toEqual([{ delete_original: true }]);
  });

  it.each([
    ['another host', 'https://example.com/commands/T0/1/x'],
    ["one that begins like Slack's", 'https://hooks.slack.com.example.com/commands/T0/1/x'],
    ["Slack's without encryption", 'http://hooks.slack.com/commands/T0/1/x'],
    ["another port of this machine's", 'http://127.0.0.1:1/slack/response/x'],
  ])('is not sent to %s', async (_, url) => {
    const fault = await faultOf(createResponder({ endpoint: 'http://127.0.0.1:2/api/' }).respond(url, hello));
    expect(fault).toMatchObject({ code: 'invalid-input', retryable: false });
  });

  it("may be sent to Slack's own address", async () => {
    const sent: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (url) => {
      sent.push(url);
      return new Response('ok');
    };
    await createResponder({ fetch }).respond('https://hooks.slack.com/commands/T0/1/x', hello);
    expect(sent).toEqual(['https://hooks.slack.com/commands/T0/1/x']);
  });

  it.each<[string, Answer, string]>([
    ['is over', { status: 404, body: '{"ok":false,"error":"expired_url"}' }, 'expired_url'],
    ['is used up', { status: 404, body: 'used_url' }, 'used_url'],
    ['is refused with a yes', { status: 200, body: '{"ok":false,"error":"no_text"}' }, 'no_text'],
    ['leads elsewhere', { status: 302, headers: { location: 'https://example.com/' } }, 'HTTP 302'],
  ])('that %s is a fault that repeating does not mend', async (_, answer, word) => {
    const { responder, url, requests } = await setUp(() => answer, answer === undefined ? 100 : undefined);
    const fault = await faultOf(responder.respond(url, hello));
    expect(fault).toMatchObject({ code: 'invalid-input', message: expect.stringContaining(word) as string });
    expect(requests).toHaveLength(1);
  });

  it.each<[string, Answer | undefined, object]>([
    ['slowed down', { status: 429, headers: { 'retry-after': '4' } }, { retryAfterSeconds: 4 }],
    ['broken', { status: 500 }, { code: 'unavailable' }],
    ['silent', undefined, { code: 'timeout' }],
  ])('to a Slack that is %s may be tried again, and is not repeated here', async (_, answer, expected) => {
    const { responder, url, requests } = await setUp(() => answer, answer === undefined ? 100 : undefined);
    expect(await faultOf(responder.respond(url, hello))).toMatchObject({ retryable: true, ...expected });
    expect(requests).toHaveLength(1);
  });

  it('to a Slack that is not there may be tried again', async () => {
    const { responder, url, close } = await setUp();
    close();
    expect(await faultOf(responder.respond(url, hello))).toMatchObject({ code: 'unavailable' });
  });

  it('has simpler blocks, and then its text alone, where Slack does not take the others', async () => {
    const { responder, url, requests } = await setUp((body) =>
      'blocks' in (body as object) ? { status: 400, body: 'invalid_blocks' } : { status: 200, body: 'ok' },
    );
    await responder.respond(url, { ...hello, blocks: blocksOf('header'), simpler: hello.blocks });
    expect(requests.map(({ body }) => (body as SlackMessage).blocks?.[0]?.['type'])).toEqual([
      'header',
      'section',
      undefined,
    ]);
  });
});
