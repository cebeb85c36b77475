import { oneLine } from './text.ts';

/** Text as a terminal shows it: measured in columns. */

const invisible = /^[\p{M}\p{Cf}]$/u;
/** East Asian wide characters and pictures take two columns: https://www.unicode.org/reports/tr11/ */
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{1F000}-\u{1FAFF}\u{20000}-\u{3FFFD}])$/u;

const columnsOf = (character: string): number =>
  invisible.test(character) ? 0 : wide.test(character) ? 2 : 1;

export const columns = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + columnsOf(character), 0);

/** Its middle replaced by `…` when it is wider than `width`. */
export function cutToColumns(text: string, width: number): string {
  if (columns(text) <= width) return text;
  const tail = reversed(headOf(reversed(text), Math.floor((width - 1) / 2)));
  return `${headOf(text, width - 1 - columns(tail))}…${tail}`;
}

export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - columns(text)));

/** Broken at spaces into lines of at most `width` columns; a word that is longer is cut in its middle. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && columns(line) + 1 + columns(word) > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? cutToColumns(word, width) : `${line} ${word}`;
  }
  return [...lines, line];
}

const reversed = (text: string): string => Array.from(text).reverse().join('');

function headOf(text: string, width: number): string {
  let head = '';
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > width) break;
    head += character;
  }
  return head;
}
