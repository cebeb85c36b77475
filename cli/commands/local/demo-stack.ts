import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, place } from '#local/place.ts';
import { startStack, type Stack } from '#local/stack.ts';
import { systemClock } from '#shared/clock.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const patienceMs = 90_000;

/** A stack of its own for a demonstration, gone afterwards. */
export interface DemoStack {
  stack: Stack;
  ledger: Ledger;
  /** Puts a service file there. */
  upload(service: string, text: string): Promise<void>;
  /** Puts an object into Slipway's bucket. */
  put(name: string, type: string, content: string | Buffer): Promise<void>;
  /** An object of Slipway's bucket, as soon as it is there. */
  object(name: string): Promise<string>;
  /** Puts examples/services/hello.yaml there under another name, with other sections laid over it. */
  serviceFile(service: string, sections: Record<string, unknown>): Promise<void>;
  /** @returns the image's digest */
  push(service: string, release: Record<string, unknown>, tag: string): Promise<string>;
  /** Waits for a deployment of that digest until `done`, which is "finished" unless told otherwise. */
  deployment(
    service: string,
    digest: string,
    done?: (deployment: Deployment) => boolean,
  ): Promise<Deployment>;
  /** Looks until there is something. */
  until<T>(what: string, look: () => Promise<T | undefined>): Promise<T>;
  /** Calls the api function as the developer. */
  api(method: string, path: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

export async function openDemoStack(signal: AbortSignal, hosts = 1): Promise<DemoStack> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-demo-'));
  const stack = await startStack({ directory, hosts, reconcileEveryMs: 2000, retryMinimumSeconds: 1 });
  const ledger = openSqliteLedger(join(directory, 'ledger.db'));

  const developer = () => ({ authorization: `Bearer ${stack.identity.accessToken(accounts.developer)}` });

  const demo: DemoStack = {
    stack,
    ledger,
    async serviceFile(service, sections) {
      const file = parse(await readFile(join(examples, 'services/hello.yaml'), 'utf8')) as {
        runtime: Record<string, unknown>;
      };
      const image = `${place.registryHost}/${place.repository}/${service}`;
      // Services that share an account are advised against.
      const runtime = {
        ...file.runtime,
        serviceAccount: `${service}@${place.project}.iam.gserviceaccount.com`,
      };
      await demo.upload(service, stringify({ ...file, service, image, runtime, ...sections }));
    },
    upload: (service, text) => demo.put(`services/${service}.yaml`, 'application/yaml', text),
    async put(name, type, content) {
      const url = `${stack.origin}/upload/storage/v1/b/${place.bucket}/o?uploadType=media&name=${name}`;
      const headers = { ...developer(), 'content-type': type };
      const body = typeof content === 'string' ? content : new Uint8Array(content);
      const answer = await fetch(url, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    },
    object(name) {
      const url = `${stack.origin}/storage/v1/b/${place.bucket}/o/${encodeURIComponent(name)}?alt=media`;
      return demo.until(name, async () => {
        const answer = await fetch(url, { headers: developer() });
        return answer.ok ? answer.text() : undefined;
      });
    },
    push: (service, release, tag) =>
      pushFolder({
        directory: join(examples, 'hello'),
        replace: { 'release.json': JSON.stringify(release) },
        endpoint: stack.registryOrigin,
        token: stack.identity.accessToken(accounts.developer),
        name: `${place.repository}/${service}`,
        tag,
      }),
    deployment: (service, digest, done = isFinished) =>
      demo.until(`the deployment of ${service} ${digest}`, async () => {
        const [found] = await ledger.list('deployments', { service, 'request.digest': digest }, 1);
        return found && done(found) ? found : undefined;
      }),
    async until(what, look) {
      const end = Date.now() + patienceMs;
      for (;;) {
        signal.throwIfAborted();
        const seen = await look();
        if (seen !== undefined) return seen;
        if (Date.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain for ${what}`);
        await systemClock.sleep(25, signal);
      }
    },
    async api(method, path, body) {
      const url = `${stack.origin}/functions/api`;
      const authorization = `Bearer ${await stack.identity.idToken(accounts.developer, url)}`;
      return fetch(url + path, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    async close() {
      ledger.close();
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return demo;
}
