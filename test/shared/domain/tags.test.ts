import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesTag } from '#shared/domain/tags.ts';

describe('a tag pattern', () => {
  test.each([
    { pattern: 'v*', tag: 'v1.2', matches: true },
    { pattern: 'v*', tag: 'v', matches: true },
    { pattern: 'v*', tag: 'rev1', matches: false },
    { pattern: '*', tag: 'anything', matches: true },
    { pattern: '*-rc', tag: '1.0-rc', matches: true },
    { pattern: '*-rc', tag: '1.0-rc1', matches: false },
    { pattern: 'v*.*-rc*', tag: 'v1.2-rc3', matches: true },
    { pattern: 'v*.*-rc*', tag: 'v12-rc3', matches: false },
    { pattern: 'a*a', tag: 'a', matches: false },
    { pattern: 'a*a', tag: 'aa', matches: true },
    { pattern: 'ab*ab*ab', tag: 'abab', matches: false },
    { pattern: 'v1.2', tag: 'v1.2', matches: true },
    { pattern: 'v1.2', tag: 'v1x2', matches: false },
    { pattern: 'v1', tag: 'v1.2', matches: false },
    { pattern: '[ab]+', tag: 'a', matches: false },
    { pattern: '', tag: 'a', matches: false },
  ])('"$pattern" on "$tag": $matches', ({ pattern, tag, matches }) => {
    expect(matchesTag(pattern, tag)).toBe(matches);
  });

  test('without a star matches itself and nothing else', () => {
    const tag = fc.stringMatching(/^\w[\w.-]{0,10}$/);
    fc.assert(
      fc.property(tag, tag, (pattern, other) => {
        expect(matchesTag(pattern, other)).toBe(pattern === other);
      }),
    );
  });

  test('matches whatever text stands where its stars are', () => {
    const part = fc.stringMatching(/^[ab.]{0,3}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part), { maxLength: 5 }), part, (pairs, last) => {
        const pattern = `${pairs.map(([literal]) => `${literal}*`).join('')}${last}`;
        const tag = `${pairs.map(([literal, filling]) => literal + filling).join('')}${last}`;
        expect(matchesTag(pattern, tag)).toBe(true);
      }),
    );
  });

  test('with many stars is answered at once, also when it does not match', () => {
    const started = performance.now();
    expect(matchesTag(`${'a*'.repeat(12)}b`, 'a'.repeat(128))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
