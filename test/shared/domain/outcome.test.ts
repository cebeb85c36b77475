import { describe, expect, test } from 'vitest';
import {
  needsPerson,
  outcomeOf,
  outcomes,
  type Ending,
  type Outcome,
  type RollbackResult,
} from '#shared/domain/outcome.ts';
import type { Verdict } from '#shared/domain/verdict.ts';

const endings: Ending[] = ['completed', 'rejected', 'fault', 'cancelled', 'interrupted'];
const verdicts: Verdict['status'][] = ['pass', 'pass-with-recommendations', 'fail', 'inconclusive'];
const rollbacks: RollbackResult[] = ['verified', 'failed', 'not-run'];

const passing = ['pass', 'pass-with-recommendations'];
const notCompleted = endings.filter((ending) => ending !== 'completed');

/** Rows of the table; what a row leaves out, it holds for all values of. */
const table: {
  ending: Ending[];
  verdict?: string[];
  moved?: boolean;
  first?: boolean;
  rollback?: RollbackResult[];
  outcome: Outcome;
}[] = [
  { ending: ['completed'], verdict: ['pass'], outcome: 'live' },
  { ending: ['completed'], verdict: ['pass-with-recommendations'], outcome: 'live-with-recommendations' },
  { ending: ['cancelled'], moved: false, outcome: 'cancelled' },
  { ending: ['rejected', 'fault', 'interrupted'], moved: false, outcome: 'failed' },
  { ending: notCompleted, moved: true, first: false, rollback: ['verified'], outcome: 'rolled-back' },
  { ending: notCompleted, moved: true, first: true, rollback: ['verified'], outcome: 'failed' },
  { ending: notCompleted, moved: true, rollback: ['failed', 'not-run'], outcome: 'rollback-failed' },
  { ending: ['completed'], verdict: ['fail', 'inconclusive'], moved: false, outcome: 'failed' },
  {
    ending: ['completed'],
    verdict: ['fail', 'inconclusive'],
    moved: true,
    first: false,
    rollback: ['verified'],
    outcome: 'rolled-back',
  },
  {
    ending: ['completed'],
    verdict: ['fail', 'inconclusive'],
    moved: true,
    first: true,
    rollback: ['verified'],
    outcome: 'failed',
  },
  {
    ending: ['completed'],
    verdict: ['fail', 'inconclusive'],
    moved: true,
    rollback: ['failed', 'not-run'],
    outcome: 'rollback-failed',
  },
];

const everyCase = endings.flatMap((ending) =>
  verdicts.flatMap((verdict) =>
    [false, true].flatMap((trafficMoved) =>
      [false, true].flatMap((first) =>
        rollbacks.map((rollback) => ({ ending, verdict, trafficMoved, first, rollback })),
      ),
    ),
  ),
);
const rowsFor = (facts: (typeof everyCase)[number]) =>
  table.filter(
    (row) =>
      row.ending.includes(facts.ending) &&
      (row.verdict?.includes(facts.verdict) ?? true) &&
      (row.moved ?? facts.trafficMoved) === facts.trafficMoved &&
      (row.first ?? facts.first) === facts.first &&
      (row.rollback?.includes(facts.rollback) ?? true),
  );

describe('the outcome', () => {
  test('has exactly one row of the table for each of the 240 cases, and follows it', () => {
    expect(everyCase).toHaveLength(240);
    const wrong = everyCase.filter((facts) => {
      const [row, ...more] = rowsFor(facts);
      return more.length > 0 || outcomeOf(facts) !== row?.outcome;
    });
    expect(wrong).toEqual([]);
  });

  test('is live only when the way was completed and its verdict passes', () => {
    const live = everyCase.filter((facts) => outcomeOf(facts).startsWith('live'));
    expect(live).toEqual(
      everyCase.filter(({ ending, verdict }) => ending === 'completed' && passing.includes(verdict)),
    );
  });

  test('says "rolled-back" only when the rollback was verified', () => {
    const claimed = everyCase.filter((facts) => outcomeOf(facts) === 'rolled-back');
    expect(new Set(claimed.map(({ rollback }) => rollback))).toEqual(new Set(['verified']));
  });

  test('calls a person for a failed rollback alone', () => {
    expect(outcomes.filter(needsPerson)).toEqual(['rollback-failed']);
  });

  test('is one of those that a run can end in: refused and superseded never ran', () => {
    const reached = new Set(everyCase.map(outcomeOf));
    expect(outcomes.filter((outcome) => !reached.has(outcome))).toEqual(['refused', 'superseded']);
  });
});
