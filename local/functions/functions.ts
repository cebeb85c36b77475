import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LocalRequest, LocalResponse, LocalService } from '#local/http.ts';
import { GoogleError } from '#local/google-error.ts';
import type { Identity } from '#local/identity/identity.ts';
import { messageOf } from '#shared/errors.ts';

/**
 * Cloud Functions of the local cloud: `/functions/TARGET/…` on the stack's listener, private as on Google Cloud unless
 * they are declared public, served by host processes that are started again when they die.
 */
export interface LocalFunctions extends LocalService {
  start(): Promise<void>;
  /** Process ids of the live hosts, for tests that kill one. */
  pids(): number[];
  stop(): Promise<void>;
}

interface Host {
  child: ChildProcess;
  port: Promise<number>;
}

const hostModule = fileURLToPath(new URL('host.ts', import.meta.url));

export function createFunctions(options: {
  entry: string;
  targets: string[];
  /** Whether `allUsers` may invoke it. */
  isPublic: (target: string) => boolean;
  hosts: number;
  env: () => Record<string, string>;
  identity: Identity;
  /** `http://127.0.0.1:PORT`; a function's address is `${origin()}/functions/TARGET`, the audience of its tokens. */
  origin: () => string;
  mayInvoke: (email: string, target: string) => boolean;
  onLog: (line: string) => void;
}): LocalFunctions {
  const { entry, targets, identity } = options;
  const hosts: Host[] = [];
  let next = 0;
  let stopping = false;

  function startHost(): Host {
    const child = fork(hostModule, [entry, ...targets], {
      env: options.env(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execPath: process.execPath,
      execArgv: [],
    });
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLog(line);
      });
    }
    const port = new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port));
      child.once('exit', (code) =>
        reject(new Error(`a function host ended with ${code} before it listened`)),
      );
    });
    const host = { child, port };
    child.once('exit', () => {
      hosts.splice(hosts.indexOf(host), 1);
      // One that listened once is replaced; one that cannot start would only loop.
      void port.then(
        () => !stopping && hosts.push(startHost()),
        (error: unknown) => options.onLog(messageOf(error)),
      );
    });
    return host;
  }

  async function handle(request: LocalRequest): Promise<LocalResponse> {
    const { target = '' } = request.params;
    if (!targets.includes(target)) throw new GoogleError('NOT_FOUND', `There is no function ${target}`);
    if (!options.isPublic(target)) await checkInvoker(request, target);
    next += 1;
    const host = hosts[next % Math.max(hosts.length, 1)];
    if (!host) throw new GoogleError('UNAVAILABLE', 'no function host is running');
    return forward(await host.port, request);
  }

  async function checkInvoker(request: LocalRequest, target: string): Promise<void> {
    // As Cloud Run, on which functions run (`run/invoker.ts`).
    const header = request.headers['x-serverless-authorization'] ?? request.headers.authorization;
    const token = (typeof header === 'string' && /^Bearer (.+)$/i.exec(header)?.[1]) || '';
    const email = await identity.verifyIdToken(token, `${options.origin()}/functions/${target}`);
    if (email === undefined)
      throw new GoogleError('UNAUTHENTICATED', `${target} needs an identity token for its address`);
    if (!options.mayInvoke(email, target)) {
      throw new GoogleError('PERMISSION_DENIED', `${email} may not invoke ${target} (roles/run.invoker)`);
    }
  }

  const methods = ['GET', 'POST', 'DELETE'];
  return {
    routes: methods.flatMap((method) => [
      { method, path: '/functions/{target}', public: true, handle },
      { method, path: '/functions/{target}/{rest=**}', public: true, handle },
    ]),
    async start() {
      for (let count = 0; count < options.hosts; count += 1) hosts.push(startHost());
      await Promise.all(hosts.map((host) => host.port));
    },
    pids: () => hosts.flatMap(({ child }) => child.pid ?? []),
    async stop() {
      stopping = true;
      await Promise.all(hosts.map(({ child }) => ended(child)));
    },
  };
}

const forwardedHeaders = [
  'content-type',
  'authorization',
  'x-serverless-authorization',
  'user-agent',
  'traceparent',
  'x-slack-request-timestamp',
  'x-slack-signature',
];

async function forward(port: number, request: LocalRequest): Promise<LocalResponse> {
  const headers = new Headers();
  for (const name of forwardedHeaders) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  try {
    // The path as it came: a `/` that was escaped must not become a separator.
    const path = request.url.pathname.slice('/functions'.length);
    const answer = await fetch(`http://127.0.0.1:${port}${path}${request.url.search}`, {
      method: request.method,
      headers,
      ...(request.method === 'GET' ? {} : { body: new Uint8Array(request.body) }),
    });
    const type = answer.headers.get('content-type');
    return {
      status: answer.status,
      headers: type === null ? {} : { 'content-type': type },
      body: Buffer.from(await answer.arrayBuffer()),
    };
  } catch (error) {
    throw new GoogleError('UNAVAILABLE', `the function host went away: ${messageOf(error)}`);
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    // A host holds nothing that is not in the ledger; what it was doing is delivered again.
    child.kill('SIGKILL');
  });
}
