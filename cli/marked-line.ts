import type { Paint } from './terminal.ts';

/**
 * A line of a file with a mark below, as compilers show it; empty when there is no such line.
 * @param line and column, counted from 1
 */
export function markedLine(
  lines: readonly string[],
  { line, column }: { line: number; column: number },
  paint: Paint,
): string {
  const text = lines[line - 1];
  if (text === undefined) return '';
  // Every control character becomes a blank, so that the mark stays in its column.
  const shown = text
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .slice(0, 200)
    .trimEnd();
  const number = String(line).padStart(6);
  const mark = `${' '.repeat(Math.min(column, 201) - 1)}${paint('red', '^')}`;
  return `\n${paint('dim', `${number} |`)} ${shown}\n${' '.repeat(number.length)} ${paint('dim', '|')} ${mark}`;
}
