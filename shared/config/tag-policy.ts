import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { matchesTag } from '#shared/domain/tags.ts';

/** Which pushed tags start a deployment: exact, with `*` for any text, or `semver:RANGE` (npm's ranges). */

const rangeOf = (pattern: string): string | undefined => /^semver:(.*)$/s.exec(pattern)?.[1];

/** @returns false for `semver:` with something that is no range; everything else is a tag or a glob */
export function isTagPattern(pattern: string): boolean {
  const range = rangeOf(pattern);
  return range === undefined || (range.trim() !== '' && validRange(range) !== null);
}

/**
 * True when one of the patterns takes the tag. A range takes whole semantic versions, with or without a leading `v`, and a
 * prerelease only where it names one of the same version.
 */
export function isDeployedTag(patterns: readonly string[], tag: string): boolean {
  return patterns.some((pattern) => {
    const range = rangeOf(pattern);
    return range === undefined ? matchesTag(pattern, tag) : satisfies(tag, range);
  });
}
