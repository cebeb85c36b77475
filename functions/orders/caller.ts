import { mayDo, allowedFor, type Action, type Guarded, type Via } from '#shared/domain/permission.ts';
import type { Person } from '#shared/domain/people.ts';
import { Policy } from '#shared/domain/service/policy.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { Deps } from '#functions/deps.ts';
import { refused, type Refused } from '#functions/orders/result.ts';
import { personOf, type Found, type Trust } from '#functions/people.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';

/** Somebody who gives an order: through the API with a verified token, or through Slack, which verified who it is. */
export interface Caller {
  via: Via;
  /** Who it is, and which of the user groups in `among` they are in. */
  identify(among: readonly string[], trust: Trust): Promise<Found>;
}

export const apiCaller = (email: string): Caller => ({
  via: 'api',
  identify: async () => ({ person: { id: email }, unknown: [] }),
});

export const slackCaller = (deps: Deps, sender: { team: string; user: string }): Caller => ({
  via: 'slack',
  identify: (among, trust) => personOf(deps, sender, among, trust),
});

/** The caller as a person, if they may do that there; else why not. */
export async function permitted(
  caller: Caller,
  action: Action,
  guarded: Guarded,
  trust: Trust,
): Promise<{ status: 'done'; person: Person } | Refused> {
  const found = await caller.identify(allowedFor(action, guarded.policy), trust);
  if ('refused' in found) return refused('forbidden', found.refused);
  const permission = mayDo(action, guarded, found.person, caller.via);
  if (permission.allowed) return { status: 'done', person: found.person };
  return refused('forbidden', [permission.reason, ...found.unknown].join('; '));
}

/**
 * Who may do what at a place: as its service file says now. When the file cannot be read or is not there any more, as it
 * said at the newest deployment; where nothing was ever deployed, by the defaults.
 * @throws Fault when the bucket does not answer and nothing was ever deployed
 */
export async function guardOf(
  deps: Deps,
  { service, environment }: { service: string; environment: string },
): Promise<Guarded> {
  const snapshot = async (): Promise<Guarded | undefined> =>
    (await deps.ledger.list('deployments', { service, environment }, 1))[0]?.config;
  try {
    const found = findConfig(await readServiceFiles(deps), service, environment);
    if (!('problem' in found)) return found.config;
  } catch (error) {
    const last = error instanceof Fault ? await snapshot() : undefined;
    if (!last) throw error;
    deps.log(
      'WARNING',
      `the service file of ${service} cannot be read: its policy counts as of the newest deployment`,
    );
    return last;
  }
  return (await snapshot()) ?? { service, environment, policy: Policy.parse({}) };
}
