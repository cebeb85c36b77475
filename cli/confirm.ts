import { createInterface } from 'node:readline';
import type { Context } from './context.ts';
import { CommandError, exit, usageError } from './exit.ts';

/**
 * Asks the person at the terminal before something happens to users or to a release.
 * @param question names exactly what will happen
 * @param yes it was said with the command already
 * @throws CommandError when they do not say yes, and when nobody is there to be asked
 */
export async function confirm(
  { terminal, stdin }: Pick<Context, 'terminal' | 'stdin'>,
  question: string,
  yes: boolean,
): Promise<void> {
  if (yes) return;
  if (!stdin.isTTY)
    throw usageError(
      `${question} Without a terminal nobody can be asked: add --yes to do it. Nothing was done.`,
    );
  terminal.warn(`${question} Type yes:`);
  if (!/^y(es)?$/i.test((await readLine(stdin)).trim())) throw new CommandError(exit.no, 'Nothing was done.');
}

/** Empty at the end of input. */
function readLine(stdin: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdin });
    lines.once('close', () => resolve(''));
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
  });
}
