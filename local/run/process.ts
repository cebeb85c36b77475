import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Clock } from '#shared/clock.ts';
import type { Log } from './logs.ts';

const outputGraceMs = 200;

export interface RunningProcess {
  pid: number | undefined;
  /** The exit code once the process has ended, null when a signal ended it or it never started; never rejects. */
  exited: Promise<number | null>;
  hasExited(): boolean;
  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts Node on `args` as a child without a shell, with exactly `env`; its output goes to `log`, line by line.
 * A child does not outlive the local cloud: `guard.mjs` ends it when the pipe on descriptor 3 closes.
 */
export function spawnNode(options: {
  args: string[];
  cwd: string;
  env: Record<string, string>;
  log: Log;
  clock: Clock;
}): RunningProcess {
  const { log, clock } = options;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('./guard.mjs'), ...options.args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream] ?? Readable.from([]) }).on('line', (text) =>
      log.add(stream, text),
    );
  }
  let over: false | 'exited' | 'told' = false;
  const exited = new Promise<number | null>((resolve) => {
    const end = (text: string, code: number | null): void => {
      if (over === 'told') return;
      over = 'told';
      log.add('system', text);
      resolve(code);
    };
    child.once('error', (error) => end(`Container could not be started: ${error.message}`, null));
    child.once('exit', () => {
      over = 'exited';
      // What the container wrote last is still read, but a process of its own that holds its output open is not waited for.
      void clock
        .sleep(outputGraceMs)
        .then(() => [child.stdout, child.stderr].map((stream) => stream?.destroy()));
    });
    child.once('close', (code, signal) => {
      const text =
        signal === null ? `Container called exit(${code}).` : `Container terminated on signal ${signal}.`;
      end(text, code);
    });
  });
  return {
    pid: child.pid,
    exited,
    hasExited: () => over !== false,
    async stop(graceMs) {
      if (over !== false) {
        await exited;
        return;
      }
      child.kill('SIGTERM');
      const grace = new AbortController();
      const kill = clock.sleep(graceMs, grace.signal).then(
        () => void child.kill('SIGKILL'),
        () => undefined, // ended in time, so the wait was called off
      );
      await exited;
      grace.abort();
      await kill;
    },
  };
}

/** A port that is free on loopback now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
