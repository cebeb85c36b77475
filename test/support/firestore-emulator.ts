import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';

/** Google's Firestore emulator, running. */
export interface Emulator {
  /** For `FIRESTORE_EMULATOR_HOST`. */
  host: string;
  stop(): Promise<void>;
}

/** What it takes to start it, or why it cannot be started here. */
type Found = { java: string; jar: string; missing?: never } | { missing: string };

const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

/** The emulator comes with the gcloud SDK's component `cloud-firestore-emulator` and runs on Java. */
function findEmulator(): Found {
  const gcloud = onPath('gcloud');
  if (gcloud === undefined) return { missing: 'there is no gcloud on the PATH' };
  const component = join(dirname(dirname(realpathSync(gcloud))), 'platform/cloud-firestore-emulator');
  const jar = join(component, 'cloud-firestore-emulator.jar');
  if (!existsSync(jar)) return { missing: `gcloud's component cloud-firestore-emulator is not installed` };
  const java = onPath('java');
  return java === undefined ? { missing: 'there is no java on the PATH' } : { java, jar };
}

/** Why there is no emulator here, printed; undefined when there is one. For `describe.skipIf`. */
export function noEmulator(): string | undefined {
  const { missing } = findEmulator();
  if (missing !== undefined) console.warn(`The ledger on Firestore is NOT TESTED: ${missing}.`);
  return missing;
}

/** Starts it on a free port of 127.0.0.1. @throws Error with its output when it does not come up */
export async function startEmulator(): Promise<Emulator> {
  const found = findEmulator();
  if (found.missing !== undefined) throw new Error(found.missing);
  const port = await freePort();
  const main = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';
  const flags = ['-Xmx256m', '-Duser.language=en', '-cp', found.jar, main];
  const child = spawn(found.java, [...flags, '--host=127.0.0.1', `--port=${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit');
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('Dev App Server is now running')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the Firestore emulator ended (${code}): ${output}`)));
  });
  return {
    host: `127.0.0.1:${port}`,
    async stop() {
      process.off('exit', kill);
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
