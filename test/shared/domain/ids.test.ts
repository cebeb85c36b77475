import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  candidateRevision,
  candidateTag,
  DeploymentId,
  longestServiceName,
  newDeploymentId,
} from '#shared/domain/ids.ts';

const year3000 = Date.UTC(3000, 0, 1);
const moment = fc.integer({ min: 0, max: year3000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a deployment id', () => {
  test('is valid at any time with any randomness', () => {
    fc.assert(
      fc.property(moment, chance, (now, random) => {
        expect(DeploymentId.safeParse(newDeploymentId(now, () => random)).success).toBe(true);
      }),
    );
  });

  test('sorts by the second it was made in', () => {
    fc.assert(
      fc.property(moment, moment, chance, chance, (one, other, a, b) => {
        fc.pre(Math.floor(one / 1000) < Math.floor(other / 1000));
        expect(newDeploymentId(one, () => a) < newDeploymentId(other, () => b)).toBe(true);
      }),
    );
  });

  test('differs for different randomness within one second', () => {
    let state = 0;
    const random = (): number => (state = (state + 0.318) % 1);
    expect(newDeploymentId(0, random)).not.toBe(newDeploymentId(0, random));
  });

  test.each([
    { text: '', why: 'is empty' },
    { text: 'd1f3k7q2x9a', why: 'is too short' },
    { text: 'd1f3k7q2x9abc', why: 'is too long' },
    { text: 'x1f3k7q2x9ab', why: 'starts with another letter' },
    { text: 'd1F3K7Q2X9AB', why: 'is in upper case' },
    { text: 'd1f3k7q2x9a-', why: 'has a hyphen' },
    { text: 'd1f3k7q2x9ab\n', why: 'ends with a line break' },
  ])('is refused when it $why', ({ text }) => {
    expect(DeploymentId.safeParse(text).success).toBe(false);
  });
});

describe('names made from the id', () => {
  const id = newDeploymentId(year3000, () => 0.5);
  const longest = 'a'.repeat(longestServiceName);

  test('the tag with the longest service name is within Cloud Run’s 46 characters', () => {
    expect(`${candidateTag(id)}${longest}`).toHaveLength(46);
  });

  test('the revision carries the service’s name and is a valid label of at most 63 characters', () => {
    const revision = candidateRevision(longest, id);
    expect(revision).toMatch(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
    expect(revision.startsWith(`${longest}-`)).toBe(true);
  });
});
