import { describe, expect, it } from 'vitest';
import type { Failure } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { quarantineReason } from '#shared/domain/quarantine.ts';
import { at, checkWith, deploymentWith } from '#test/shared/domain/records.ts';

const failure = (ending: Failure['ending'], step: Failure['step'] = 'validate'): Failure => ({
  ending,
  step,
  phase: 'candidate',
  code: ending,
  message: 'status 500',
  at,
});
const bad = checkWith('fail', 'required', { step: 'validate' });
const good = checkWith('pass', 'required', { step: 'validate' });

describe('a release goes into quarantine', () => {
  it.each<[Outcome, Failure['step']]>([
    ['failed', 'deploy'],
    ['failed', 'health-probe'],
    ['failed', 'validate'],
    ['rolled-back', 'validate'],
    ['rollback-failed', 'validate'],
  ])('when it %s because a check of %s failed, with what was seen', (outcome, step) => {
    const checks = [good, checkWith('fail', 'required', { step })];
    const deployment = deploymentWith({ failure: failure('rejected', step), checks });
    expect(quarantineReason(deployment, outcome)).toBe(`${step} (candidate): status 500`);
  });

  it('when it was completed, but its checks do not pass', () => {
    expect(quarantineReason(deploymentWith({ completed: true, checks: [bad] }), 'rollback-failed')).toMatch(
      /1 required check failed/,
    );
  });
});

describe('a release stays out of quarantine', () => {
  it.each<[string, Failure | undefined, Outcome, (typeof bad)[]]>([
    ['after a fault', failure('fault'), 'failed', [bad]],
    ['when a person cancelled it', failure('cancelled'), 'rolled-back', [bad]],
    ['when its execution died', undefined, 'rolled-back', [bad]],
    ['when it is live', failure('rejected'), 'live', [bad]],
    ['when the traffic was somebody else’s', failure('rejected', 'shift-traffic'), 'rolled-back', [good]],
    [
      'when a secret is missing',
      failure('rejected', 'preflight'),
      'failed',
      [checkWith('fail', 'required', { step: 'preflight' })],
    ],
    [
      'when only advice was not taken',
      failure('rejected'),
      'failed',
      [checkWith('fail', 'advisory', { step: 'validate' })],
    ],
    [
      'when nothing was found out',
      failure('rejected'),
      'failed',
      [checkWith('inconclusive', 'required', { step: 'validate' })],
    ],
  ])('%s', (_name, why, outcome, checks) => {
    const deployment = deploymentWith({ checks, ...(why ? { failure: why } : {}) });
    expect(quarantineReason(deployment, outcome)).toBeUndefined();
  });
});
