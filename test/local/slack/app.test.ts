import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { button, channel, openSlackWithApp, row, section } from './with-app.ts';

const answerAt = async (url: unknown, body: object) => {
  const response = await fetch(String(url), { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  return `${response.status} ${text.startsWith('{') ? (JSON.parse(text) as { error: string }).error : text}`;
};

describe('a slash command', () => {
  it('reaches the app signed, as a form, with names as ids and no markup', async () => {
    const { slack, app } = await openSlackWithApp();
    expect(
      await slack.command('ana', '#deployments', '/deploy  lock api <b> & @lee @on-call #other @x'),
    ).toEqual({});
    expect(app.requests).toMatchObject([
      {
        isSigned: true,
        contentType: 'application/x-www-form-urlencoded',
        form: {
          command: '/deploy',
          text: 'lock api &lt;b&gt; &amp; <@U0LEE|lee> <!subteam^S0ONCALL|@on-call> <#C0OTHER|other> @x',
          user_id: 'U0ANA',
          team_id: 'T0LOCAL',
          channel_id: channel,
          api_app_id: 'A0LOCAL',
        },
      },
    ]);
    expect(Math.abs(app.requests[0]!.timestamp - Date.now() / 1000)).toBeLessThan(5);
    await slack.command('ana', channel, '/deploy');
    expect(app.requests[1]!.form['text']).toBe('');
    expect(app.requests[1]!.form['trigger_id']).not.toBe(app.requests[0]!.form['trigger_id']);
  });

  it.each([
    ['JSON for the person alone', { text: 'Accepted' }, 'U0ANA'],
    ['text', 'Accepted', 'U0ANA'],
    ['JSON for the channel', { text: 'Accepted', response_type: 'in_channel' }, undefined],
  ])('is answered with %s', async (_, body, onlyFor) => {
    const { slack, app } = await openSlackWithApp();
    app.answer = () => ({ body });
    const { message } = await slack.command('ana', channel, '/deploy status');
    expect(message?.text).toBe('Accepted');
    expect(message?.onlyFor).toBe(onlyFor);
    expect(slack.seen(channel, 'ana')).toEqual([message]);
    expect(slack.seen(channel, 'lee')).toHaveLength(onlyFor === undefined ? 1 : 0);
    expect(slack.messages(channel)).toHaveLength(onlyFor === undefined ? 1 : 0);
  });

  it.each([
    ['an error', { status: 500 }, 'dispatch_failed'],
    ['a redirect', { status: 302 }, 'dispatch_failed'],
    ['blocks Slack does not take', { body: { blocks: [{ type: 'alert' }] } }, 'invalid_blocks'],
    ['fields Slack does not know', { body: { txt: 'x' } }, 'invalid_payload'],
  ])('is told to have failed when the app answers with %s', async (_, answer, word) => {
    const { slack, app } = await openSlackWithApp();
    app.answer = () => answer;
    const reaction = await slack.command('ana', channel, '/deploy status');
    expect(reaction).toEqual({ error: `/deploy failed with the error "${word}"` });
    expect(slack.seen(channel, 'ana')).toEqual([]);
  });

  it('waits three seconds and no longer', async () => {
    const clock = createVirtualClock();
    const { slack, app } = await openSlackWithApp({ clock });
    app.answer = () => ({ silent: true });
    const reaction = slack.command('ana', channel, '/deploy status');
    while (app.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(2999);
    expect(await Promise.race([reaction, Promise.resolve('waits')])).toBe('waits');
    await clock.advance(1);
    expect(await reaction).toEqual({ error: '/deploy failed with the error "operation_timeout"' });
    expect(clock.sleeping).toBe(0);
  });

  it('of another app, from nobody or from nowhere does not reach the app', async () => {
    const { slack, app } = await openSlackWithApp();
    expect(await slack.command('ana', channel, '/remind me')).toEqual({
      error: '/remind is not a valid command.',
    });
    await expect(slack.command('bob', channel, '/deploy')).rejects.toMatchObject({
      messages: ['There is no user "bob"'],
    });
    await expect(slack.command('ana', '#none', '/deploy')).rejects.toMatchObject({
      messages: ['There is no channel "#none"'],
    });
    slack.setFaults([{ kind: 'down' }]);
    expect(await slack.command('ana', channel, '/deploy')).toEqual({ error: 'Slack cannot be reached.' });
    expect(app.requests).toEqual([]);
  });
});

describe('a button', () => {
  const blocks = [
    section('x'),
    row(button('Go', 'go', { confirm: { text: { type: 'mrkdwn', text: 'Sure?' } } })),
  ];

  it('reaches the app signed, with who pressed what and where', async () => {
    const { slack, app, post } = await openSlackWithApp();
    const ts = await post({ text: 'root', blocks });
    expect(await slack.press('lee', channel, ts, 'go')).toEqual({});
    const [{ isSigned, payload } = {}] = app.requests;
    expect(isSigned).toBe(true);
    expect(payload).toMatchObject({
      type: 'block_actions',
      user: { id: 'U0LEE', username: 'lee', team_id: 'T0LOCAL' },
      api_app_id: 'A0LOCAL',
      team: { id: 'T0LOCAL' },
      channel: { id: channel },
      container: { type: 'message', message_ts: ts, is_ephemeral: false },
      message: { ts, text: 'root' },
      actions: [{ type: 'button', action_id: 'go', block_id: '1', value: '{"action":"go"}' }],
    });
    expect(payload!['actions']).not.toHaveProperty('0.confirm');
  });

  it('is found by its place where its name is not enough', async () => {
    const { slack, app, post } = await openSlackWithApp();
    const [one, two] = [button('One', 'go', { value: '1' }), button('Two', 'go', { value: '2' })];
    const ts = await post({ text: 'x', blocks: [row(one), { ...row(two), block_id: 'second' }] });
    for (const action of ['go', '1/go', 'second/go']) await slack.press('ana', channel, ts, action);
    expect(app.requests.map(({ payload }) => payload['actions'])).toMatchObject([
      [{ value: '1' }],
      [{ value: '2' }],
      [{ value: '2' }],
    ]);
    await expect(slack.press('ana', channel, ts, 'stop')).rejects.toMatchObject({
      messages: [`There is no button "stop" in message ${ts}`],
    });
  });

  it('that the app does not acknowledge is told to the person', async () => {
    const { slack, app, post } = await openSlackWithApp();
    const ts = await post({ text: 'x', blocks });
    app.answer = () => ({ status: 401 });
    expect(await slack.press('ana', channel, ts, 'go')).toEqual({
      error: 'The app did not answer the button: dispatch_failed',
    });
  });

  it('of a message for one person can be pressed by that person only', async () => {
    const { slack, app } = await openSlackWithApp();
    app.answer = () => ({ body: { blocks } });
    const { message } = await slack.command('ana', channel, '/deploy hello production');
    app.answer = () => ({});
    await expect(slack.press('lee', channel, message!.ts, 'go')).rejects.toMatchObject({
      messages: [`There is no message ${message!.ts} for lee`],
    });
    await slack.press('ana', channel, message!.ts, 'go');
    expect(app.requests[1]!.payload).toMatchObject({ container: { is_ephemeral: true } });
    expect(app.requests[1]!.payload).not.toHaveProperty('message');
  });
});

describe('a response_url', () => {
  async function pressed(clock = createVirtualClock()) {
    const opened = await openSlackWithApp({ clock });
    const ts = await opened.post({ text: 'root', blocks: [row(button('Go', 'go'))] });
    await opened.slack.press('ana', channel, ts, 'go');
    return { ...opened, clock, ts, url: opened.app.requests[0]!.payload['response_url'] };
  }

  it('says something to the person, to the channel or in a thread', async () => {
    const { slack, url, ts } = await pressed();
    expect(await answerAt(url, { text: 'for ana' })).toBe('200 ok');
    await answerAt(url, { text: 'for all', response_type: 'in_channel', thread_ts: ts });
    expect(slack.seen(channel, 'ana').map(({ text }) => text)).toEqual(['root', 'for ana', 'for all']);
    expect(slack.messages(channel)).toMatchObject([{ ts }, { text: 'for all', threadTs: ts }]);
  });

  it('replaces the message whose button was pressed, and takes it away', async () => {
    const { slack, url, ts } = await pressed();
    await answerAt(url, { text: 'done', replace_original: true });
    expect(slack.messages(channel)).toMatchObject([{ ts, text: 'done', blocks: [], edits: 1 }]);
    await answerAt(url, { delete_original: 'true' });
    expect(slack.messages(channel)).toEqual([]);
    expect(await answerAt(url, { delete_original: true })).toBe('400 message_not_found');
  });

  it('of a command replaces the first answer to it', async () => {
    const { slack, app } = await openSlackWithApp();
    app.answer = () => ({ body: { text: 'Accepted' } });
    const { message } = await slack.command('ana', channel, '/deploy status');
    const url = app.requests[0]!.form['response_url'];
    expect(await answerAt(url, { text: 'All is well', replace_original: true })).toBe('200 ok');
    expect(slack.seen(channel, 'ana')).toMatchObject([
      { ts: message!.ts, text: 'All is well', onlyFor: 'U0ANA' },
    ]);
  });

  it('takes five answers, refused ones not counted', async () => {
    const { slack, url } = await pressed();
    expect(await answerAt(url, { blocks: [{ type: 'header' }] })).toBe('400 invalid_blocks');
    expect(await answerAt(url, { text: '' })).toBe('400 no_text');
    expect(await answerAt(url, { colour: 'red' })).toBe('400 invalid_payload');
    for (let n = 1; n <= 5; n += 1) expect(await answerAt(url, { text: String(n) })).toBe('200 ok');
    expect(await answerAt(url, { text: '6' })).toBe('404 used_url');
    expect(slack.seen(channel, 'ana')).toHaveLength(6);
  });

  it('takes answers for thirty minutes', async () => {
    const { url, clock } = await pressed();
    await clock.advance(30 * 60_000);
    expect(await answerAt(url, { text: 'x' })).toBe('200 ok');
    await clock.advance(1);
    expect(await answerAt(url, { text: 'x' })).toBe('404 expired_url');
  });

  it('cannot be guessed, and suffers from the weather as all of Slack does', async () => {
    const { slack, url, origin } = await pressed();
    expect(await answerAt(`${origin}/slack/response/other`, { text: 'x' })).toBe('404 expired_url');
    slack.setFaults([{ kind: 'down' }]);
    expect(await answerAt(url, { text: 'x' })).toBe('503 Service Unavailable');
    slack.setFaults([{ kind: 'accepted-but-lost', times: 1 }]);
    await expect(answerAt(url, { text: 'lost' })).rejects.toThrow('fetch failed');
    expect(slack.seen(channel, 'ana').map(({ text }) => text)).toEqual(['root', 'lost']);
  });
});
