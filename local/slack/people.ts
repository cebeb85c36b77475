import type { ArgumentsOf } from '#local/slack/arguments.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import type { Weather } from '#local/slack/weather.ts';

export interface SlackPerson {
  /** `U…` */
  id: string;
  /** As mentioned, without `@`. */
  name: string;
  realName: string;
  email?: string;
  /** Another company's workspace, in a shared channel. */
  team?: string;
  isBot?: boolean;
  /** Deactivated. */
  isDeleted?: boolean;
}

interface SlackUserGroup {
  /** `S…` */
  id: string;
  /** As mentioned, without `@`. */
  handle: string;
  name: string;
  /** Ids. */
  users: string[];
}

export interface SlackWorkspace {
  team: string;
  users: SlackPerson[];
  groups: SlackUserGroup[];
}

/** Three people, two groups and the app: enough for four eyes and for somebody who may not. */
export function defaultWorkspace(): SlackWorkspace {
  return {
    team: 'T0LOCAL',
    users: [
      { id: 'U0ANA', name: 'ana', realName: 'Ana Alves', email: 'ana@example.com' },
      { id: 'U0LEE', name: 'lee', realName: 'Lee Larsen', email: 'lee@example.com' },
      { id: 'U0SAM', name: 'sam', realName: 'Sam Sato', email: 'sam@example.com' },
      { id: 'U0SLIPWAY', name: 'slipway', realName: 'Slipway', isBot: true },
    ],
    groups: [
      { id: 'S0ONCALL', handle: 'on-call', name: 'On call', users: ['U0LEE'] },
      { id: 'S0DEPLOYERS', handle: 'deployers', name: 'Deployers', users: ['U0ANA', 'U0LEE'] },
    ],
  };
}

/** The methods of the Web API that tell who people are. Addresses only with the scope `users:read.email`. */
export function createDirectory(options: { people: SlackWorkspace; weather: Weather; scopes: string[] }) {
  const { people, weather, scopes } = options;

  function userInfo({ user: id }: ArgumentsOf<'users.info'>): Record<string, unknown> {
    const user = people.users.find((known) => known.id === id);
    if (!user) throw new SlackError('user_not_found');
    const { name, realName, email, team = people.team, isBot = false, isDeleted = false } = user;
    const shownEmail = email !== undefined && scopes.includes('users:read.email') ? { email } : {};
    return {
      user: {
        id,
        team_id: team,
        name,
        deleted: isDeleted,
        real_name: realName,
        is_bot: isBot,
        profile: { real_name: realName, display_name: name, team, ...shownEmail },
      },
    };
  }

  return {
    'users.info': userInfo,
    'usergroups.users.list'({ usergroup }: ArgumentsOf<'usergroups.users.list'>) {
      if (weather.find('free-plan')) throw new SlackError('plan_upgrade_required');
      const group = people.groups.find(({ id }) => id === usergroup);
      if (!group) throw new SlackError('no_such_subteam');
      return { users: group.users };
    },
  };
}
