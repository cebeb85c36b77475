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
  return text.length <= max ? text : `${whole(text.slice(0, max - 1))}…`;
}

/** At most `max` UTF-16 units, `…` in the middle when cut: both ends of a name tell something. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  const tail = text.slice(text.length - (max - 1 - head));
  return `${whole(text.slice(0, head))}…${whole(tail)}`;
}

/** Half a surrogate pair at either end is dropped. */
const whole = (text: string): string => text.replace(/[\uD800-\uDBFF]$/, '').replace(/^[\uDC00-\uDFFF]/, '');
