import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { WorkflowSourceError, type SourceProblem } from '#local/workflows/program.ts';
import { messageOf } from '#shared/errors.ts';
import { oneLine } from '#shared/report/text.ts';
import type { Context } from '#cli/context.ts';
import { exit, usageError } from '#cli/exit.ts';
import { markedLine } from '#cli/marked-line.ts';
import type { Paint } from '#cli/terminal.ts';

/** @throws CommandError when a file cannot be read: then none is checked */
export async function checkWorkflows(options: {
  context: Pick<Context, 'terminal' | 'stdin'>;
  names: readonly string[];
  json: boolean;
}): Promise<number> {
  const { context, names, json } = options;
  const { terminal } = context;
  const files = await Promise.all(
    names.map(async (name) => {
      const source = await readSource(name, context.stdin);
      return { name, source, problems: problemsOf(source) };
    }),
  );
  if (json) {
    const answer = files.map(({ name, problems }) => verdictOf(name, problems));
    terminal.print(JSON.stringify(answer, null, 2));
  } else {
    for (const { name, source, problems } of files) {
      terminal.print(
        problems.length === 0
          ? `${terminal.paint('green', '✓')} ${oneLine(name)}`
          : problemsInWords(name, source, problems, terminal.paint),
      );
    }
  }
  return files.every(({ problems }) => problems.length === 0) ? exit.done : exit.no;
}

/** @param name `-` is standard input. @throws CommandError for wrong usage */
export async function readSource(name: string, stdin: Context['stdin']): Promise<string> {
  try {
    return await (name === '-' ? text(stdin) : readFile(name, 'utf8'));
  } catch (error) {
    throw usageError(`${oneLine(name)} cannot be read: ${messageOf(error)}`);
  }
}

/** What a deployment would refuse; nothing when it would not. */
export function problemsOf(source: string): readonly SourceProblem[] {
  try {
    parseWorkflow(source);
    return [];
  } catch (error) {
    if (error instanceof WorkflowSourceError) return error.problems;
    throw error;
  }
}

/** What `--json` says of a file. */
export function verdictOf(name: string, problems: readonly SourceProblem[]) {
  return {
    file: name,
    valid: problems.length === 0,
    problems: problems.map(({ message, position }) => ({ message, ...position })),
  };
}

/** Google's message, where it is, and the line itself. */
export function problemsInWords(
  name: string,
  source: string,
  problems: readonly SourceProblem[],
  paint: Paint,
): string {
  const lines = source.split(/\r?\n/);
  return problems
    .map(({ message, position }) => {
      const place = `${oneLine(name)}:${position.line}:${position.column}`;
      return `${paint('red', '✗')} ${place}: failed to build: ${oneLine(message)}${markedLine(lines, position, paint)}`;
    })
    .join('\n');
}
