import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse, percentile, type AnalysisInput, type Side } from '#shared/checks/analysis.ts';
import { Check } from '#shared/domain/check.ts';
import { Analysis } from '#shared/domain/service/traffic.ts';
import { at, start } from '#test/support/deployment.ts';

const window = { fromMs: start, toMs: start + 300_000 };

/** A side with that many requests, all of them answered within 100 to 200 ms unless told otherwise. */
const side = (
  requests: number,
  serverErrors = 0,
  { latencyMs = [100, 200], own = { requests: 0, serverErrors: 0 } } = {},
): Side => ({
  stats: {
    requests,
    serverErrors,
    latencies: requests === 0 ? [] : [{ fromMs: latencyMs[0]!, toMs: latencyMs[1]!, count: requests }],
    covered: requests === 0 ? undefined : window,
  },
  own,
});

const inputOf = (
  limits: Record<string, unknown>,
  candidate: AnalysisInput['candidate'],
  stable?: AnalysisInput['stable'],
): AnalysisInput => ({
  limits: Analysis.parse(limits),
  window,
  candidate,
  stable,
  about: { step: 'health-probe', phase: 'traffic-50', at: at(300) },
});

/** Outcome and what was seen, by rule. */
const seen = (input: AnalysisInput): Record<string, string> =>
  Object.fromEntries(
    analyse(input).checks.map((check) => [
      check.id,
      `${check.outcome}: ${check.outcome === 'not-run' ? check.reason : check.evidence.observed}`,
    ]),
  );

const ratios = { errorRatio: { maximum: '1%', aboveStable: '1%' } };
const latencies = { latencyP95: { maximum: '300ms', timesStable: 1.5 } };

describe('the analysis', () => {
  it.each([
    ['no error', side(1000), side(1000), 'pass', { 'error-ratio': 'pass: 0 of 1000 requests (0 %)' }],
    [
      'a limit that is reached',
      side(1000, 10),
      side(1000),
      'pass',
      { 'error-ratio': 'pass: 10 of 1000 requests (1 %)' },
    ],
    [
      'a limit that is passed',
      side(1000, 11),
      side(1000),
      'fail',
      { 'error-ratio': 'fail: 11 of 1000 requests (1.1 %)' },
    ],
    [
      'errors that the stable revision has too, within the absolute limit only',
      side(1000, 30),
      side(1000, 25),
      'fail',
      {
        'error-ratio': 'fail: 30 of 1000 requests (3 %)',
        'error-ratio-above-stable': 'pass: 30 of 1000 requests (3 %); stable: 25 of 1000 requests (2.5 %)',
      },
    ],
    [
      'too few requests',
      side(12),
      side(1000),
      'inconclusive',
      { 'error-ratio': 'inconclusive: 12 requests, 50 needed' },
    ],
    [
      'too few requests, all of them failed',
      side(1, 1),
      side(1000),
      'inconclusive',
      { 'error-ratio': 'inconclusive: 1 request, 50 needed' },
    ],
    [
      'no data',
      side(0),
      side(1000),
      'inconclusive',
      { 'enough-requests': 'inconclusive: 0 requests, 50 needed' },
    ],
    [
      'figures that cannot be read',
      'GET x answered 403',
      side(1000),
      'inconclusive',
      { 'error-ratio': 'inconclusive: GET x answered 403' },
    ],
    [
      'a stable revision with too few requests',
      side(1000),
      side(49),
      'inconclusive',
      {
        'error-ratio': 'pass: 0 of 1000 requests (0 %)',
        'error-ratio-above-stable': 'inconclusive: stable: 49 requests, 50 needed',
      },
    ],
    [
      'a broken limit although the stable revision has too few requests',
      side(1000, 500),
      side(49),
      'fail',
      {},
    ],
    [
      'own probes, which are not users',
      side(560, 5, { own: { requests: 520, serverErrors: 5 } }),
      side(1000),
      'inconclusive',
      { 'error-ratio': 'inconclusive: 40 requests, 50 needed' },
    ],
    [
      'own probes that would hide errors',
      side(1000, 5, { own: { requests: 900, serverErrors: 0 } }),
      side(1000),
      'fail',
      { 'error-ratio': 'fail: 5 of 100 requests (5 %)' },
    ],
  ] as const)('of %s', (_, candidate, stable, outcome, expected) => {
    const input = inputOf(ratios, candidate, stable);
    expect(analyse(input).outcome).toBe(outcome);
    expect(seen(input)).toMatchObject(expected);
  });

  it.each([
    ['one error', 1, 'pass'],
    ['two errors', 2, 'fail'],
  ] as const)(
    'of a stable revision without errors lets %s of the candidate count by itself',
    (_, errors, outcome) => {
      const limits = { errorRatio: { maximum: '5%', aboveStable: '0.1%' } };
      expect(analyse(inputOf(limits, side(200, errors), side(200))).outcome).toBe(outcome);
      // With errors on both sides the difference alone counts.
      expect(analyse(inputOf(limits, side(200, 2), side(200, 1))).outcome).toBe('fail');
    },
  );

  it.each([
    ['quick enough', [100, 200], [100, 200], 'pass'],
    ['too slow', [400, 500], [400, 500], 'fail'],
    ['much slower than the stable revision', [200, 250], [50, 100], 'fail'],
  ] as const)('of latencies that are %s', (_, candidate, stable, outcome) => {
    const input = inputOf(
      latencies,
      side(1000, 0, { latencyMs: [...candidate] }),
      side(1000, 0, { latencyMs: [...stable] }),
    );
    expect(analyse(input).outcome).toBe(outcome);
  });

  it('compares with nothing when nothing else has traffic, and says so', () => {
    const input = inputOf({ ...ratios, ...latencies }, side(1000));
    expect(Object.keys(seen(input))).toEqual(['enough-requests', 'error-ratio', 'latency-p95']);
    expect(seen(input)['enough-requests']).toBe(
      'pass: 1000 requests; nothing else has traffic to compare with',
    );
  });

  it('is inconclusive when requests were counted and no latency was measured', () => {
    const candidate = side(1000);
    candidate.stats.latencies = [];
    expect(seen(inputOf(latencies, candidate, side(1000)))['latency-p95']).toBe(
      'inconclusive: no latency was measured',
    );
  });

  it('gives every rule a check with evidence', () => {
    const { checks } = analyse(inputOf({ ...ratios, ...latencies }, side(1000), side(1000)));
    expect(checks).toHaveLength(5);
    for (const check of checks) expect(Check.parse(check)).toEqual(check);
  });

  const rank = { pass: 0, inconclusive: 1, fail: 2 };
  const counts = fc.nat(2000).chain((requests) => fc.tuple(fc.constant(requests), fc.nat(requests)));

  it('never gets better by more errors of the candidate', () => {
    fc.assert(
      fc.property(counts, counts, fc.nat(100), ([requests, errors], [others, theirs], more) => {
        const outcome = (failed: number) =>
          rank[analyse(inputOf(ratios, side(requests, failed), side(others, theirs))).outcome];
        expect(outcome(Math.min(requests, errors + more))).toBeGreaterThanOrEqual(outcome(errors));
      }),
    );
  });

  it('depends on ratios only, once there are enough requests', () => {
    const enough = counts.filter(([requests, errors]) => requests >= 50 && errors !== 1);
    fc.assert(
      fc.property(
        enough,
        enough,
        fc.integer({ min: 2, max: 50 }),
        ([requests, errors], [others, theirs], by) => {
          const { outcome } = analyse(inputOf(ratios, side(requests, errors), side(others, theirs)));
          const scaled = inputOf(ratios, side(requests * by, errors * by), side(others * by, theirs * by));
          expect(analyse(scaled).outcome).toBe(outcome);
        },
      ),
    );
  });
});

describe('a percentile', () => {
  const buckets = [
    { fromMs: 0, toMs: 10, count: 100 },
    { fromMs: 10, toMs: 20, count: 80 },
    { fromMs: 20, toMs: Infinity, count: 20 },
  ];

  it.each([
    [0.25, 0, 5],
    [0.5, 0, 10],
    [0.7, 0, 15],
    [0.95, 0, 20],
    [0, 100, 10],
    [0.4, 100, 15],
  ])('%d of a distribution without the fastest %d is %d ms', (part, without, expected) => {
    expect(percentile(buckets, part, without)).toBeCloseTo(expected, 6);
  });

  it.each([
    [[], 0],
    [buckets, 200],
  ] as const)('of nothing is null', (list, without) => {
    expect(percentile(list, 0.95, without)).toBeNull();
  });
});
