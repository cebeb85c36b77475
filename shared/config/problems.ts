/** A place in a file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Keys and list indexes from the file's top. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a service file, and where. */
export interface Problem extends Position {
  file: string;
  /** `environments.staging.runtime.memory`, `suites[0].title`; empty for the file as a whole. */
  path: string;
  /** Path, what was found and what was expected: `runtime.memory: "512MB" — expected an amount such as 512Mi or 2Gi`. */
  message: string;
}

/** Plain text, one problem a line (`services/hello.yaml:7:11 …`), for terminal and Slack. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).join('\n');
}

/** In the file's order; what is said twice about one place, as by several environments, is said once. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const distinct = new Map(
    problems.map((problem) => [`${problem.line}:${problem.column}:${problem.message}`, problem]),
  );
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** A path as people write it; a key that is not a plain word is quoted, so that no key can break the line. */
export function pathInWords(path: Path): string {
  return path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[\w-]{1,60}$/.test(part) ? `.${part}` : `[${quoted(part)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** A value on one line, cut at 60 characters. */
export function quoted(value: unknown): string {
  if (value === null) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…"` : text;
}
