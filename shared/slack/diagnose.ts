import type { AppIdentity, Asked, ChannelSeen, PersonSeen, SlackInspector } from './inspect.ts';
import { scopes } from './scopes.ts';

/** One thing the doctor looked at. */
export interface DoctorFinding {
  /** The same in every run: `token`, `scope:chat:write`, `channel:C012AB3CD`. */
  id: string;
  /** `unknown`: it could not be looked at, or only a person can. */
  ok: boolean | 'unknown';
  /** What was looked at, in a few words. */
  what: string;
  found: string;
  /** What to click or run; only where something can be done. */
  fix?: string;
}

const app = 'api.slack.com/apps → your app';
const tokenFix = `${app} → OAuth & Permissions → Bot User OAuth Token: copy it (xoxb-…) into SLACK_BOT_TOKEN`;
const addScope = (...names: string[]): string =>
  `${app} → OAuth & Permissions → Bot Token Scopes → Add ${names.map((name) => `\`${name}\``).join(' and ')} → Reinstall to Workspace`;

/** Slack's word for it, or why it gave none. */
const wordOf = (asked: Exclude<Asked<unknown>, { status: 'answered' }>): string =>
  asked.status === 'refused' ? `Slack says ${asked.error}` : asked.why;

/** @param teams workspaces whose people are heard */
export function diagnoseApp(asked: Asked<AppIdentity>, teams: readonly string[]): DoctorFinding[] {
  const what = "the app's token";
  if (asked.status === 'refused')
    return [{ id: 'token', ok: false, what, found: wordOf(asked), fix: tokenFix }];
  if (asked.status === 'unanswered') {
    const fix = 'Ask again in a minute; when Slack stays away: https://slack-status.com';
    return [{ id: 'token', ok: 'unknown', what, found: wordOf(asked), fix }];
  }
  const { team, teamId, botName, scopes: granted } = asked.value;
  return [
    { id: 'token', ok: true, what, found: `it is @${botName} in ${team} (${teamId})` },
    workspace(teamId, teams),
    ...(granted === undefined
      ? [
          {
            id: 'scopes',
            ok: 'unknown' as const,
            what: 'what the app may do',
            found: 'Slack did not say which scopes the token has',
            fix: `Compare ${app} → OAuth & Permissions → Bot Token Scopes with "slipway slack manifest"`,
          },
        ]
      : scopes.map((scope) => diagnoseScope(scope, granted))),
  ];
}

function workspace(teamId: string, teams: readonly string[]): DoctorFinding {
  const about = { id: 'workspace', what: 'whose commands are heard' };
  if (teams.includes(teamId)) return { ...about, ok: true, found: `those of ${teams.join(', ')}` };
  if (teams.length === 0) {
    const found = 'SLACK_TEAM_IDS is not set: nobody is heard';
    return { ...about, ok: false, found, fix: `Set SLACK_TEAM_IDS=${teamId}` };
  }
  const found = `SLACK_TEAM_IDS is ${teams.join(',')}, and the token's workspace ${teamId} is not among them`;
  return { ...about, ok: false, found, fix: `Set SLACK_TEAM_IDS=${[...teams, teamId].join(',')}` };
}

function diagnoseScope(
  { name, isRequired, why }: (typeof scopes)[number],
  granted: readonly string[],
): DoctorFinding {
  const about = { id: `scope:${name}`, what: `scope ${name}` };
  if (granted.includes(name)) return { ...about, ok: true, found: `granted: ${why}` };
  const missing = isRequired ? 'not granted' : 'not granted, and not needed';
  return { ...about, ok: !isRequired, found: `${missing}: ${why}`, fix: addScope(name) };
}

/** What the doctor is to find in Slack: an id or a name, and where it is written. */
export interface Named {
  name: string;
  /** `hello production: slack.onCall` */
  places: readonly string[];
}

const written = ({ places }: Named): string => places.join('; ');

/** @param botName for the command that invites it */
export function diagnoseChannel(named: Named, asked: Asked<ChannelSeen>, botName: string): DoctorFinding {
  const about = { id: `channel:${named.name}`, what: `channel ${named.name} (${written(named)})` };
  if (asked.status !== 'answered') return { ...about, ...unseenChannel(named, asked, botName) };
  const { name, isArchived, isMember } = asked.value;
  if (isArchived) {
    const fix = `Unarchive #${name} in Slack, or name another channel in ${written(named)}`;
    return { ...about, ok: false, found: `#${name} is archived`, fix };
  }
  return isMember
    ? { ...about, ok: true, found: `#${name}, and the app is in it` }
    : { ...about, ok: false, found: `the app is not in #${name}`, fix: invite(name, botName) };
}

const invite = (channel: string, botName: string): string => `In #${channel}, send: /invite @${botName}`;

function unseenChannel(
  named: Named,
  asked: Exclude<Asked<unknown>, { status: 'answered' }>,
  botName: string,
): Pick<DoctorFinding, 'ok' | 'found' | 'fix'> {
  const found = wordOf(asked);
  if (asked.status === 'unanswered') return { ok: 'unknown', found };
  if (asked.error === 'missing_scope')
    return { ok: 'unknown', found, fix: addScope('channels:read', 'groups:read') };
  if (asked.error !== 'channel_not_found') return { ok: 'unknown', found };
  return {
    ok: false,
    found: `${found}: there is none, or it is private and the app is not in it`,
    fix: `In the channel, send: /invite @${botName}. Its id stands at the end of the channel's details; correct ${written(named)}`,
  };
}

/**
 * Of a channel that is known by name: Slack looks up none by that, so the app's own channels are gone through.
 * @param named with `#`
 */
export function diagnoseChannelName(
  named: Named,
  asked: Awaited<ReturnType<SlackInspector['ownChannels']>>,
  botName: string,
): DoctorFinding {
  const about = { id: `channel:${named.name}`, what: `channel ${named.name} (${written(named)})` };
  const byId = `or put the channel's id (C…, at the end of its details) in place of the name in ${written(named)}`;
  if (asked.status !== 'answered') {
    const scope = asked.status === 'refused' && asked.error === 'missing_scope';
    return {
      ...about,
      ok: 'unknown',
      found: `Slack looks up channels by id only, and does not list the app's own: ${wordOf(asked)}`,
      fix: `${scope ? addScope('channels:read', 'groups:read') : 'Ask again later'}; ${byId}`,
    };
  }
  const name = named.name.replace(/^#/, '');
  const channel = asked.value.channels.find((one) => one.name === name);
  if (channel) return { ...about, ok: true, found: `it is ${channel.id}, and the app is in it` };
  if (asked.value.all) {
    const found = 'the app is in no channel of this name that is not archived';
    return { ...about, ok: false, found, fix: invite(name, botName) };
  }
  const found = 'the app is in no public channel of this name; private ones it may not see';
  return { ...about, ok: 'unknown', found, fix: `${addScope('groups:read')}; ${byId}` };
}

/** @param teamId the app's workspace */
export function diagnoseUser(named: Named, asked: Asked<PersonSeen>, teamId: string): DoctorFinding {
  const about = { id: `user:${named.name}`, what: `user ${named.name} (${written(named)})` };
  const fix = `Correct ${written(named)}: the id stands in the person's profile → ⋮ → Copy member ID`;
  if (asked.status !== 'answered') {
    if (asked.status === 'refused' && ['user_not_found', 'user_not_visible'].includes(asked.error))
      return { ...about, ok: false, found: wordOf(asked), fix };
    const scope = asked.status === 'refused' && asked.error === 'missing_scope';
    return {
      ...about,
      ok: 'unknown',
      found: wordOf(asked),
      ...(scope ? { fix: addScope('users:read') } : {}),
    };
  }
  const { name, isBot, isDeleted, teamId: theirs } = asked.value;
  const wrong = isDeleted
    ? 'is deactivated'
    : isBot
      ? 'is a bot'
      : theirs === teamId
        ? undefined
        : `is of another workspace (${theirs})`;
  return wrong === undefined
    ? { ...about, ok: true, found: `@${name}` }
    : { ...about, ok: false, found: `@${name} ${wrong}: nothing is done for them`, fix };
}

export function diagnoseGroup(named: Named, asked: Asked<number>): DoctorFinding {
  const about = { id: `group:${named.name}`, what: `user group ${named.name} (${written(named)})` };
  if (asked.status === 'answered') {
    if (asked.value > 0) return { ...about, ok: true, found: `${asked.value} people are in it` };
    const fix = 'In Slack: Directories → User groups → the group → Edit members';
    return { ...about, ok: false, found: 'nobody is in it', fix };
  }
  const found = wordOf(asked);
  if (asked.status === 'unanswered') return { ...about, ok: 'unknown', found };
  switch (asked.error) {
    case 'plan_upgrade_required':
      return {
        ...about,
        ok: false,
        found: `${found}: this workspace's plan has no user groups, so nobody is in it`,
        fix: `Name people by user id (U…) or e-mail address in ${written(named)}, or choose a plan with user groups`,
      };
    case 'no_such_subteam': {
      const fix = `Correct ${written(named)}: the id stands at the end of the group's address, Directories → User groups → the group`;
      return { ...about, ok: false, found, fix };
    }
    case 'missing_scope':
      return { ...about, ok: 'unknown', found, fix: addScope('usergroups:read') };
    default:
      return { ...about, ok: 'unknown', found };
  }
}
