import type { Deployment } from './deployment.ts';

/** A request for one service in one environment, against what is there. */
export interface AdmissionFacts {
  wanted: { digest: string | undefined; tag: string | undefined; configHash: string };
  active: Deployment | undefined;
  waiting: Deployment | undefined;
  live: { deploymentId: string; digest: string; configHash: string } | undefined;
}

export type Admission =
  | { decision: 'duplicate'; reason: string; deploymentId: string }
  /** It may start now. */
  | { decision: 'admitted'; reason: string }
  /** It takes the one waiting place; who stood there is superseded. */
  | { decision: 'waiting'; reason: string; supersedes: string | undefined };

/**
 * Rule, in order: the same release and configuration already on its way, waiting or live → duplicate; another deployment
 * active → wait, superseding an older waiter; else start. A request without a digest is a build and never a duplicate of
 * what is live.
 */
export function decideAdmission(facts: AdmissionFacts): Admission {
  const { wanted, active, waiting, live } = facts;
  const same = (deployment: Deployment): boolean =>
    wanted.digest !== undefined &&
    (deployment.release?.digest ?? deployment.request.digest) === wanted.digest &&
    deployment.configHash === wanted.configHash;
  if (waiting && same(waiting))
    return duplicate(waiting.id, `${waiting.id} already waits with the same release`);
  // With a waiter in between, the active one will be replaced: the release is wanted again, after it.
  if (!waiting && active && same(active))
    return duplicate(active.id, `${active.id} is already deploying the same release`);
  if (
    !active &&
    !waiting &&
    wanted.digest !== undefined &&
    live?.digest === wanted.digest &&
    live.configHash === wanted.configHash
  ) {
    return duplicate(live.deploymentId, `${live.deploymentId} already made this release live`);
  }
  if (active) {
    return {
      decision: 'waiting',
      reason: `${active.id} is deploying; this one starts after it`,
      supersedes: waiting?.id,
    };
  }
  return { decision: 'admitted', reason: 'nothing else is deploying' };
}

const duplicate = (deploymentId: string, reason: string): Admission => ({
  decision: 'duplicate',
  reason,
  deploymentId,
});
