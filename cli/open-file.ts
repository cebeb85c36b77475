import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { messageOf } from '#shared/errors.ts';
import { CommandError, exit } from './exit.ts';

/** What shows a file to a person, by the names Node has for operating systems. */
const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };

/** Has the person's browser show a file. @throws CommandError that says where the file is when nothing can show it */
export async function openFile(file: string, env: Record<string, string | undefined>): Promise<void> {
  const opener = openers[process.platform] ?? 'xdg-open';
  try {
    const child = spawn(opener, [file], { detached: true, stdio: 'ignore', env });
    await once(child, 'spawn');
    child.unref();
  } catch (error) {
    throw new CommandError(
      exit.no,
      `${opener} could not be started: ${messageOf(error)}. The page is ${file}`,
      {
        cause: error,
      },
    );
  }
}
