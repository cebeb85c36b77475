import { stripVTControlCharacters } from 'node:util';

/** Columns aligned, two blanks between them, none at the end; colours in cells do not count. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const lengthOf = (cell: string | undefined): number => stripVTControlCharacters(cell ?? '').length;
  const widths = header.map((_, column) => Math.max(...all.map((row) => lengthOf(row[column]))));
  return all
    .map((row) =>
      widths
        .map((width, column) => `${row[column] ?? ''}${' '.repeat(width - lengthOf(row[column]))}`)
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
