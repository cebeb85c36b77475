import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { Unreachable } from './exit.ts';

/** How a second terminal finds the running local stack: `stack.json` in its state directory. */
export const StackFile = z.object({
  /** Of the process that runs it. */
  pid: z.int().positive(),
  origin: z.url(),
  /** The address of Slipway's api function. */
  apiUrl: z.url(),
  /** `127.0.0.1:PORT`: gives tokens of the developer at the laptop. */
  metadataHost: z.string(),
  registryOrigin: z.url(),
});
export type StackFile = z.infer<typeof StackFile>;

const fileOf = (directory: string): string => join(directory, 'stack.json');

/** The stack that runs with this state directory; undefined when none does. @throws Unreachable when its file is broken */
export async function runningStack(directory: string): Promise<StackFile | undefined> {
  const file = fileOf(directory);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Unreachable(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  let stack: StackFile;
  try {
    stack = StackFile.parse(JSON.parse(text));
  } catch (error) {
    throw new Unreachable(
      `${file} is not what a local stack writes. Stop the stack, delete the file, then: npm start`,
      { cause: error },
    );
  }
  return isAlive(stack.pid) ? stack : undefined;
}

/** Says where the stack is, to this user only. Whole or not at all: another terminal may be reading. */
export async function writeStackFile(directory: string, stack: StackFile): Promise<void> {
  const file = fileOf(directory);
  const draft = `${file}.${stack.pid}`;
  await writeFile(draft, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

export const removeStackFile = (directory: string): Promise<void> => rm(fileOf(directory), { force: true });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
