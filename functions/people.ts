import { Fault } from '#shared/domain/fault.ts';
import { idOfSlackUser, isAmong, SlackGroup, type Person } from '#shared/domain/people.ts';
import type { DirectoryCopy } from '#shared/ledger/audit-record.ts';
import type { SlackDirectory, SlackProfile } from '#shared/ports/people.ts';
import type { Deps } from '#functions/deps.ts';

/** Groups change seldom, and Slack allows 20 of these questions a minute (slack.md §1.2). */
const freshMs = 5 * 60_000;
const lastGoodMs = 24 * 3_600_000;

/** `last-good`: what Slack said within a day will do when it does not answer; `fresh`: it will not. */
export type Trust = 'fresh' | 'last-good';

/** @property unknown user groups that could not be asked for, with why: nobody is counted as a member of them */
export type Found = { person: Person; unknown: string[] } | { refused: string };

type Copy = Pick<DirectoryCopy, 'profile' | 'members'>;
/** What Slack said to this process. */
const remembered = new WeakMap<SlackDirectory, Map<string, { atMs: number; copy: Copy }>>();

/**
 * Who a Slack user is: their address if Slack tells it, and which of the user groups in `among` they are in. Refused: a
 * workspace that is not ours, somebody of another one (a shared channel), a bot, somebody deactivated, and everybody
 * while Slack cannot be asked and what it said before does not count.
 * @param among people as the policy names them; of its groups only as many are asked for as decide
 */
export async function personOf(
  deps: Deps,
  { team, user }: { team: string; user: string },
  among: readonly string[],
  trust: Trust,
): Promise<Found> {
  const { teams } = deps.config.slack;
  if (teams.length > 0 && !teams.includes(team))
    return refused(`people of the workspace ${team} are not heard`);
  const directory = deps.slackDirectory;
  if (!directory)
    return refused('Slipway has no token for Slack, so it cannot ask who you are: use slipway instead');
  let profile: SlackProfile | undefined;
  try {
    const ask = async (): Promise<Copy> => {
      const found = await directory.user(user);
      return found ? { profile: found } : {};
    };
    profile = (await known(deps, directory, `user ${user}`, ask, trust)).profile;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refused(`Slack does not say who ${user} is (${error.message}): use slipway, or try again`);
  }
  if (!profile) return refused(`Slack knows no user ${user}`);
  if (profile.team !== team) return refused(`${user} is of another workspace, ${profile.team}`);
  if (profile.isBot) return refused(`${user} is a bot`);
  if (profile.isDeleted) return refused(`${user} is deactivated`);

  const person = { id: profile.email ?? idOfSlackUser(user), slackUser: user };
  const groups: string[] = [];
  const unknown: string[] = [];
  if (isAmong(among, person)) return { person, unknown };
  for (const group of among.filter((who) => SlackGroup.safeParse(who).success)) {
    try {
      const ask = async (): Promise<Copy> => ({ members: await directory.groupMembers(group) });
      const { members = [] } = await known(deps, directory, `group ${group}`, ask, trust);
      if (members.includes(user)) groups.push(group);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      unknown.push(inWords(group, error));
    }
  }
  return { person: { ...person, groups }, unknown };
}

const refused = (why: string): Found => ({ refused: why });

/** `not-found` and `unsupported` are answers: asking again would not help. */
function inWords(group: string, { code, message }: Fault): string {
  switch (code) {
    case 'not-found':
      return `there is no user group ${group}`;
    case 'unsupported':
      return `Slack does not tell who is in ${group} (${message}): the service file has to name people themselves`;
    default:
      return `Slack does not say now who is in ${group} (${message}): use slipway, or try again`;
  }
}

/** From memory for a few minutes, else from Slack, else, where that will do, from what it said within a day. */
async function known(
  { ledger, clock, log }: Deps,
  directory: SlackDirectory,
  what: string,
  ask: () => Promise<Copy>,
  trust: Trust,
): Promise<Copy> {
  const memory = remembered.get(directory) ?? new Map<string, { atMs: number; copy: Copy }>();
  remembered.set(directory, memory);
  const nowMs = clock.now();
  const before = memory.get(what);
  if (before && nowMs - before.atMs < freshMs) return before.copy;
  let copy: Copy;
  try {
    copy = await ask();
  } catch (error) {
    const mayRecover = error instanceof Fault && error.code !== 'not-found' && error.code !== 'unsupported';
    const last = trust === 'last-good' && mayRecover ? await ledger.get('slackDirectory', what) : undefined;
    if (!last || nowMs - Date.parse(last.at) > lastGoodMs) throw error;
    log('WARNING', `Slack does not answer: ${what} counts as of ${last.at}`);
    return last;
  }
  memory.set(what, { atMs: nowMs, copy });
  const at = new Date(nowMs).toISOString();
  await ledger.transaction((tx) => tx.put('slackDirectory', what, { what, at, ...copy }));
  return copy;
}
