import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  restored,
  sameTraffic,
  settled,
  shares,
  shifted,
  snapshotTraffic,
  trafficInWords,
  withCandidate,
  type LiveTarget,
  type TrafficTarget,
} from '#shared/domain/traffic.ts';

const candidate = 'hello-cand';
const tag = 'd00000000001';
const revisions = ['hello-a', 'hello-b', 'hello-c', 'hello-d'];
const foreignTags = ['blue', 'green', 'previous', 'qa'];

const sum = (targets: readonly { percent: number }[]): number =>
  targets.reduce((total, { percent }) => total + percent, 0);
const shareOf = (targets: readonly TrafficTarget[], revision: string): number =>
  sum(targets.filter((target) => target.revision === revision));
const tagsOf = (targets: readonly TrafficTarget[]): Record<string, string> =>
  Object.fromEntries(
    targets.flatMap((target) => (target.tag === undefined ? [] : [[target.tag, target.revision]])),
  );
const without = (tags: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).filter(([name]) => !names.includes(name)));

/** Whole numbers that sum to 100, one per cut and one more. */
const hundred = (parts: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: parts - 1, maxLength: parts - 1 })
    .map((cuts) =>
      [0, ...cuts.sort((a, b) => a - b), 100].slice(1).map((cut, i, all) => cut - (all[i - 1] ?? 0)),
    );

/** Traffic of a service as Cloud Run may show it: shares and tags, together or apart, sums to 100. */
const serviceTraffic = (names: string[] = revisions): fc.Arbitrary<TrafficTarget[]> =>
  fc
    .record({
      parts: fc.integer({ min: 1, max: names.length }).chain(hundred),
      tagged: fc.uniqueArray(fc.constantFrom(...foreignTags)),
      places: fc.array(fc.nat({ max: names.length - 1 }), { minLength: 4, maxLength: 4 }),
      together: fc.boolean(),
    })
    .chain(({ parts, tagged, places, together }) => {
      const serving = parts
        .map((percent, index): TrafficTarget => ({ revision: names[index]!, percent }))
        .filter(({ percent }) => percent > 0);
      const tags = tagged.map((name, index): TrafficTarget => ({
        revision: names[places[index]!]!,
        percent: 0,
        tag: name,
      }));
      const first = serving[0]!;
      const free = tags.find((target) => target.revision === first.revision);
      const targets =
        together && free
          ? [{ ...first, tag: free.tag! }, ...serving.slice(1), ...tags.filter((target) => target !== free)]
          : [...serving, ...tags];
      return fc.shuffledSubarray(targets, { minLength: targets.length });
    });
/** The same with our candidate in it, at some share, under its tag, share and tag together or apart. */
const underway = serviceTraffic([candidate, ...revisions]).chain((targets) =>
  fc.boolean().map((together): TrafficTarget[] => {
    const plain = targets.find((target) => target.revision === candidate && target.tag === undefined);
    return together && plain
      ? targets.map((target) => (target === plain ? { ...plain, tag } : target))
      : [...targets, { revision: candidate, percent: 0, tag }];
  }),
);
const percentage = fc.integer({ min: 0, max: 100 });

describe('the snapshot of the stable traffic', () => {
  test.each<{
    name: string;
    live: LiveTarget[];
    ready?: string;
    targets?: TrafficTarget[];
    refused?: RegExp;
  }>([
    {
      name: 'keeps revisions by name',
      live: [{ type: 'revision', revision: 'hello-a', percent: 100 }],
      targets: [{ revision: 'hello-a', percent: 100 }],
    },
    {
      name: 'resolves LATEST to the revision that is ready now',
      live: [{ type: 'latest', percent: 100 }],
      ready: 'hello-b',
      targets: [{ revision: 'hello-b', percent: 100 }],
    },
    {
      name: 'adds a share of LATEST to the share its revision has by name',
      live: [
        { type: 'revision', revision: 'hello-a', percent: 60 },
        { type: 'latest', percent: 40 },
      ],
      ready: 'hello-a',
      targets: [{ revision: 'hello-a', percent: 100 }],
    },
    {
      name: 'parts a share from a tag',
      live: [{ type: 'revision', revision: 'hello-a', percent: 100, tag: 'blue' }],
      targets: [
        { revision: 'hello-a', percent: 100 },
        { revision: 'hello-a', percent: 0, tag: 'blue' },
      ],
    },
    {
      name: 'takes a service that declares no traffic for all on LATEST, as Google does',
      live: [],
      ready: 'hello-a',
      targets: [{ revision: 'hello-a', percent: 100 }],
    },
    {
      name: 'ignores LATEST at 0 % when nothing is ready',
      live: [
        { type: 'latest', percent: 0 },
        { type: 'revision', revision: 'hello-a', percent: 100 },
      ],
      targets: [{ revision: 'hello-a', percent: 100 }],
    },
    {
      name: 'refuses a tag on LATEST',
      live: [
        { type: 'revision', revision: 'hello-a', percent: 100 },
        { type: 'latest', percent: 0, tag: 'edge' },
      ],
      ready: 'hello-a',
      refused: /"edge" is on LATEST/,
    },
    {
      name: 'refuses traffic on LATEST when no revision is ready',
      live: [{ type: 'latest', percent: 100 }],
      refused: /no revision is ready/,
    },
  ])('$name', ({ live, ready, targets, refused }) => {
    const snapshot = snapshotTraffic(live, ready);
    const expected = refused ? { status: 'refused' } : { status: 'taken', targets };
    expect(snapshot).toMatchObject(expected);
    expect(snapshot.status === 'refused' ? snapshot.reason : '').toMatch(refused ?? /^$/);
  });

  test('gives every revision the share users get, and every tag its place', () => {
    fc.assert(
      fc.property(serviceTraffic(), (targets) => {
        const live = targets.map((target): LiveTarget => ({ type: 'revision', ...target }));
        const snapshot = snapshotTraffic(live, undefined);
        if (snapshot.status !== 'taken') throw new Error(snapshot.reason);
        expect(sum(snapshot.targets)).toBe(100);
        expect(tagsOf(snapshot.targets)).toEqual(tagsOf(targets));
        for (const revision of revisions)
          expect(shareOf(snapshot.targets, revision)).toBe(shareOf(targets, revision));
      }),
    );
  });
});

describe('with the candidate beside it', () => {
  test('nobody’s share changes, the candidate has its tag, all other tags stay', () => {
    fc.assert(
      fc.property(fc.oneof(serviceTraffic(), underway), (current) => {
        const next = withCandidate(current, candidate, tag);
        expect(shares(next)).toEqual(shares(current));
        expect(tagsOf(next)).toEqual({ ...tagsOf(current), [tag]: candidate });
      }),
    );
  });
});

describe('shifted', () => {
  test.each([
    {
      stable: [{ revision: 'hello-a', percent: 100 }],
      percent: 25,
      words: 'hello-a 75 % · hello-cand 25 %',
    },
    {
      stable: [
        { revision: 'hello-a', percent: 50 },
        { revision: 'hello-b', percent: 50 },
      ],
      percent: 5,
      words: 'hello-a 48 % · hello-b 47 % · hello-cand 5 %',
    },
    {
      stable: [
        { revision: 'hello-a', percent: 34 },
        { revision: 'hello-b', percent: 33 },
        { revision: 'hello-c', percent: 33 },
      ],
      percent: 50,
      words: 'hello-cand 50 % · hello-a 17 % · hello-b 17 % · hello-c 16 %',
    },
    { stable: [{ revision: 'hello-a', percent: 100 }], percent: 100, words: 'hello-cand 100 %' },
    { stable: [{ revision: 'hello-a', percent: 100 }], percent: 0, words: 'hello-a 100 %' },
    { stable: [], percent: 5, words: 'hello-cand 100 %' },
    {
      stable: [
        { revision: 'hello-a', percent: 60 },
        { revision: candidate, percent: 40 },
      ],
      percent: 5,
      words: 'hello-a 95 % · hello-cand 5 %',
    },
    { stable: [{ revision: candidate, percent: 100 }], percent: 5, words: 'hello-cand 100 %' },
  ])('to $percent %: $words', ({ stable, percent, words }) => {
    expect(trafficInWords(shifted({ current: stable, stable, candidate, percent }))).toBe(words);
  });

  test('sums to 100, gives the candidate its share and the others theirs within 1 % of their old proportions', () => {
    fc.assert(
      fc.property(underway, serviceTraffic(), percentage, (current, stable, percent) => {
        const next = shifted({ current, stable, candidate, percent });
        expect(sum(next)).toBe(100);
        expect(next.every((target) => Number.isInteger(target.percent) && target.percent >= 0)).toBe(true);
        expect(shareOf(next, candidate)).toBe(percent);
        for (const revision of revisions) {
          const exact = (shareOf(stable, revision) * (100 - percent)) / 100;
          expect(Math.abs(shareOf(next, revision) - exact)).toBeLessThan(1);
        }
      }),
    );
  });

  test('loses and moves no tag, ours or others’', () => {
    fc.assert(
      fc.property(underway, serviceTraffic(), percentage, (current, stable, percent) => {
        expect(tagsOf(shifted({ current, stable, candidate, percent }))).toEqual(tagsOf(current));
      }),
    );
  });

  test('is the same when done twice', () => {
    fc.assert(
      fc.property(underway, serviceTraffic(), percentage, (current, stable, percent) => {
        const once = shifted({ current, stable, candidate, percent });
        expect(shifted({ current: once, stable, candidate, percent })).toEqual(once);
      }),
    );
  });
});

describe('restored', () => {
  test('has the shares of the snapshot, whatever was done in between, and others’ tags as they are now', () => {
    fc.assert(
      fc.property(underway, serviceTraffic(), percentage, (current, stable, percent) => {
        const moved = shifted({ current, stable, candidate, percent });
        const back = restored({ current: moved, stable, tag });
        expect(shares(back)).toEqual(shares(stable));
        expect(sum(back)).toBe(100);
        expect(tagsOf(back)).toEqual(without(tagsOf(current), tag));
      }),
    );
  });

  test('undoes the candidate entirely: snapshot, candidate, shift, restore is where we came from', () => {
    fc.assert(
      fc.property(serviceTraffic(), percentage, (stable, percent) => {
        const current = shifted({
          current: withCandidate(stable, candidate, tag),
          stable,
          candidate,
          percent,
        });
        expect(sameTraffic(restored({ current, stable, tag }), stable)).toBe(true);
      }),
    );
  });
});

describe('settled', () => {
  test('takes our tag away and nothing else', () => {
    fc.assert(
      fc.property(underway, (current) => {
        const next = settled({ current, tag });
        expect(shares(next)).toEqual(shares(current));
        expect(tagsOf(next)).toEqual(without(tagsOf(current), tag));
      }),
    );
  });

  test('puts "previous" on the revision that served before, if wanted, and leaves every other tag', () => {
    fc.assert(
      fc.property(underway, (current) => {
        const next = settled({ current, tag, previous: 'hello-b' });
        expect(shares(next)).toEqual(shares(current));
        expect(tagsOf(next)).toEqual({ ...without(tagsOf(current), tag), previous: 'hello-b' });
      }),
    );
  });
});

describe('sameTraffic', () => {
  test('does not depend on the order', () => {
    const reordered = serviceTraffic().chain((targets) =>
      fc.tuple(fc.constant(targets), fc.shuffledSubarray(targets, { minLength: targets.length })),
    );
    fc.assert(
      fc.property(reordered, ([targets, other]) => {
        expect(sameTraffic(targets, other)).toBe(true);
      }),
    );
  });

  test.each<{ name: string; left: TrafficTarget[]; right: TrafficTarget[]; same: boolean }>([
    {
      name: 'one share in two parts',
      left: [{ revision: 'a', percent: 100 }],
      right: [
        { revision: 'a', percent: 70 },
        { revision: 'a', percent: 30 },
      ],
      same: true,
    },
    {
      name: 'share and tag together or apart',
      left: [{ revision: 'a', percent: 100, tag: 'blue' }],
      right: [
        { revision: 'a', percent: 100 },
        { revision: 'a', percent: 0, tag: 'blue' },
      ],
      same: true,
    },
    {
      name: 'an untagged target at 0 %',
      left: [{ revision: 'a', percent: 100 }],
      right: [
        { revision: 'a', percent: 100 },
        { revision: 'b', percent: 0 },
      ],
      same: true,
    },
    {
      name: 'another share',
      left: [{ revision: 'a', percent: 100 }],
      right: [
        { revision: 'a', percent: 99 },
        { revision: 'b', percent: 1 },
      ],
      same: false,
    },
    {
      name: 'a tag more',
      left: [{ revision: 'a', percent: 100 }],
      right: [
        { revision: 'a', percent: 100 },
        { revision: 'a', percent: 0, tag: 'blue' },
      ],
      same: false,
    },
    {
      name: 'a tag elsewhere',
      left: [
        { revision: 'a', percent: 100 },
        { revision: 'a', percent: 0, tag: 'blue' },
      ],
      right: [
        { revision: 'a', percent: 100 },
        { revision: 'b', percent: 0, tag: 'blue' },
      ],
      same: false,
    },
  ])('with $name: $same', ({ left, right, same }) => {
    expect(sameTraffic(left, right)).toBe(same);
    expect(sameTraffic(right, left)).toBe(same);
  });
});

describe('in words', () => {
  test('nothing is said to be nothing', () => {
    expect(trafficInWords([{ revision: 'hello-a', percent: 0, tag: 'blue' }])).toBe('nothing');
  });
});
