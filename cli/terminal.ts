import { styleText } from 'node:util';
import { z } from 'zod';

export type Color = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
/** Colours a text, or leaves it as it is. */
export type Paint = (color: Color, text: string) => string;

/** Where a command speaks: results on standard output, errors and hints on standard error. */
export interface Terminal {
  /** Someone watches: lines may be updated in place. */
  isLive: boolean;
  color: boolean;
  /** Columns. */
  width: number;
  paint: Paint;
  print(text: string): void;
  warn(text: string): void;
  /** Replaces what `draw` wrote last, if nothing was printed since. Only on a live terminal. */
  draw(lines: readonly string[]): void;
}

interface Stream {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

const Environment = z.object({ NO_COLOR: z.string().optional(), TERM: z.string().optional() });

/** https://no-color.org: no colour when NO_COLOR is set and not empty, or the terminal is `dumb`. */
export function createTerminal(
  streams: { stdout: Stream; stderr: Stream },
  env: Record<string, string | undefined>,
): Terminal {
  const { stdout, stderr } = streams;
  const { NO_COLOR = '', TERM } = Environment.parse(env);
  const isLive = stdout.isTTY === true && TERM !== 'dumb';
  const color = isLive && NO_COLOR === '';
  const paint: Paint = (name, text) => (color ? styleText(name, text, { validateStream: false }) : text);
  let drawn = 0;
  return {
    isLive,
    color,
    get width() {
      return stdout.columns ?? 100;
    },
    paint,
    print(text) {
      drawn = 0;
      stdout.write(`${text}\n`);
    },
    warn(text) {
      drawn = 0;
      stderr.write(`${text}\n`);
    },
    draw(lines) {
      // What has scrolled out of sight cannot be replaced any more.
      const visible = lines.slice(-Math.max((stdout.rows ?? 24) - 1, 1));
      const up = drawn > 0 ? `\x1b[${drawn}A` : '';
      const body = visible.map((line) => `${line}\x1b[K\n`).join('');
      // One write, with wrapping off for its time only: the terminal is clean whenever the process ends.
      stdout.write(`\x1b[?7l${up}\r${body}\x1b[J\x1b[?7h`);
      drawn = visible.length;
    },
  };
}
