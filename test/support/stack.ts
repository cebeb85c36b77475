import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, place } from '#local/place.ts';
import { startStack, type Stack, type StackOptions } from '#local/stack.ts';
import { systemClock } from '#shared/clock.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { until } from '#test/support/until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A whole stack in a folder of its own, with what tests ask it. */
export interface TestStack {
  stack: Stack;
  ledger: Ledger;
  directory: string;
  logs: string[];
  /** Puts a service file into the bucket; examples/services/hello.yaml changed by `change`. */
  serviceFile(change?: (text: string) => string, name?: string): Promise<void>;
  /** Builds examples/hello with this release.json and pushes it. @returns its digest */
  pushHello(release: Record<string, unknown>, tag: string): Promise<string>;
  /** Uploads examples/hello as the source archive and asks the api to build and deploy it. @returns the deployment's id */
  deployFromSource(): Promise<string>;
  /** How many revisions a service has. */
  revisions(service: string): Promise<number>;
  /** Waits for the deployment of a digest (or id) until `done`, which is "finished" unless told otherwise. */
  deployment(digest: string, done?: (deployment: Deployment) => boolean): Promise<Deployment>;
  restart(options?: Partial<StackOptions>): Promise<void>;
  close(): Promise<void>;
}

/** @param opened the ledger that `options.functionsEnv` names, if it is not the stack's own SQLite file; closed at the end */
export async function openTestStack(
  options: Partial<StackOptions> = {},
  opened?: Ledger,
): Promise<TestStack> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-'));
  const logs: string[] = [];
  const start = (more: Partial<StackOptions> = {}): Promise<Stack> =>
    startStack({ directory, retryMinimumSeconds: 1, onLog: (line) => logs.push(line), ...options, ...more });
  let stack = await start();
  const ledger = opened ?? openSqliteLedger(join(directory, 'ledger.db'));

  async function upload(name: string, type: string, body: string | Buffer): Promise<void> {
    const url = `${stack.origin}/upload/storage/v1/b/${place.bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
    const authorization = `Bearer ${stack.identity.accessToken(accounts.developer)}`;
    const content = typeof body === 'string' ? body : new Uint8Array(body);
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': type },
      body: content,
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  }

  const test: TestStack = {
    get stack() {
      return stack;
    },
    ledger,
    directory,
    logs,
    async serviceFile(change = (text) => text, name = 'hello') {
      const text = await readFile(join(root, 'examples/services/hello.yaml'), 'utf8');
      // How quick it is says more of the machine than of the release.
      const patient = text.replace('maximumLatency: 250ms', 'maximumLatency: 9s');
      await upload(`services/${name}.yaml`, 'application/yaml', change(patient));
    },
    pushHello: (release, tag) =>
      pushFolder({
        directory: join(root, 'examples/hello'),
        replace: { 'release.json': JSON.stringify(release) },
        endpoint: stack.registryOrigin,
        token: stack.identity.accessToken(accounts.developer),
        name: `${place.repository}/hello`,
        tag,
      }),
    async deployFromSource() {
      const archive = execFileSync('tar', ['-czf', '-', '-C', join(root, 'examples/hello'), '.']);
      await upload('source.tgz', 'application/gzip', archive);
      const url = `${stack.origin}/functions/api`;
      const authorization = `Bearer ${await stack.identity.idToken(accounts.developer, url)}`;
      const headers = { authorization, 'content-type': 'application/json' };
      const body = JSON.stringify({
        requestId: `build-${Date.now()}`,
        service: 'hello',
        environment: 'staging',
      });
      const answer = await fetch(`${url}/deployments`, { method: 'POST', headers, body });
      const { requestId } = (await answer.json()) as { requestId: string };
      const record = await until(async () => (await ledger.list('requests', { requestId }, 1))[0]);
      if (!record.deploymentId) throw new Error(`${record.decision}: ${record.reason}`);
      return record.deploymentId;
    },
    async revisions(service) {
      const parent = `projects/${place.project}/locations/${place.region}/services/${service}`;
      const headers = { authorization: `Bearer ${stack.identity.accessToken(accounts.developer)}` };
      const answer = await fetch(`${stack.origin}/v2/${parent}/revisions`, { headers });
      return ((await answer.json()) as { revisions: unknown[] }).revisions.length;
    },
    async deployment(digest, done = isFinished) {
      const end = Date.now() + 60_000;
      for (;;) {
        const found = digest.startsWith('sha256:')
          ? (await ledger.list('deployments', { 'request.digest': digest }, 1))[0]
          : await ledger.get('deployments', digest);
        if (found && done(found)) return found;
        if (Date.now() > end)
          throw new Error(`no end in sight: ${JSON.stringify(found ?? null, null, 1)}\n${logs.join('\n')}`);
        await systemClock.sleep(50);
      }
    },
    async restart(more = {}) {
      await stack.stop();
      stack = await start(more);
    },
    async close() {
      ledger.close();
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return test;
}
