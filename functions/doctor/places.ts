import { allowedFor, isProtected, type Action } from '#shared/domain/permission.ts';
import { SlackGroup, SlackUser } from '#shared/domain/people.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { DoctorFinding, Named } from '#shared/slack/diagnose.ts';

/** What the environment and the service files name in Slack, each once, with every place that names it. */
export interface NamedInSlack {
  channels: Named[];
  users: Named[];
  groups: Named[];
}

/** @param own channels that Slipway itself is told of, by the variable that names them */
export function namedInSlack(
  own: Readonly<Record<string, string | undefined>>,
  configs: readonly ServiceConfig[],
): NamedInSlack {
  const channels = collected();
  const people = collected();
  for (const [variable, channel] of Object.entries(own)) channels.add(channel, variable);
  for (const { service, environment, slack, policy } of configs) {
    const place = (key: string): string => `${service} ${environment}: ${key}`;
    channels.add(slack.channel, place('slack.channel'));
    channels.add(slack.approvalsChannel, place('slack.approvalsChannel'));
    for (const name of slack.owners) people.add(name, place('slack.owners'));
    for (const name of slack.onCall) people.add(name, place('slack.onCall'));
    for (const name of policy.approvals?.from ?? []) people.add(name, place('policy.approvals.from'));
    for (const [action, names] of Object.entries(policy.allow))
      for (const name of names) people.add(name, place(`policy.allow.${action}`));
  }
  const named = people.all();
  return {
    channels: channels.all(),
    users: named.filter(({ name }) => SlackUser.safeParse(name).success),
    groups: named.filter(({ name }) => SlackGroup.safeParse(name).success),
  };
}

function collected() {
  const found = new Map<string, string[]>();
  return {
    add(name: string | undefined, place: string): void {
      if (name !== undefined) found.set(name, [...(found.get(name) ?? []), place]);
    },
    all: (): Named[] => [...found].map(([name, places]) => ({ name, places: [...new Set(places)] })),
  };
}

/** Of protected environments: whether anybody may act there from Slack, and whether anybody is called. */
export function diagnosePolicies(configs: readonly ServiceConfig[], hasPager: boolean): DoctorFinding[] {
  const guarded = configs.filter(isProtected);
  return [...guarded.flatMap((config) => [whoMay(config), onCall(config)]), pager(hasPager, guarded.length)];
}

function whoMay({ service, environment, policy }: ServiceConfig): DoctorFinding {
  const about = {
    id: `allow:${service}:${environment}`,
    what: `who may act on ${service} ${environment} from Slack`,
  };
  const actions = Object.keys(policy.allow) as Action[];
  const closed = actions.filter((action) => allowedFor(action, policy).length === 0);
  if (closed.length === 0)
    return { ...about, ok: true, found: `it is protected; policy.allow names people for everything` };
  const fix = `Name people in policy.allow of services/${service}.yaml: deploy: [U…, S…, ana@example.com]`;
  return closed.length === actions.length
    ? { ...about, ok: false, found: 'it is protected, and policy.allow names nobody: nobody may', fix }
    : { ...about, ok: true, found: `it is protected; nobody may ${closed.join(', ')}`, fix };
}

function onCall({ service, environment, slack }: ServiceConfig): DoctorFinding {
  const about = {
    id: `on-call:${service}:${environment}`,
    what: `who is called for ${service} ${environment}`,
  };
  if (slack.onCall.length > 0) return { ...about, ok: true, found: slack.onCall.join(', ') };
  return {
    ...about,
    ok: false,
    found: 'it is protected, and slack.onCall names nobody: a rollback that fails calls nobody in Slack',
    fix: `Name a user or a group in slack.onCall of services/${service}.yaml: onCall: [S…]`,
  };
}

function pager(isSet: boolean, guarded: number): DoctorFinding {
  const about = { id: 'pager', what: 'the pager' };
  if (isSet) return { ...about, ok: true, found: 'there is one; no page is sent to try it' };
  const found = 'there is none: nobody is called outside Slack, which is silent at night';
  const fix = 'Set SLIPWAY_PAGER_URL and SLIPWAY_PAGER_KEY, such as those of PagerDuty (Events API v2)';
  return guarded === 0
    ? { ...about, ok: true, found: `${found}; no environment is protected` }
    : { ...about, ok: false, found, fix };
}
