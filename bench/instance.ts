import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { systemClock } from '#shared/clock.ts';

/** A request as it came, and as it goes on. */
export interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Answer {
  status: number;
  type: string | null;
  body: string;
}

/** What a process holds and has held, in MiB; NaN where there is no /proc. */
export interface Memory {
  resident: number;
  peak: number;
}

/** One instance of a function: a process of functions-framework, started as Cloud Run starts it. */
export interface Instance {
  ask(asked: Asked): Promise<Answer>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

const patienceMs = 30_000;

/** @returns once it listens, which is what Cloud Run waits for. @throws Error when it does not */
export async function startInstance(options: {
  /** Its package; with functions-framework in `node_modules`. */
  folder: string;
  target: string;
  /** A file in the folder, where its package does not name it. */
  source?: string;
  env: Record<string, string>;
}): Promise<Instance> {
  const { folder, target, source = folder, env } = options;
  const port = await freePort();
  const framework = `${folder}/node_modules/@google-cloud/functions-framework/build/src/main.js`;
  const child = spawn(process.execPath, [framework, `--source=${source}`], {
    cwd: folder,
    env: { ...env, FUNCTION_TARGET: target, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const instance: Instance = {
    async ask({ method, path, headers, body }) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      return {
        status: answer.status,
        type: answer.headers.get('content-type'),
        body: await answer.text(),
      };
    },
    async memory() {
      const text = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      return { resident: sizeIn(text, 'VmRSS'), peak: sizeIn(text, 'VmHWM') };
    },
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
  const end = Date.now() + patienceMs;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > end) {
      await instance.stop();
      throw new Error(`${target}: nothing listens at port ${port}`);
    }
    await systemClock.sleep(2);
  }
  return instance;
}

const sizeIn = (status: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const say = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', say(true)).once('error', say(false));
  });
}
