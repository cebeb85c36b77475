import type { Verdict } from './verdict.ts';

export const outcomes = [
  'live',
  'live-with-recommendations',
  'failed',
  'rolled-back',
  'rollback-failed',
  'refused',
  'superseded',
  'cancelled',
] as const;

/** How a deployment ended: a closed list. */
export type Outcome = (typeof outcomes)[number];

/** What ended the forward way. `interrupted`: its execution died, or a person took it away from it. */
export type Ending = 'completed' | 'rejected' | 'fault' | 'cancelled' | 'interrupted';

/** What the rollback step saw when it asked Cloud Run and the service. `not-run`: it never had the chance. */
export type RollbackResult = 'verified' | 'failed' | 'not-run';

/**
 * | ended by | traffic moved | first deployment | rollback | outcome |
 * |---|---|---|---|---|
 * | completed, verdict passes | – | – | – | `live`, or `live-with-recommendations` |
 * | cancelled | no | – | – | `cancelled` |
 * | anything else | no | – | – | `failed`: no user met the candidate, whatever remains of it |
 * | anything else | yes | no | verified | `rolled-back` |
 * | anything else | yes | yes | verified | `failed`: there was nothing to go back to, the service is closed again |
 * | anything else | yes | – | failed, not run | `rollback-failed`: a person must act |
 *
 * A completed way whose verdict does not pass counts as rejected: a report can never be better than its checks.
 */
export function outcomeOf(facts: {
  ending: Ending;
  verdict: Verdict['status'];
  trafficMoved: boolean;
  first: boolean;
  rollback: RollbackResult;
}): Outcome {
  if (facts.ending === 'completed') {
    if (facts.verdict === 'pass') return 'live';
    if (facts.verdict === 'pass-with-recommendations') return 'live-with-recommendations';
  }
  if (!facts.trafficMoved) return facts.ending === 'cancelled' ? 'cancelled' : 'failed';
  if (facts.rollback !== 'verified') return 'rollback-failed';
  return facts.first ? 'failed' : 'rolled-back';
}

/** Outcomes after which a person has to do something now. */
export const needsPerson = (outcome: Outcome): boolean => outcome === 'rollback-failed';
