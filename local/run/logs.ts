import { appendFileSync } from 'node:fs';

export interface LogLine {
  /** RFC 3339 */
  time: string;
  /** `system` is what Cloud Run itself says of the container. */
  stream: 'stdout' | 'stderr' | 'system';
  text: string;
}

export interface Log {
  add(stream: LogLine['stream'], text: string): void;
  lines(): LogLine[];
}

/** The newest lines are kept in memory (1,000 unless told otherwise), all of them in `file`. */
export function createLog(file: string, now: () => number, keep = 1000): Log {
  const ring: LogLine[] = [];
  return {
    add(stream, text) {
      const line = { time: new Date(now()).toISOString(), stream, text };
      ring.push(line);
      if (ring.length > keep) ring.shift();
      appendFileSync(file, `${line.time} ${stream} ${text}\n`);
    },
    lines: () => [...ring],
  };
}
