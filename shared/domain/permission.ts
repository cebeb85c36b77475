import { isAmong, type Person } from './people.ts';
import type { Policy } from '#shared/domain/service/policy.ts';

/** What `policy.allow` can be asked for. Approving and rejecting follow `policy.approvals.from` instead. */
export type Action = keyof Policy['allow'];

/** How a person came in: with an identity token that IAM let through, or through Slack. */
export type Via = 'api' | 'slack';

export type Permission = { allowed: true } | { allowed: false; reason: string };

/** A service in one environment, with who may do what there: a `ServiceConfig` is one. */
export interface Guarded {
  service: string;
  environment: string;
  policy: Policy;
}

const verbs: Record<Action, string> = {
  deploy: 'deploy',
  rollback: 'roll back',
  cancel: 'cancel deployments of',
  lock: 'lock or unlock',
  quarantine: 'let releases go from quarantine of',
};

/** Who is named for an action: its own list, or that of `deploy` when it has none. */
export const allowedFor = (action: Action, { allow }: Policy): readonly string[] =>
  allow[action].length > 0 ? allow[action] : allow.deploy;

/** Asked once more before it is deployed to from Slack, and closed there to who is not named. */
export const isProtected = ({
  environment,
  policy,
}: {
  environment: string;
  policy: { protected?: boolean | undefined };
}): boolean => policy.protected ?? environment.startsWith('prod');

/**
 * Whether a person may do something to a service in one environment.
 *
 * | the action's list, or else that of `deploy` | through the API | from Slack |
 * |---|---|---|
 * | names the person, their Slack user or a group they are in | yes | yes |
 * | names others only | no | no |
 * | is empty | yes: IAM let them in | yes: the workspace did; no where it is protected |
 */
export function mayDo(action: Action, guarded: Guarded, person: Person, via: Via): Permission {
  const { service, environment, policy } = guarded;
  const named = allowedFor(action, policy);
  const what = `${person.id} may not ${verbs[action]} ${service} ${environment}`;
  if (named.length > 0)
    return isAmong(named, person)
      ? { allowed: true }
      : { allowed: false, reason: `${what}: allowed are ${named.join(', ')}` };
  return via === 'slack' && isProtected(guarded)
    ? {
        allowed: false,
        reason: `${what} from Slack: it is protected, and policy.allow.${action} names nobody`,
      }
    : { allowed: true };
}
