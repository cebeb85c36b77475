/** What names, titles and messages of others may do to a line: nothing. Used by every renderer, in Slack too. */

/**
 * One line without control characters (terminal escapes among them) and invisible ones that reorder text.
 * `–` when nothing is left, because an empty value reads like a missing one.
 */
export function oneLine(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
  return line === '' ? '–' : line;
}

/** At most `max` UTF-16 units, ending in `…` when cut; no character is split. */
export function cutEnd(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
