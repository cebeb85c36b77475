import type { Deployment } from '#shared/domain/deployment.ts';
import { migrationCheck } from '#shared/domain/migration.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { verdict } from '#shared/domain/verdict.ts';
import {
  at,
  candidate,
  checkOf,
  deploymentOf,
  evidenceOf,
  stableRevision,
  stepOf,
  waitingOf,
} from './deployment.ts';

/** A finished deployment with everything its outcome leaves in the record; `overrides` are laid over it. */
export function finishedAs(outcome: Outcome, overrides: Partial<Deployment> = {}): Deployment {
  const neverStarted = outcome === 'superseded' || outcome === 'refused';
  const base = neverStarted ? waitingOf : deploymentOf;
  const deployment = base({ ...facts[outcome], status: 'finished', ...overrides });
  const { failure, checks } = deployment;
  const explanation = failure
    ? `${failure.step} (${failure.phase}): ${failure.message}`
    : neverStarted
      ? 'replaced by d1f3k7q2zzzz before it started'
      : verdict(checks).explanation;
  return {
    ...deployment,
    result: {
      outcome,
      verdict: verdict(checks),
      explanation,
      serving: serving[outcome],
      finishedAt: at(41),
      ...overrides.result,
    },
  };
}

const all = (revision: string) => [{ revision, percent: 100 }];

const serving: Record<Outcome, { revision: string; percent: number }[] | null> = {
  live: all(candidate.revision),
  'live-with-recommendations': all(candidate.revision),
  failed: all(stableRevision),
  'rolled-back': all(stableRevision),
  'rollback-failed': [
    { revision: stableRevision, percent: 75 },
    { revision: candidate.revision, percent: 25 },
  ],
  cancelled: all(stableRevision),
  superseded: null,
  refused: null,
};

const { steps, checks } = deploymentOf();
const shift = (percent: number, seq: number) => stepOf('shift-traffic', seq, { phase: `traffic-${percent}` });
const live: Partial<Deployment> = {
  trafficMoved: true,
  completed: true,
  steps: [...steps, shift(25, 6), shift(100, 9)],
};
const rollback: NonNullable<Deployment['rollback']> = {
  result: 'verified',
  observed: `Cloud Run: ${stableRevision} 100 %; service: GET / answered 200`,
  at: at(30),
  remains: [`revision ${candidate.revision}, without traffic from us and without a tag`],
  notes: [],
};
const unhealthy = 'unhealthy under traffic: 200 ×2, 503 ×3';
const rolledBack: Partial<Deployment> = {
  trafficMoved: true,
  steps: [
    ...steps,
    shift(25, 6),
    stepOf('health-probe', 7, { phase: 'traffic-25', status: 'rejected', summary: unhealthy }),
    stepOf('rollback', 8, { phase: 'after' }),
  ],
  checks: [
    ...checks,
    checkOf({
      id: 'healthy',
      title: 'Healthy at 25 % of the traffic',
      suite: 'Health',
      step: 'health-probe',
      phase: 'traffic-25',
      outcome: 'fail',
      evidence: evidenceOf({
        observed: '200 ×2, 503 ×3',
        expected: '200, never 3 failures in a row',
        at: at(20),
      }),
    }),
  ],
  failure: {
    ending: 'rejected',
    step: 'health-probe',
    phase: 'traffic-25',
    code: 'rejected',
    message: unhealthy,
    at: at(20),
  },
  rollback,
};

const facts: Record<Outcome, Partial<Deployment>> = {
  live,
  'live-with-recommendations': {
    ...live,
    checks: [
      checkOf(),
      checkOf({
        id: 'answers-quickly',
        title: 'GET / answers within 250 ms',
        severity: 'advisory',
        outcome: 'fail',
        evidence: evidenceOf({ observed: 'took 412 ms', expected: 'within 250 ms' }),
        recommendation: {
          change: 'Raise the CPU to 2',
          measured: '412 ms',
          limit: '250 ms',
          rule: 'answers-quickly',
        },
      }),
    ],
  },
  failed: {
    steps: [
      ...steps.slice(0, 4),
      stepOf('validate', 5, { status: 'rejected', summary: 'Answers: status 500' }),
    ],
    checks: [checkOf({ outcome: 'fail', evidence: evidenceOf({ observed: 'status 500' }) })],
    failure: {
      ending: 'rejected',
      step: 'validate',
      phase: 'candidate',
      code: 'rejected',
      message: 'Answers: status 500',
      at: at(13),
    },
    rollback,
  },
  'rolled-back': rolledBack,
  'rollback-failed': {
    ...rolledBack,
    steps: [
      ...(rolledBack.steps ?? []).slice(0, -1),
      stepOf('rollback', 8, { phase: 'after', status: 'rejected' }),
    ],
    rollback: {
      ...rollback,
      result: 'failed',
      observed: `traffic is not ${stableRevision} 100 % yet`,
      remains: [],
    },
  },
  cancelled: {
    failure: {
      ending: 'cancelled',
      step: 'validate',
      phase: 'candidate',
      code: 'cancelled',
      message: 'cancel by ana@example.com: wrong tag',
      at: at(13),
    },
    signal: { kind: 'cancel', by: 'ana@example.com', reason: 'wrong tag', at: at(13) },
    rollback,
  },
  superseded: {},
  refused: {},
};

/** Left under traffic on purpose, after its migration was run. */
export function withheld(): Deployment {
  const { rollback: failed, checks: asked, ...rest } = finishedAs('rollback-failed');
  const execution = 'projects/slipway-local/locations/us-central1/jobs/migrate/executions/migrate-abcde';
  const observed =
    'not rolled back: this release is marked as not safe to roll back (policy.rollBack is never)';
  return {
    ...rest,
    migration: { job: 'migrate', execution, status: 'succeeded', startedAt: at(12) },
    checks: [
      ...asked,
      checkOf({
        ...migrationCheck('migrate'),
        outcome: 'fail',
        evidence: evidenceOf({ logUri: 'https://example.com/logs?a=1&b=%22%3E' }),
      }),
    ],
    ...(failed && { rollback: { ...failed, observed, withheld: 'policy.rollBack is never' } }),
  };
}
