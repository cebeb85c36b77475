import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageOf } from '#shared/errors.ts';
import type { TrafficTarget } from '#local/run/messages.ts';
import type { RevisionStatus } from '#local/run/revision-status.ts';
import { checkTraffic, drawRevision, resolveTraffic } from '#local/run/traffic.ts';

const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const byName = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
const to = (revision: string, percent: number, tag?: string): TrafficTarget => ({
  type: byName,
  revision,
  percent,
  tag,
});

/** What is said against traffic of a service called hello; '' when it is accepted. */
function refusalOf(targets: TrafficTarget[]): string {
  try {
    checkTraffic(targets, 'hello');
    return '';
  } catch (error) {
    return messageOf(error);
  }
}

describe('declared traffic', () => {
  const all: TrafficTarget = { type: latest, percent: 100 };
  const cases: { name: string; targets: TrafficTarget[]; refused?: string }[] = [
    { name: 'all to latest', targets: [all] },
    { name: 'one revision twice, for a share and for a tag', targets: [to('a', 100), to('a', 0, 'cand')] },
    { name: 'more than 100', targets: [to('a', 60), to('b', 60)], refused: 'sum to 100, got 120' },
    { name: 'a share below zero', targets: [to('a', -1), to('b', 101)], refused: 'traffic[0].percent -1' },
    { name: 'no type', targets: [{ revision: 'a', percent: 100 }], refused: 'traffic[0].type' },
    { name: 'no revision', targets: [{ type: byName, percent: 100 }], refused: 'revision is required' },
    { name: 'latest by name', targets: [{ ...all, revision: 'a' }], refused: '"a" must be empty' },
    {
      name: 'a tag twice',
      targets: [to('a', 100, 'cand'), to('b', 0, 'cand')],
      refused: '"cand" is given twice',
    },
    { name: 'a tag with capitals', targets: [to('a', 100, 'Cand')], refused: '"Cand"' },
    { name: 'a tag that just fits', targets: [to('a', 100, 'x'.repeat(41))] },
    {
      name: 'a tag too long for the name',
      targets: [to('a', 100, 'x'.repeat(42))],
      refused: '46 characters together',
    },
  ];
  test.each(cases)('$name', ({ targets, refused }) => {
    const refusal = refusalOf(targets);
    expect(refusal === '').toBe(refused === undefined);
    expect(refusal).toContain(refused ?? '');
  });
});

describe('traffic is applied when every revision it names is ready', () => {
  const failed: RevisionStatus = { kind: 'failed', failure: { condition: 'Ready', message: 'broken' } };
  const revisions = new Map<string, RevisionStatus>([
    ['a', { kind: 'ready' }],
    ['b', { kind: 'ready' }],
    ['c', { kind: 'pending' }],
    ['d', failed],
  ]);
  const cases: { name: string; targets: TrafficTarget[]; latestReady?: string; gives: object }[] = [
    {
      name: 'all ready',
      targets: [to('a', 40), to('b', 60)],
      gives: {
        kind: 'resolved',
        assignments: [
          { revision: 'a', percent: 40 },
          { revision: 'b', percent: 60 },
        ],
      },
    },
    {
      name: 'latest is the latest ready one',
      targets: [{ type: latest, percent: 100 }],
      latestReady: 'b',
      gives: { kind: 'resolved', assignments: [{ revision: 'b', percent: 100 }] },
    },
    {
      name: 'latest waits while none is ready',
      targets: [{ type: latest, percent: 100 }],
      gives: { kind: 'waiting' },
    },
    {
      name: 'one still starts, though only tagged',
      targets: [to('a', 100), to('c', 0, 'cand')],
      gives: { kind: 'waiting' },
    },
    {
      name: 'one failed, which outranks waiting',
      targets: [to('c', 100), to('d', 0, 'cand')],
      gives: { kind: 'failed' },
    },
    { name: 'one does not exist', targets: [to('z', 100)], gives: { kind: 'failed' } },
  ];
  test.each(cases)('$name', ({ targets, latestReady, gives }) => {
    expect(resolveTraffic(targets, revisions, { latestReady, latestCreated: 'c' })).toMatchObject(gives);
  });
});

test('a draw hits every revision in proportion, never one without a share, and always one', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 3 }), (cuts) => {
      const edges = [0, ...[...cuts].sort((a, b) => a - b), 100];
      const assignments = edges.slice(1).map((edge, index) => ({
        revision: `r${index}`,
        percent: edge - edges[index]!,
      }));
      const drawn = Array.from({ length: 100 }, (_, step) =>
        drawRevision(assignments, undefined, () => (step + 0.5) / 100),
      );
      for (const { revision, percent } of assignments) {
        expect(drawn.filter((one) => one === revision)).toHaveLength(percent);
      }
    }),
  );
});
