import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { allTargets } from '#local/place.ts';
import type { Measured, Start } from './cold-start-table.ts';
import { startInstance, type Answer, type Asked, type Instance } from './instance.ts';
import { nobody } from './signed-command.ts';
import type { Unpacked } from './unpacked.ts';

/** The functions as a platform without any instance serves them: every request gets a process of its own. */
export interface ColdInstances {
  /** Requests to `/TARGET/…` come here. */
  origin: string;
  deliver(target: string, asked: Asked): Promise<Answer>;
  /** Whether somebody waits for an answer. */
  busy(): boolean;
  measured(): Measured[];
  close(): Promise<void>;
}

/**
 * One start at a time, so that they do not disturb each other. Of each target the first one tells what is read (and is not
 * timed: whatever reads the disk reads it then); the next `runs` are cold starts, each right after one of the bare function
 * with the same request; the last of these processes then serves what else comes, warm.
 */
export async function openColdInstances(options: {
  unpacked: Unpacked;
  env: (target: string) => Record<string, string>;
  runs: number;
  /** Whether this message is what the first answer is measured with; others go to a process that is not measured. */
  isTimed: (target: string, asked: Asked) => boolean;
}): Promise<ColdInstances> {
  const { unpacked, env, runs, isTimed } = options;
  const all = new Map<string, Measured>();
  const warm = new Map<string, Instance>();
  const others = new Map<string, Promise<Instance>>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** @returns the answer, and what it took; the process ends, unless it is to be kept for what comes later */
  async function firstAnswer(
    folder: string,
    target: string,
    asked: Asked,
    more: Record<string, string> = {},
    keep = false,
  ): Promise<{ answer: Answer; start: Start }> {
    const startMs = performance.now();
    const instance = await startInstance({ folder, target, env: { ...env(target), ...more } });
    try {
      const answer = await instance.ask(asked);
      const start = { ms: performance.now() - startMs, ...(await instance.memory()) };
      if (keep && isGood(answer)) warm.set(target, instance);
      return { answer, start };
    } finally {
      if (warm.get(target) !== instance) await instance.stop();
    }
  }

  async function start(target: string, asked: Asked): Promise<Answer> {
    const kept = warm.get(target);
    if (kept) return again(kept, target, asked);
    const known = all.get(target);
    if (known === undefined) {
      const { answer, ...read } = await whatIsRead(target, asked);
      const kind = allTargets.find(({ name }) => name === target)?.kind ?? '';
      if (isGood(answer)) all.set(target, { target, kind, ...read, pairs: [], warmMs: [] });
      return answer;
    }
    const bare = await firstAnswer(unpacked.bare, 'hello', asked);
    const own = await firstAnswer(unpacked.archive, target, asked, {}, known.pairs.length + 1 === runs);
    // A refusal has not done the work; it is delivered again.
    if (isGood(own.answer)) known.pairs.push({ own: own.start, bare: bare.start });
    return own.answer;
  }

  async function again(instance: Instance, target: string, asked: Asked): Promise<Answer> {
    const askedMs = performance.now();
    const answer = await instance.ask(asked);
    if (isGood(answer)) all.get(target)?.warmMs.push(performance.now() - askedMs);
    return answer;
  }

  function atRest(target: string): Promise<Instance> {
    const instance =
      others.get(target) ?? startInstance({ folder: unpacked.archive, target, env: env(target) });
    others.set(target, instance);
    return instance;
  }

  async function whatIsRead(target: string, asked: Asked) {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-read-'));
    try {
      const list = join(folder, 'files');
      const { answer } = await firstAnswer(unpacked.archive, target, asked, {
        FILES_READ: list,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(listing)}`,
      });
      const bundle = join(unpacked.archive, 'functions');
      const names = new Set((await readFile(list, 'utf8')).split('\n'));
      const own = [...names].filter((name) => name.startsWith(bundle));
      const sizes = await Promise.all(own.map(async (name) => (await stat(name)).size));
      return { answer, files: own.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async function deliver(target: string, asked: Asked): Promise<Answer> {
    waiting += 1;
    try {
      if (!isTimed(target, asked)) return await (await atRest(target)).ask(asked);
      const kept = warm.get(target);
      if (kept) return await again(kept, target, asked);
      const mine = last.then(() => start(target, asked));
      last = mine.catch(() => undefined);
      return await mine;
    } finally {
      waiting -= 1;
    }
  }

  const server = createServer((request, response) => {
    void (async () => {
      const { target, asked } = await askedIn(request);
      if (isForNobody(asked)) {
        response.writeHead(204).end();
        return;
      }
      const { status, type, body } = await deliver(target, asked);
      response.writeHead(status, type === null ? {} : { 'content-type': type }).end(body);
    })().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.writeHead(503).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliver,
    busy: () => waiting > 0,
    measured: () => allTargets.flatMap(({ name }) => all.get(name) ?? []),
    async close() {
      server.close();
      server.closeAllConnections();
      const left = [...warm.values(), ...(await Promise.all(others.values()))];
      await Promise.all(left.map((instance) => instance.stop()));
    },
  };
}

const isGood = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** Runs inside the measured process: notes every module that Node loads. */
const listing = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env.FILES_READ, fileURLToPath(url) + '\\n');
    return next(url, context);
  },
});`;

async function askedIn(request: IncomingMessage): Promise<{ target: string; asked: Asked }> {
  const [, target = '', path = '/'] = /^\/([\w-]+)(\/.*)?$/.exec(request.url ?? '') ?? [];
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    ['content-type', 'authorization', 'user-agent', 'traceparent'].includes(name) ? [[name, value]] : [],
  );
  const asked = { method: request.method ?? '', path, body: await text(request) };
  return { target, asked: { ...asked, headers: Object.fromEntries(headers) as Record<string, string> } };
}

/** A command that was only measured on its way in. */
const isForNobody = (asked: Asked): boolean => dataOf(asked).includes(nobody);

/** The data of a Pub/Sub push; empty when it is none. */
export const dataOf = ({ body = '' }: Asked): string =>
  Buffer.from(/"data":\s*"([\w+/=]*)"/.exec(body)?.[1] ?? '', 'base64').toString('utf8');
