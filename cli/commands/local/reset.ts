import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '#cli/context.ts';
import { exit, usageError } from '#cli/exit.ts';
import { runningStack } from '#cli/stack-file.ts';

/** `slipway local reset`: refuses while the stack runs, and to delete what is not a state directory. */
export async function reset({ terminal }: Context, directory: string): Promise<number> {
  const running = await runningStack(directory);
  if (running) {
    throw usageError(
      `The local stack runs with ${directory} (process ${running.pid}). Stop it first: Ctrl-C or q there.`,
    );
  }
  if (!(await exists(directory))) {
    terminal.print(`There is no ${directory}: nothing to delete.`);
    return exit.done;
  }
  if (!(await exists(join(directory, 'cloud.db'))))
    throw usageError(`${directory} is not the state directory of a local stack: it has no cloud.db.`);
  await rm(directory, { recursive: true });
  terminal.print(`${directory} is deleted. A fresh start: npm start`);
  return exit.done;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
