import { describe, expect, it } from 'vitest';
import {
  diagnoseApp,
  diagnoseChannel,
  diagnoseChannelName,
  diagnoseGroup,
  diagnoseUser,
} from '#shared/slack/diagnose.ts';
import type { Asked } from '#shared/slack/inspect.ts';
import { scopes } from '#shared/slack/scopes.ts';

const answered = <T>(value: T): Asked<T> => ({ status: 'answered', value });
const refused = (error: string): Asked<never> => ({ status: 'refused', error });
const unanswered: Asked<never> = { status: 'unanswered', why: 'Slack gave no answer' };

const everything = scopes.map(({ name }) => name);
const app = { team: 'Acme', teamId: 'T0ACME', botName: 'deploy', scopes: everything };
const idsOf = (findings: { id: string; ok: unknown }[], ok: unknown): string[] =>
  findings.filter((finding) => finding.ok === ok).map(({ id }) => id);

describe('the app', () => {
  it('with every scope, in its workspace, is well', () => {
    const findings = diagnoseApp(answered(app), ['T0ACME']);
    expect(findings.every(({ ok, fix }) => ok === true && fix === undefined)).toBe(true);
    expect(findings).toHaveLength(2 + scopes.length);
  });

  it('whose token is refused is told to copy it again, and nothing else is asked', () => {
    const findings = diagnoseApp(refused('token_revoked'), []);
    expect(findings).toEqual([
      expect.objectContaining({ id: 'token', ok: false, found: 'Slack says token_revoked' }),
    ]);
    expect(findings[0]?.fix).toContain('OAuth & Permissions → Bot User OAuth Token');
  });

  it('is not known while Slack does not answer', () => {
    expect(idsOf(diagnoseApp(unanswered, []), 'unknown')).toEqual(['token']);
  });

  it.each(scopes)(
    'without $name is wrong only where that is needed, and is told where to add it',
    (scope) => {
      const granted = everything.filter((name) => name !== scope.name);
      const [finding] = diagnoseApp(answered({ ...app, scopes: granted }), ['T0ACME']).filter(
        ({ id }) => id === `scope:${scope.name}`,
      );
      expect(finding?.ok).toBe(!scope.isRequired);
      expect(finding?.fix).toBe(
        `api.slack.com/apps → your app → OAuth & Permissions → Bot Token Scopes → Add \`${scope.name}\` → Reinstall to Workspace`,
      );
    },
  );

  it.each([
    [[], false, 'Set SLACK_TEAM_IDS=T0ACME'],
    [['T0OTHER'], false, 'Set SLACK_TEAM_IDS=T0OTHER,T0ACME'],
    [['T0OTHER', 'T0ACME'], true, undefined],
  ] as const)('when the workspaces heard are %j', (teams, ok, fix) => {
    const finding = diagnoseApp(answered(app), teams).find(({ id }) => id === 'workspace');
    expect(finding).toMatchObject({ ok });
    expect(finding?.fix).toBe(fix);
  });
});

const byId = { name: 'C0000001', places: ['hello production: slack.channel'] };
const channel = { id: 'C0000001', name: 'deployments', isMember: true, isArchived: false };

it.each([
  ['with the app in it', answered(channel), true, 'nothing to do'],
  [
    'without the app',
    answered({ ...channel, isMember: false }),
    false,
    'In #deployments, send: /invite @deploy',
  ],
  ['that is archived', answered({ ...channel, isArchived: true }), false, 'Unarchive #deployments'],
  ['that is not there', refused('channel_not_found'), false, 'hello production: slack.channel'],
  ['that may not be looked up', refused('missing_scope'), 'unknown', 'Add `channels:read` and `groups:read`'],
  ['of which Slack says something else', refused('team_access_not_granted'), 'unknown', 'nothing to do'],
  ['while Slack does not answer', unanswered, 'unknown', 'nothing to do'],
] as const)('a channel %s', (_, asked, ok, fix) => {
  const finding = diagnoseChannel(byId, asked, 'deploy');
  expect(finding).toMatchObject({ id: 'channel:C0000001', ok });
  expect(finding.what).toContain('hello production: slack.channel');
  expect(finding.fix ?? 'nothing to do').toContain(fix);
});

it.each([
  ['of the app', answered({ channels: [channel], all: true }), true, 'nothing to do'],
  ['of none of its channels', answered({ channels: [], all: true }), false, '/invite @deploy'],
  ['of none of its public channels', answered({ channels: [], all: false }), 'unknown', 'Add `groups:read`'],
  ['that may not be looked for', refused('missing_scope'), 'unknown', "put the channel's id"],
  ['while Slack does not answer', unanswered, 'unknown', "put the channel's id"],
] as const)("a channel's name %s", (_, asked, ok, fix) => {
  const finding = diagnoseChannelName({ ...byId, name: '#deployments' }, asked, 'deploy');
  expect(finding).toMatchObject({ id: 'channel:#deployments', ok });
  expect(finding.fix ?? 'nothing to do').toContain(fix);
});

const ana = { name: 'ana', teamId: 'T0ACME', isBot: false, isDeleted: false };
const person = { name: 'U0000001', places: ['hello production: policy.allow.deploy'] };

it.each([
  ['of this workspace', answered(ana), true, '@ana'],
  ['who is deactivated', answered({ ...ana, isDeleted: true }), false, 'is deactivated'],
  ['who is a bot', answered({ ...ana, isBot: true }), false, 'is a bot'],
  ['of another company', answered({ ...ana, teamId: 'T0OTHER' }), false, 'of another workspace (T0OTHER)'],
  ['whom nobody knows', refused('user_not_found'), false, 'user_not_found'],
  ['who may not be looked up', refused('missing_scope'), 'unknown', 'missing_scope'],
  ['while Slack does not answer', unanswered, 'unknown', 'no answer'],
] as const)('a user %s', (_, asked, ok, found) => {
  const finding = diagnoseUser(person, asked, 'T0ACME');
  expect(finding).toMatchObject({ id: 'user:U0000001', ok });
  expect(finding.found).toContain(found);
  expect(ok !== false || finding.fix?.includes('hello production: policy.allow.deploy')).toBe(true);
});

it.each([
  ['with people', answered(3), true, '3 people'],
  ['with nobody', answered(0), false, 'nobody is in it'],
  ['on a free plan', refused('plan_upgrade_required'), false, 'has no user groups'],
  ['that is not there', refused('no_such_subteam'), false, 'no_such_subteam'],
  ['that may not be looked up', refused('missing_scope'), 'unknown', 'missing_scope'],
  ['while Slack does not answer', unanswered, 'unknown', 'no answer'],
] as const)('a user group %s', (_, asked, ok, found) => {
  const finding = diagnoseGroup({ ...person, name: 'S0000001' }, asked);
  expect(finding).toMatchObject({ id: 'group:S0000001', ok });
  expect(finding.found).toContain(found);
  expect(ok !== false || finding.fix !== undefined).toBe(true);
});
