import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main as runMain } from '#cli/slipway.ts';

const main = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command line as a process of its own, without a terminal. Only PATH and `env` are in its environment. */
export function runCli(words: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...words], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/**
 * The same in this process: as good as a process of its own for what does not touch process, terminal or signals.
 * @param typed what a person at a terminal types
 */
export async function runHere(
  words: readonly string[],
  env: Record<string, string> = {},
  typed?: string,
): Promise<Finished> {
  const streams = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof streams) =>
    Object.assign(new EventEmitter(), { write: (text: string) => (streams[name] += text) });
  const host = Object.assign(new EventEmitter(), {
    env,
    stdin: typed === undefined ? {} : Object.assign(Readable.from([typed]), { isTTY: true }),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
  });
  const code = await runMain([...words], host as unknown as NodeJS.Process);
  return { code, ...streams };
}
