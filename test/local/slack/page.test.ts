import { describe, expect, it } from 'vitest';
import { systemClock } from '#shared/clock.ts';
import { channel, openSlackWithApp } from './with-app.ts';

async function openPage() {
  const opened = await openSlackWithApp();
  const { slack, origin } = opened;
  const token = new URL(slack.pageUrl()).hash.slice(1);
  const authorization = `Bearer ${token}`;
  const look = async (cursor = '', user = 'U0ANA') => {
    const query = new URLSearchParams({ user, cursor });
    const answer = await fetch(`${origin}/slack/updates?${query.toString()}`, { headers: { authorization } });
    return (await answer.json()) as {
      cursor: string;
      isAll: boolean;
      messages: { text: string }[];
      gone: object[];
      faults: object[];
    };
  };
  const act = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${origin}/slack/act`, {
      method: 'POST',
      headers: { authorization, origin, ...headers },
      body: JSON.stringify(body),
    });
  return { ...opened, authorization, look, act };
}

describe('the page', () => {
  it('loads nothing from elsewhere and can be framed by nobody', async () => {
    const { origin, slack } = await openPage();
    expect(slack.pageUrl()).toMatch(new RegExp(`^${origin}/slack#[\\w-]{40,}$`));
    for (const path of [
      '/slack',
      '/slack/page.js',
      '/slack/blocks.js',
      '/slack/page.css',
      '/slack/icon.svg',
    ]) {
      const answer = await fetch(origin + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toMatch(
        /^default-src 'self';.*frame-ancestors 'none'/,
      );
      expect(await answer.text()).not.toMatch(/https?:\/\/(?!docs\.slack\.dev|www\.w3\.org)|innerHTML/);
    }
  });

  const command = { kind: 'command', user: 'U0ANA', channel, text: '/deploy status' };
  it.each([
    ['without the token', { authorization: '' }, 401],
    ['with another token', { authorization: 'Bearer other' }, 401],
    ['from another site', { origin: 'https://evil.example' }, 403],
  ])('acts on nothing that comes %s', async (_, headers, status) => {
    const { act, app, authorization, origin } = await openPage();
    expect((await act(command, headers)).status).toBe(status);
    const unnamed = await fetch(`${origin}/slack/act`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify(command),
    });
    expect(unnamed.status).toBe(403);
    expect(app.requests).toEqual([]);
    expect((await act(command)).status).toBe(200);
    expect(app.requests).toHaveLength(1);
  });

  it('shows nothing without the token', async () => {
    const { origin } = await openPage();
    expect((await fetch(`${origin}/slack/updates?user=U0ANA`)).status).toBe(401);
  });

  it('says what is wrong with what it is asked', async () => {
    const { act } = await openPage();
    const answer = await act({ ...command, kind: 'press', text: undefined, ts: '1.000000', action: 'go' });
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { error: { message: 'There is no message 1.000000 for ana' } },
    ]);
    expect((await act({ kind: 'weather', user: 'U0ANA', faults: [{ kind: 'hail' }] })).status).toBe(400);
  });

  it('sets the weather, which a test sees and may change too', async () => {
    const { act, look, slack, client } = await openPage();
    const down = { kind: 'down' } as const;
    await act({ kind: 'weather', user: 'U0ANA', faults: [down] });
    await expect(client.auth.test()).rejects.toThrow('503');
    expect((await look()).faults).toEqual([down]);
    slack.setFaults([]);
    expect((await look()).faults).toEqual([]);
  });
});

describe('updates', () => {
  it('are all there is at first, then what changed, as soon as it does', async () => {
    const { look, post, slack, client } = await openPage();
    const ts = await post({ text: 'one' });
    const first = await look();
    expect(first).toMatchObject({ isAll: true, messages: [{ text: 'one' }] });

    let isTold = false;
    const waiting = look(first.cursor).then((news) => ((isTold = true), news));
    await systemClock.sleep(50);
    expect(isTold).toBe(false);
    await client.chat.update({ channel, ts, text: 'edited' });
    const second = await waiting;
    expect(second).toMatchObject({ isAll: false, messages: [{ text: 'edited' }], gone: [] });

    slack.deleteMessage(channel, ts);
    expect(await look(second.cursor)).toMatchObject({ messages: [], gone: [{ channel, ts }] });
    expect(await look('17.3')).toMatchObject({ isAll: true, messages: [] });
  });

  it('tell nobody what another user alone sees', async () => {
    const { look, act, app } = await openPage();
    const { cursor } = await look();
    app.answer = () => ({ body: { text: 'for lee' } });
    await act({ kind: 'command', user: 'U0LEE', channel, text: '/deploy status' });
    expect((await look(cursor, 'U0ANA')).messages).toEqual([]);
    expect((await look(cursor, 'U0LEE')).messages).toMatchObject([{ text: 'for lee' }]);
    expect((await look('', 'U0ANA')).messages).toEqual([]);
  });
});
