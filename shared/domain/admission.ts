import type { Deployment, Override } from './deployment.ts';
import { freezeInWords, frozenBy } from './freeze.ts';
import type { DeploymentId } from './ids.ts';
import { heldLock, lockInWords, type ManualLock } from './manual-lock.ts';
import { isSamePerson, type Person } from './people.ts';
import { mayDo, type Via } from './permission.ts';
import type { Quarantine } from './quarantine.ts';
import { compareReleases, type ReleaseOrder } from './release-order.ts';
import type { Policy } from '#shared/domain/service/policy.ts';

/** A request for one service in one environment, against what is there. */
export interface AdmissionFacts {
  service: string;
  environment: string;
  wanted: {
    /** Absent when the image is still to be built. */
    digest: string | undefined;
    tag: string | undefined;
    configHash: string;
    /** True when a person named this release; a pushed tag is only an event. */
    byPerson: boolean;
    requestedBy: string;
    slackUser?: string | undefined;
    /** Of the user groups that the policy named, those the person was in when they asked. */
    groups?: readonly string[] | undefined;
    via?: Via;
    /** Why the person wants to deploy in spite of a freeze. */
    overrideFreeze: string | undefined;
    /** True when the approvals that the policy wants were given. */
    approved: boolean;
  };
  policy: Policy;
  active: Deployment | undefined;
  waiting: Deployment | undefined;
  live: { deploymentId: DeploymentId; digest: string; tag?: string; configHash: string } | undefined;
  /** The newest deployment that made the wanted digest live at this place, ever. */
  onceLive: DeploymentId | undefined;
  /** Of the wanted digest and configuration, while it holds. */
  quarantine: Quarantine | undefined;
  manualLock: ManualLock | undefined;
  /** Orders that are known, by digest. */
  orders: Readonly<Record<string, ReleaseOrder>>;
  nowMs: number;
}

/** A release whose order has to be looked up. */
export interface Unordered {
  digest: string;
  tag: string | undefined;
}

export type Admission =
  | { decision: 'duplicate'; reason: string; deploymentId: DeploymentId }
  | { decision: 'refused' | 'superseded' | 'awaiting-approval'; reason: string }
  /** It may start now. */
  | { decision: 'admitted'; reason: string; overrides: Override[] }
  /** It takes the one waiting place; who stood there is superseded. */
  | { decision: 'waiting'; reason: string; supersedes: DeploymentId | undefined; overrides: Override[] }
  /** It cannot be decided before these are looked up. */
  | { decision: 'needs-order'; of: Unordered[] };

/**
 * The rules, in order; the first that holds decides. A repeat of a request never comes here: it gets its first answer.
 *
 * | | what is there | decision |
 * |---|---|---|
 * | 1 | the same digest and configuration waits; is active and nobody waits to replace it; is live and nothing is under way | `duplicate` |
 * | 2 | quarantine of the digest with this configuration | `refused` |
 * | 3 | the person may not deploy there (`mayDo`; members of a user group are who were in it when they asked) | `refused` |
 * | 4 | a manual lock of somebody else that has not expired | `refused` |
 * | 5 | a freeze window, and no reason to override it | `refused` |
 * | 6 | pushed, and live once before, but not now | `refused`: going back is `slipway rollback` |
 * | 7 | pushed, and older than what is live, active or waiting (`compareReleases`) | `superseded` |
 * | 8 | approvals are wanted and were not given (without a digest there is nothing to approve: `refused`) | `awaiting-approval` |
 * | 9 | another deployment is active | `waiting`, superseding who waited |
 * | 10 | – | `admitted` |
 *
 * What a person names may be older or live once before; the reason then says so. What is still to be built is never a
 * duplicate of what is live, and newer than everything.
 */
export function decideAdmission(facts: AdmissionFacts): Admission {
  const { wanted, policy, active, waiting, live, quarantine, nowMs } = facts;
  const place = `${facts.service} ${facts.environment}`;
  const duplicate = duplicateOf(facts);
  if (duplicate) return duplicate;
  if (quarantine) return refused(quarantineInWords(quarantine));
  const permission = wanted.byPerson
    ? mayDo('deploy', facts, personOf(wanted), wanted.via ?? 'api')
    : undefined;
  if (permission?.allowed === false) return refused(permission.reason);
  const lock = heldLock(facts.manualLock, nowMs);
  if (lock && !isSamePerson(lock.owner, wanted.requestedBy)) {
    const steal = `to take it over, say why: slipway lock ${place} --steal --reason …`;
    return refused(`${lockInWords(lock)}; ${steal}`);
  }
  const freeze = frozenBy(policy.freeze, nowMs);
  const overrides: Override[] = [];
  if (freeze) {
    const what = freezeInWords(freeze);
    const reason = wanted.byPerson ? wanted.overrideFreeze : undefined;
    if (reason === undefined) {
      const release = wanted.tag ?? wanted.digest;
      const deploy = `slipway deploy ${place}${release === undefined ? '' : ` ${release}`}`;
      return refused(`frozen: ${what}; to deploy all the same, say why: ${deploy} --override-freeze …`);
    }
    const at = new Date(nowMs).toISOString();
    overrides.push({ rule: 'freeze', what, by: wanted.requestedBy, reason, at });
  }

  const isBack = facts.onceLive !== undefined && wanted.digest !== live?.digest;
  const before = isBack ? `was live before (${facts.onceLive})` : undefined;
  if (before !== undefined && !wanted.byPerson) {
    const name = wanted.tag ?? wanted.digest;
    return refused(`${name} ${before}; to go back, say why: slipway rollback ${place} --reason …`);
  }

  const rivals = rivalsOf(facts);
  const needed =
    wanted.digest === undefined || rivals.length === 0 ? [] : [wantedOf(wanted.digest), ...rivals];
  const unknown = needed.filter(({ digest }) => facts.orders[digest] === undefined);
  if (unknown.length > 0)
    return { decision: 'needs-order', of: unknown.map(({ digest, tag }) => ({ digest, tag })) };
  const notes = overrides.map(({ what, reason }) => `in spite of ${what}: ${reason}`);
  for (const rival of rivals) {
    const { order, by } = compareReleases(orderOf(wanted.digest), orderOf(rival.digest));
    if (order !== 'older') continue;
    const older = `older than ${rival.what} by ${by}`;
    if (!wanted.byPerson) return { decision: 'superseded', reason: `${older}; the newer one stays` };
    notes.push(`${older}, but asked for by ${wanted.requestedBy}`);
  }
  if (before !== undefined) notes.push(`${before}, but asked for by ${wanted.requestedBy}`);

  if (policy.approvals && !wanted.approved) {
    if (wanted.digest === undefined)
      return refused('what is still to be built cannot be approved: build it, then deploy its tag or digest');
    const { required, from } = policy.approvals;
    return { decision: 'awaiting-approval', reason: `${required} of ${from.join(', ')} must approve` };
  }
  const inWords = (reason: string): string => [reason, ...notes].join('; ');
  if (active) {
    const instead = waiting ? `, in place of ${waiting.id}` : '';
    const reason = inWords(`${active.id} is deploying; this one starts after it${instead}`);
    return { decision: 'waiting', reason, supersedes: waiting?.id, overrides };
  }
  return { decision: 'admitted', reason: inWords('nothing else is deploying'), overrides };

  function wantedOf(digest: string): Unordered {
    return { digest, tag: wanted.tag };
  }
  function orderOf(digest: string | undefined): ReleaseOrder {
    return (digest === undefined ? undefined : facts.orders[digest]) ?? {};
  }
}

/** The digest of a deployment, as far as it is known: a build's only after it was built. */
export const digestOf = (deployment: Deployment): string | undefined =>
  deployment.release?.digest ?? deployment.request.digest;

function duplicateOf({ wanted, active, waiting, live }: AdmissionFacts): Admission | undefined {
  const same = (deployment: Deployment): boolean =>
    wanted.digest !== undefined &&
    digestOf(deployment) === wanted.digest &&
    deployment.configHash === wanted.configHash;
  if (waiting && same(waiting))
    return duplicate(waiting.id, `${waiting.id} already waits with the same release`);
  // With a waiter in between, the active one will be replaced: the release is wanted again, after it.
  if (!waiting && active && same(active))
    return duplicate(active.id, `${active.id} is already deploying the same release`);
  const isLive = live?.digest === wanted.digest && live?.configHash === wanted.configHash;
  if (!active && !waiting && live && isLive)
    return duplicate(live.deploymentId, `${live.deploymentId} already made this release live`);
  return undefined;
}

interface Rival extends Unordered {
  /** `d1f3k7q2x9ab (live)` */
  what: string;
}

/** Other releases at the place that are or shall be live. */
function rivalsOf({ wanted, active, waiting, live }: AdmissionFacts): Rival[] {
  const deployment = (one: Deployment | undefined, state: string) => {
    const digest = one && digestOf(one);
    return digest === undefined ? [] : [{ digest, tag: one?.request.tag, what: `${one?.id} (${state})` }];
  };
  const served = live ? [{ digest: live.digest, tag: live.tag, what: `${live.deploymentId} (live)` }] : [];
  const all = [...deployment(waiting, 'waiting'), ...deployment(active, 'deploying'), ...served];
  return wanted.digest === undefined ? [] : all.filter(({ digest }) => digest !== wanted.digest);
}

const personOf = ({ requestedBy, slackUser, groups = [] }: AdmissionFacts['wanted']): Person => ({
  id: requestedBy,
  groups,
  ...(slackUser === undefined ? {} : { slackUser }),
});

const refused = (reason: string): Admission => ({ decision: 'refused', reason });

const duplicate = (deploymentId: DeploymentId, reason: string): Admission => ({
  decision: 'duplicate',
  reason,
  deploymentId,
});

const quarantineInWords = ({ id, deploymentId, reason, owner }: Quarantine): string =>
  `in quarantine since ${deploymentId} of ${owner}: ${reason}; to let it go, say why: slipway quarantine release ${id} --reason …`;
