import type { Outcome } from '#shared/domain/outcome.ts';

/** One release of the demonstration and what must become of it. */
export interface DemoCase {
  name: string;
  /** Both are examples/hello; `newcomer` never had a deployment. */
  service: 'hello' | 'newcomer';
  release: { version: string; fault: string };
  outcome: Outcome;
  /** May a user's request reach this release at all? */
  mayReachUsers: boolean;
}

export const demoCases: DemoCase[] = [
  {
    name: 'first deployment, good',
    service: 'hello',
    release: { version: '1.0.0', fault: 'none' },
    outcome: 'live',
    mayReachUsers: true,
  },
  {
    name: 'good release',
    service: 'hello',
    release: { version: '2.0.0', fault: 'none' },
    outcome: 'live',
    mayReachUsers: true,
  },
  {
    name: 'process exits at start',
    service: 'hello',
    release: { version: '3.0.0', fault: 'exit-at-start' },
    outcome: 'failed',
    mayReachUsers: false,
  },
  {
    name: 'never healthy',
    service: 'hello',
    release: { version: '4.0.0', fault: 'never-healthy' },
    outcome: 'failed',
    mayReachUsers: false,
  },
  {
    name: 'fails a required check',
    service: 'hello',
    release: { version: '5.0.0', fault: 'wrong-answer' },
    outcome: 'failed',
    mayReachUsers: false,
  },
  {
    name: 'breaks under traffic',
    service: 'hello',
    release: { version: '6.0.0', fault: 'breaks-under-traffic' },
    outcome: 'rolled-back',
    mayReachUsers: true,
  },
  {
    name: 'first deployment, bad',
    service: 'newcomer',
    release: { version: '1.0.0', fault: 'wrong-answer' },
    outcome: 'failed',
    mayReachUsers: false,
  },
];

/** What was measured of one case. Times in milliseconds; null where the case has no such moment. */
export interface DemoResult {
  name: string;
  outcome: Outcome;
  expected: Outcome;
  pushToOutcomeMs: number;
  /** From the moment the fault could be seen (the candidate's start, or the first failed user request) to the refusal. */
  detectionMs: number | null;
  /** From the same moment to the verified rollback. */
  faultToRollbackMs: number | null;
  requests: number;
  failedRequests: number;
  badRevisionRequests: number;
  /** What is not as it must be; empty when all is well. */
  problems: string[];
}

/** Holds a case against what must hold for it. */
export function problemsOf(wanted: DemoCase, seen: Omit<DemoResult, 'problems'>): string[] {
  const problems: string[] = [];
  if (seen.outcome !== wanted.outcome) problems.push(`outcome ${seen.outcome}, expected ${wanted.outcome}`);
  if (!wanted.mayReachUsers && seen.badRevisionRequests > 0) {
    problems.push(`${seen.badRevisionRequests} requests of users reached a release that was never proven`);
  }
  const harmless = wanted.outcome !== 'rolled-back';
  if (harmless && seen.failedRequests > 0) problems.push(`${seen.failedRequests} requests of users failed`);
  return problems;
}
