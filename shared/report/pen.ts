import { columns, cutToColumns, wrapped } from './terminal-text.ts';
import { oneLine } from './text.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';
const codes: Record<Colour, number> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

/** Narrower than this no column is left for words; such a terminal gets lines of this width. */
export const narrowest = 40;

/** Every line goes through one of these: here is where nothing becomes too wide. */
export function createPen(color: boolean, width: number) {
  const paint = (text: string, colour?: Colour): string =>
    color && colour ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text;
  return {
    width,
    paint,
    /** Wrapped behind a mark or a name; further lines are indented as far. */
    behind(lead: string, text: string, colour?: Colour): string[] {
      const indent = ' '.repeat(columns(lead));
      return wrapped(text, width - columns(lead)).map(
        (line, index) => paint(index === 0 ? lead : indent, colour) + line,
      );
    },
    /** On one line, cut if need be. */
    line: (text: string, colour?: Colour): string => paint(cutToColumns(oneLine(text), width), colour),
  };
}
export type Pen = ReturnType<typeof createPen>;
