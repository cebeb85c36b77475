import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import { serve } from '#local/http.ts';
import { createIdentity, type Identity } from '#local/identity/identity.ts';
import type { ImageSource } from '#local/registry/image-source.ts';
import type { Condition, Service } from '#local/run/messages.ts';
import { createRun, type Run, type RunOptions } from '#local/run/run.ts';
import { openStore, type Store } from '#local/store.ts';

export const parent = 'projects/slipway-local/locations/us-central1';
export const repository = 'us-central1-docker.pkg.dev/slipway-local/apps/hello';
export const caller = 'deployer@slipway-local.iam.gserviceaccount.com';

/** A service that tells what it is given, and misbehaves on request. */
const server = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
console.log('starting', process.env.VERSION);
if (process.env.FAULT === 'exit') { console.error('cannot start'); process.exit(3); }
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/crash') process.exit(1);
  if (url.pathname === '/slow') await wait(Number(url.searchParams.get('ms')));
  if (url.pathname === '/held') { console.log('held'); for await (const _ of request); }
  if (url.pathname === '/half') { response.write('half'); setTimeout(() => process.exit(1), 20); return; }
  if (url.pathname === '/healthz' && process.env.FAULT === 'unhealthy') response.statusCode = 503;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ version: process.env.VERSION, pid: process.pid, env: process.env, argv: process.argv, execArgv: process.execArgv, headers: request.headers }));
});
server.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: ' + key + '\\r\\n\\r\\n');
  socket.write(Buffer.from([0x81, 5, ...Buffer.from('hello')]));
});
if (process.env.FAULT !== 'deaf') server.listen(Number(process.env.PORT), '127.0.0.1');
else setInterval(() => {}, 1000);
process.on('SIGTERM', () => process.exit(0));
`;

type ImageConfig = Awaited<ReturnType<ImageSource['config']>>;

/** Images by tag; every image is the service above with VERSION set to the tag. */
export function createImages(
  overrides: Record<string, Partial<ImageConfig>> = {},
): ImageSource & { unpacked: string[] } {
  const config = async (reference: string): Promise<ImageConfig> => {
    const tag = reference.slice(repository.length + 1);
    if (!reference.startsWith(`${repository}:`) || tag === 'missing') {
      throw new GoogleError('NOT_FOUND', `Image '${reference}' not found.`);
    }
    return {
      digest: `sha256:${Buffer.from(tag).toString('hex').padEnd(64, '0')}`,
      architecture: 'amd64',
      os: 'linux',
      entrypoint: ['node'],
      cmd: ['server.mjs'],
      env: [`VERSION=${tag}`],
      workingDir: '/app',
      labels: { 'dev.slipway.builder': 'embedded-1' },
      ...overrides[tag],
    };
  };
  const unpacked: string[] = [];
  return {
    unpacked,
    config,
    async unpack(reference, directory) {
      unpacked.push(reference);
      await mkdir(join(directory, 'app'), { recursive: true });
      await writeFile(join(directory, 'app', 'server.mjs'), server);
      return config(reference);
    },
  };
}

/** Everything a message may hold, as if it were there: a test that looks at what is absent sees undefined and fails. */
type Complete<T> = T extends (infer Item)[]
  ? [Complete<Item>, Complete<Item>, ...Complete<Item>[]]
  : T extends object
    ? { [Key in keyof T]-?: Complete<NonNullable<T[Key]>> }
    : T;
export type Told = Complete<Service> & { '@type': string };

/** Any answer of the API, likewise. */
interface Json extends Told {
  done: boolean;
  error: { code: number; message: string; status: string };
  response: Told;
  metadata: Told;
  services: Told[];
  revisions: Told[];
  nextPageToken: string;
}

export interface Cloud {
  run: Run;
  identity: Identity;
  store: Store;
  directory: string;
  port: number;
  errors: unknown[];
  /** The Admin API as a plain client sees it. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }>;
  /** Writes, waits for the operation, and returns it. */
  settle(method: string, path: string, body?: unknown): Promise<Json>;
  /** Ends this run, leaving store and directory. */
  stop(): Promise<void>;
}

/** A running local Cloud Run on a listener of its own; ends with the test. */
export async function startCloud(
  options: Partial<RunOptions> & { file?: string; directory?: string } = {},
): Promise<Cloud> {
  const directory = options.directory ?? temporaryDirectory();
  const store = openStore(options.file ?? ':memory:');
  const errors: unknown[] = [];
  const identity = await createIdentity({ store, clock: systemClock, issuer: 'http://127.0.0.1:1' });
  const run = await createRun({
    store,
    clock: systemClock,
    identity,
    images: createImages(),
    secretValue: () => undefined,
    propagationMs: 1,
    stopGraceMs: 500,
    onError: (error) => void errors.push(error),
    ...options,
    directory,
  });
  const listener = await serve({ routes: run.routes, authenticate: (token) => identity.authenticate(token) });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await listener.close();
    await run.stop();
    store.close();
  };
  onTestFinished(stop);
  const api: Cloud['api'] = async (method, path, body) => {
    const response = await fetch(`${listener.origin}/v2/${path}`, {
      method,
      headers: { authorization: `Bearer ${identity.accessToken(caller)}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Json };
  };
  return {
    run,
    identity,
    store,
    directory,
    port: listener.port,
    errors,
    api,
    async settle(method, path, body) {
      const { status, json } = await api(method, path, body);
      if (status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
      return (await api('POST', `${json.name}:wait`, {})).json;
    },
    stop,
  };
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-run-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A service of that image, with overrides of template and service. */
export function serviceOf(tag: string, template: object = {}, service: object = {}): object {
  return {
    template: { containers: [{ image: `${repository}:${tag}` }], ...template },
    invokerIamDisabled: true,
    ...service,
  };
}

export function condition(resource: Told, type: string): Condition | undefined {
  return resource.conditions.find((one) => one.type === type);
}

/** What the service in the image says of itself. */
interface Answer {
  version: string;
  pid: number;
  env: Record<string, string>;
  argv: string[];
  execArgv: string[];
}

export async function ask(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}
