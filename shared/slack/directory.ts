import { z } from 'zod';
import { Fault, type FaultCode } from '#shared/domain/fault.ts';
import type { SlackDirectory } from '#shared/ports/people.ts';
import { createWebApi, parsedAnswer } from './web-api.ts';

/** https://docs.slack.dev/reference/objects/user-object; the address needs the scope `users:read.email`. */
const User = z.object({
  user: z.object({
    team_id: z.string().min(1),
    name: z.string().min(1),
    deleted: z.boolean().default(false),
    is_bot: z.boolean().default(false),
    profile: z.object({ email: z.string().optional(), display_name: z.string().optional() }).default({}),
  }),
});
const Members = z.object({ users: z.array(z.string()) });

/** What Slack's "no" means to who asks about people. */
const codes: Record<string, FaultCode> = {
  plan_upgrade_required: 'unsupported',
  missing_scope: 'unsupported',
  no_such_subteam: 'not-found',
  invalid_auth: 'permission-denied',
  not_authed: 'permission-denied',
  token_revoked: 'permission-denied',
  token_expired: 'permission-denied',
  account_inactive: 'permission-denied',
};

/** The port over Slack's Web API. @throws Fault also for every "no": who a person is, is never guessed */
export function createSlackDirectory(options: {
  token: string;
  /** With the path of the API, `https://slack.com/api/` unless told otherwise. */
  endpoint?: string;
  timeoutMs?: number;
}): SlackDirectory {
  const call = createWebApi(options);
  const no = (method: string, about: string, error: string): Fault =>
    new Fault(codes[error] ?? 'internal', `Slack ${method} of ${about} answered ${error}`, {
      retryable: false,
    });

  return {
    async user(id) {
      const found = await call('users.info', { user: id });
      if (!found.ok) {
        if (found.error === 'user_not_found' || found.error === 'user_not_visible') return undefined;
        throw no('users.info', id, found.error);
      }
      const { user } = parsedAnswer(User, found.answer, 'users.info');
      const { email, display_name: shownName } = user.profile;
      return {
        ...(email === undefined || email === '' ? {} : { email }),
        team: user.team_id,
        name: shownName === undefined || shownName === '' ? user.name : shownName,
        isBot: user.is_bot,
        isDeleted: user.deleted,
      };
    },
    async groupMembers(group) {
      const found = await call('usergroups.users.list', { usergroup: group });
      if (!found.ok) throw no('usergroups.users.list', group, found.error);
      return parsedAnswer(Members, found.answer, 'usergroups.users.list').users;
    },
  };
}
