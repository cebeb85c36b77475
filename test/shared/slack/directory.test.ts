import { describe, expect, it } from 'vitest';
import { createSlackDirectory } from '#shared/slack/directory.ts';
import { answering } from '#test/support/web-answers.ts';

const token = 'xoxb-secret-token';

/** A workspace that answers every question so. */
async function asking(answer: object) {
  const server = await answering(() => ({ status: 200, body: JSON.stringify(answer) }));
  return { server, directory: createSlackDirectory({ token, endpoint: `${server.origin}/api/` }) };
}
const ana = {
  id: 'U0ANA',
  team_id: 'T0LOCAL',
  name: 'ana',
  deleted: false,
  is_bot: false,
  profile: { email: 'ana@example.com', display_name: 'Ana M.', real_name: 'Ana Meyer' },
};

describe('a Slack user', () => {
  it.each([
    ['as Slack knows them', ana, { email: 'ana@example.com', name: 'Ana M.' }],
    ['whose address the app may not read', { ...ana, profile: { display_name: '' } }, { name: 'ana' }],
    ['who left', { ...ana, profile: {}, deleted: true }, { name: 'ana', isDeleted: true }],
    ['that is a program', { ...ana, profile: {}, is_bot: true }, { name: 'ana', isBot: true }],
  ])('is told %s', async (_, user, expected) => {
    const { directory, server } = await asking({ ok: true, user });
    expect(await directory.user('U0ANA')).toEqual({
      team: 'T0LOCAL',
      isBot: false,
      isDeleted: false,
      ...expected,
    });
    expect(server.requests).toMatchObject([{ path: '/api/users.info', body: 'user=U0ANA' }]);
  });

  it.each(['user_not_found', 'user_not_visible'])('is nobody when Slack says %s', async (error) => {
    const { directory } = await asking({ ok: false, error });
    expect(await directory.user('U0GHOST')).toBeUndefined();
  });

  it.each([
    ['missing_scope', 'unsupported'],
    ['token_revoked', 'permission-denied'],
    ['something_new', 'internal'],
  ])('is a fault when Slack says %s: nobody is guessed', async (error, code) => {
    const { directory } = await asking({ ok: false, error });
    await expect(directory.user('U0ANA')).rejects.toMatchObject({
      code,
      retryable: false,
      message: `Slack users.info of U0ANA answered ${error}`,
    });
  });

  it('is a fault when Slack leaves out whose workspace it is', async () => {
    const { directory } = await asking({ ok: true, user: { ...ana, team_id: undefined } });
    await expect(directory.user('U0ANA')).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('user.team_id') as string,
    });
  });
});

describe('a Slack user group', () => {
  it('is told by its members', async () => {
    const { directory, server } = await asking({ ok: true, users: ['U0ANA', 'U0LEE'] });
    expect(await directory.groupMembers('S0ONCALL')).toEqual(['U0ANA', 'U0LEE']);
    expect(server.requests).toMatchObject([
      { path: '/api/usergroups.users.list', body: 'usergroup=S0ONCALL' },
    ]);
  });

  it.each([
    ['plan_upgrade_required', 'unsupported', false],
    ['missing_scope', 'unsupported', false],
    ['no_such_subteam', 'not-found', false],
    ['internal_error', 'unavailable', true],
  ])('is a fault when Slack says %s', async (error, code, retryable) => {
    const { directory } = await asking({ ok: false, error });
    await expect(directory.groupMembers('S0ONCALL')).rejects.toMatchObject({ code, retryable });
  });
});
