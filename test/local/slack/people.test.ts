import { expect, it } from 'vitest';
import { openSlackWithApp } from './with-app.ts';

/** What a call is refused with. */
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'not refused',
    (error: { data: unknown }) => error.data,
  );

it('tells who somebody is, with the address and the workspace', async () => {
  const { client, slack } = await openSlackWithApp();
  slack.people.users.push({
    id: 'W0EVE',
    name: 'eve',
    realName: 'Eve',
    team: 'T0ELSEWHERE',
    isDeleted: true,
  });
  expect((await client.users.info({ user: 'U0ANA' })).user).toMatchObject({
    id: 'U0ANA',
    team_id: 'T0LOCAL',
    is_bot: false,
    deleted: false,
    profile: { email: 'ana@example.com' },
  });
  expect((await client.users.info({ user: 'W0EVE' })).user).toMatchObject({
    team_id: 'T0ELSEWHERE',
    deleted: true,
  });
  expect(await refusal(client.users.info({ user: 'U0NOBODY' }))).toMatchObject({ error: 'user_not_found' });
});

it('keeps addresses to itself without the scope for them', async () => {
  const { client } = await openSlackWithApp({ scopes: ['users:read'] });
  const { user, ...answer } = await client.users.info({ user: 'U0ANA' });
  expect(user?.profile).not.toHaveProperty('email');
  expect(answer.response_metadata?.scopes).toEqual(['users:read']);
  expect(await refusal(client.usergroups.users.list({ usergroup: 'S0ONCALL' }))).toMatchObject({
    error: 'missing_scope',
    needed: 'usergroups:read',
  });
});

it('tells who is in a group, as it is now, unless the plan has no groups', async () => {
  const { client, slack } = await openSlackWithApp();
  const members = () => client.usergroups.users.list({ usergroup: 'S0ONCALL' });
  expect((await members()).users).toEqual(['U0LEE']);
  slack.people.groups[0]!.users = ['U0SAM'];
  expect((await members()).users).toEqual(['U0SAM']);
  expect(await refusal(client.usergroups.users.list({ usergroup: 'S0NONE' }))).toMatchObject({
    error: 'no_such_subteam',
  });
  slack.setFaults([{ kind: 'free-plan' }]);
  expect(await refusal(members())).toMatchObject({ error: 'plan_upgrade_required' });
});

it('limits how often groups may be asked for: 20 times a minute', async () => {
  const { client } = await openSlackWithApp({ rateLimits: true });
  const call = () => client.apiCall('usergroups.users.list', { usergroup: 'S0ONCALL' });
  for (let n = 0; n < 20; n += 1) await call();
  const { status } = await fetch(`${client.slackApiUrl}usergroups.users.list?usergroup=S0ONCALL`, {
    headers: { authorization: 'Bearer xoxb-local-token' },
  });
  expect(status).toBe(429);
});

it('tells which channels the app is in, by type and scope', async () => {
  const channels = [
    { id: 'C1', name: 'one' },
    { id: 'C2', name: 'two', isPrivate: true },
    { id: 'C3', name: 'three', isMember: false },
    { id: 'C4', name: 'four', isArchived: true },
  ];
  const both = { types: 'public_channel,private_channel', exclude_archived: true };
  const { client } = await openSlackWithApp({ channels });
  const { channels: one, response_metadata } = await client.users.conversations({ ...both, limit: 1 });
  const { next_cursor: cursor } = response_metadata!;
  const rest = await client.users.conversations({ ...both, cursor: cursor! });
  expect([...one!, ...rest.channels!].map(({ name }) => name)).toEqual(['one', 'two']);
  expect((await client.users.conversations({})).channels!.map(({ name }) => name)).toEqual(['one', 'four']);

  const narrow = await openSlackWithApp({ channels, scopes: ['channels:read'] });
  expect(await refusal(narrow.client.users.conversations(both))).toMatchObject({
    error: 'missing_scope',
    needed: 'channels:read,groups:read',
  });
});
