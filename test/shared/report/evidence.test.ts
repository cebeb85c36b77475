import { expect, expectTypeOf, it } from 'vitest';
import type { Check, Evidence } from '#shared/domain/check.ts';
import type { Claim, Report } from '#shared/report/document.ts';
import { suiteMarkup } from '#shared/report/html-checks.ts';
import { checkOf, evidenceOf } from '#test/support/deployment.ts';

const about = {
  id: 'a',
  title: 'A',
  suite: 'S',
  severity: 'required',
  step: 'validate',
  phase: 'candidate',
} as const;

it('no statement about a check is of a type without evidence, but that it was not run', () => {
  expectTypeOf<Exclude<Check, { outcome: 'not-run' }>['evidence']>().toEqualTypeOf<Evidence>();
  expectTypeOf<Extract<Check, { outcome: 'not-run' }>['reason']>().toEqualTypeOf<string>();
  expectTypeOf<Extract<Claim, { status: 'verified' | 'contradicted' }>['evidence']>().toEqualTypeOf<
    Evidence[]
  >();
  expectTypeOf<Report['suites'][number]['rounds'][number]['checks'][number]>().toEqualTypeOf<Check>();
});

it('a rendering without evidence does not type-check', () => {
  const suite = (checks: Check[]) => ({
    title: 'S',
    step: 'validate',
    ordered: false,
    rounds: [{ phase: 'candidate', passed: 1, total: 1, checks }],
  });
  // @ts-expect-error a pass without evidence
  const bare: Check = { ...about, outcome: 'pass' };
  expect(() => suiteMarkup(suite([bare]))).toThrow(TypeError);
  const unseen = { source: 's', asked: 'a', expected: 'e', at: 't' };
  // @ts-expect-error nor without what was seen
  const blind: Check = { ...about, outcome: 'fail', evidence: unseen };
  // @ts-expect-error nor is a reason missing where nothing was run
  const silent: Check = { ...about, outcome: 'not-run' };
  expect([blind.outcome, silent.outcome]).toEqual(['fail', 'not-run']);
  expect(suiteMarkup(suite([checkOf({ evidence: evidenceOf() })])).markup).toContain('status 200');
});
