import { afterEach, expect, it } from 'vitest';
import { createInspector, type SlackInspector } from '#shared/slack/inspect.ts';
import { scriptedSlack, type ScriptedSlack } from '#test/support/scripted-slack.ts';

let slack: ScriptedSlack | undefined;
afterEach(async () => {
  await slack?.close();
  slack = undefined;
});

async function inspector(...script: Parameters<typeof scriptedSlack>): Promise<SlackInspector> {
  slack = await scriptedSlack(...script);
  return createInspector({ token: 'xoxb-1', endpoint: slack.endpoint });
}

const me = { team: 'Acme', team_id: 'T0ACME', user: 'deploy', user_id: 'U0BOT', bot_id: 'B0BOT' };

it('knows who the app is and, by the header of the answer, what it may do', async () => {
  const asks = await inspector({ 'auth.test': me }, ['commands', 'chat:write']);
  expect(await asks.identity()).toEqual({
    status: 'answered',
    value: { team: 'Acme', teamId: 'T0ACME', botName: 'deploy', scopes: ['commands', 'chat:write'] },
  });
  expect(slack?.calls).toEqual([{ method: 'auth.test', given: {}, token: 'xoxb-1' }]);
});

it('leaves the scopes open when Slack does not say them', async () => {
  const asks = await inspector({ 'auth.test': me });
  expect(await asks.identity()).toMatchObject({ value: { scopes: undefined } });
});

it.each<[string, Parameters<typeof scriptedSlack>[0], unknown]>([
  ['a "no" is Slack\'s word', { 'auth.test': 'invalid_auth' }, { status: 'refused', error: 'invalid_auth' }],
  [
    'no answer is why there is none',
    { 'auth.test': 'down' },
    { status: 'unanswered', why: expect.stringContaining('Slack auth.test gave no answer') },
  ],
  [
    'an answer of another shape is none',
    { 'auth.test': { team: 'Acme' } },
    { status: 'unanswered', why: expect.stringContaining('team_id') },
  ],
])('%s', async (_, script, answer) => {
  expect(await (await inspector(script)).identity()).toEqual(answer);
});

it('goes through all pages of the channels that the app is in, private ones too', async () => {
  const asks = await inspector({
    'users.conversations': ({ cursor }) =>
      cursor === 'next'
        ? { channels: [{ id: 'C0000002', name: 'b' }], response_metadata: { next_cursor: '' } }
        : { channels: [{ id: 'C0000001', name: 'a' }], response_metadata: { next_cursor: 'next' } },
  });
  const asked = await asks.ownChannels();
  expect(asked).toMatchObject({
    status: 'answered',
    value: {
      all: true,
      channels: [
        { id: 'C0000001', isMember: true },
        { id: 'C0000002', isMember: true },
      ],
    },
  });
  expect(slack?.calls[0]?.given).toMatchObject({ types: 'public_channel,private_channel' });
});

it('looks at public channels alone when it may not see private ones, and says so', async () => {
  const asks = await inspector({
    'users.conversations': ({ types }) =>
      types === 'public_channel' ? { channels: [{ id: 'C0000001', name: 'a' }] } : 'missing_scope',
  });
  expect(await asks.ownChannels()).toMatchObject({ status: 'answered', value: { all: false } });
});

it('gives up on endless pages', async () => {
  const asks = await inspector({
    'users.conversations': { channels: [], response_metadata: { next_cursor: 'again' } },
  });
  expect(await asks.ownChannels()).toMatchObject({ status: 'unanswered' });
  expect(slack?.calls).toHaveLength(10);
});

it('reads channels, users and user groups', async () => {
  const asks = await inspector({
    'conversations.info': ({ channel }) => ({
      channel: { id: channel, name: 'deployments', is_member: true, is_archived: true },
    }),
    'users.info': { user: { name: 'ana', team_id: 'T0ACME', deleted: true, is_bot: false } },
    'usergroups.users.list': { users: ['U0000001', 'U0000002'] },
  });
  expect(await asks.channel('C0000001')).toMatchObject({
    value: { id: 'C0000001', name: 'deployments', isMember: true, isArchived: true },
  });
  expect(await asks.user('U0000001')).toMatchObject({
    value: { name: 'ana', teamId: 'T0ACME', isBot: false, isDeleted: true },
  });
  expect(await asks.groupSize('S0000001')).toEqual({ status: 'answered', value: 2 });
});
