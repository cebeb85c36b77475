import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Check } from '#shared/domain/check.ts';
import { verdict } from '#shared/domain/verdict.ts';
import { checkWith } from '#test/shared/domain/records.ts';

const ok = checkWith('pass');
const outcome = fc.constantFrom('pass', 'fail', 'inconclusive', 'not-run');
const anyCheck = fc.tuple(outcome, fc.constantFrom('required', 'advisory')).map(([o, s]) => checkWith(o, s));

describe('the verdict', () => {
  test.each<{ checks: Check[]; status: string; explanation: string }>([
    { checks: [], status: 'inconclusive', explanation: 'no check was made' },
    { checks: [ok], status: 'pass', explanation: 'the one check passed' },
    { checks: [ok, checkWith('pass', 'advisory')], status: 'pass', explanation: 'all 2 checks passed' },
    {
      checks: [checkWith('fail'), { ...checkWith('fail'), isSum: true }],
      status: 'fail',
      explanation: '1 required check failed',
    },
    { checks: [ok, checkWith('fail')], status: 'fail', explanation: '1 required check failed' },
    {
      checks: [checkWith('fail'), checkWith('fail')],
      status: 'fail',
      explanation: '2 required checks failed',
    },
    {
      checks: [checkWith('inconclusive'), checkWith('fail')],
      status: 'fail',
      explanation: '1 required check failed',
    },
    {
      checks: [ok, checkWith('inconclusive')],
      status: 'inconclusive',
      explanation: '1 required check without an answer',
    },
    {
      checks: [ok, checkWith('not-run'), checkWith('fail', 'advisory')],
      status: 'inconclusive',
      explanation: '1 required check without an answer',
    },
    {
      checks: [ok, checkWith('fail', 'advisory')],
      status: 'pass-with-recommendations',
      explanation: '1 advisory check failed',
    },
    {
      checks: [ok, checkWith('not-run', 'advisory'), checkWith('inconclusive', 'advisory')],
      status: 'pass-with-recommendations',
      explanation: '2 advisory checks without an answer',
    },
    {
      checks: [ok, ...[1, 2, 3].map(() => checkWith('fail', 'advisory')), checkWith('not-run', 'advisory')],
      status: 'pass-with-recommendations',
      explanation: '3 advisory checks failed, 1 advisory check without an answer',
    },
  ])('of $checks.length checks is $status: $explanation', ({ checks, status, explanation }) => {
    expect(verdict(checks)).toEqual({ status, explanation });
  });

  test('passes only when something was asked and every required check passed', () => {
    fc.assert(
      fc.property(fc.array(anyCheck, { maxLength: 8 }), (checks) => {
        const proven =
          checks.length > 0 &&
          checks.every((check) => check.severity === 'advisory' || check.outcome === 'pass');
        expect(verdict(checks).status.startsWith('pass')).toBe(proven);
      }),
    );
  });

  test('does not depend on the order, and one more failing check never makes it better', () => {
    const rank = ['fail', 'inconclusive', 'pass-with-recommendations', 'pass'];
    fc.assert(
      fc.property(fc.array(anyCheck, { minLength: 1, maxLength: 8 }), anyCheck, (checks, more) => {
        expect(verdict(checks.toReversed())).toEqual(verdict(checks));
        fc.pre(more.outcome !== 'pass');
        expect(rank.indexOf(verdict([...checks, more]).status)).toBeLessThanOrEqual(
          rank.indexOf(verdict(checks).status),
        );
      }),
    );
  });
});
