import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { functionFiles } from '#cli/build/build.ts';
import { zipOf } from '#cli/build/zip.ts';
import targets from '#functions/targets.json' with { type: 'json' };
import { place } from '#local/place.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
import { noEmulator, startEmulator } from '#test/support/firestore-emulator.ts';
import { openTestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** The archive that Terraform uploads, unpacked and started as the buildpack does: by the real functions-framework. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const env = {
  PATH: process.env['PATH'] ?? '',
  SLIPWAY_PROJECT: 'slipway-local',
  SLIPWAY_PROJECT_NUMBER: '424242424242',
  SLIPWAY_REGION: 'us-central1',
  SLIPWAY_BUCKET: 'slipway',
  SLIPWAY_LEDGER: 'sqlite::memory:',
  SLACK_SIGNING_SECRET: 's',
  SLACK_TEAM_IDS: 'T0LOCAL',
  // Nothing answers there.
  GCE_METADATA_HOST: '127.0.0.1:9',
};
let folder: string;
let files: Map<string, string>;
let child: ChildProcess | undefined;

beforeAll(async () => {
  files = await functionFiles();
  folder = await mkdtemp(join(tmpdir(), 'slipway-bundles-'));
  for (const [name, content] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  // Only what the archive's own lockfile has.
  const lock = JSON.parse(files.get('package-lock.json') ?? '') as { packages: Record<string, unknown> };
  for (const path of Object.keys(lock.packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path)) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(join(root, path), join(folder, path));
  }
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** @returns the address of a function, once it listens */
async function started(target: string): Promise<string> {
  const port = await freePort();
  let said = '';
  const framework = join(folder, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
  const started = spawn(process.execPath, [framework, `--source=${folder}`], {
    env: { ...env, FUNCTION_TARGET: target, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (started.exitCode !== null) throw new Error(`${target} ended with ${started.exitCode}: ${said}`);
    return fetch(`${url}/`, { method: 'HEAD' }).catch(() => undefined);
  });
  return url;
}

const message = { message: { data: Buffer.from('{"version":0}').toString('base64'), messageId: '1' } };
const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

test('the same sources make the same archive, byte for byte', async () => {
  const again = await zipOf(await functionFiles());
  expect((await zipOf(files)).equals(again)).toBe(true);
});

describe('a bundle starts by itself and answers:', () => {
  const called = targets.targets.filter(({ topic }) => topic !== undefined);

  test.each(called)(
    '$name refuses what is no message of its topic, and keeps it',
    async ({ name, topic }) => {
      const url = await started(name);
      const answer = await post(`${url}/projects/slipway-local/topics/${topic}`, JSON.stringify(message));
      // reconcile takes every tick for one; there is nothing to do, but nobody to ask for service files either.
      expect(answer.status).toBe(name === 'reconcile' ? 500 : 204);
    },
  );

  test('api wants to know who calls', async () => {
    const answer = await fetch(`${await started('api')}/deployments`);
    expect(answer.status).toBe(401);
  });

  test('chatops believes nothing that Slack has not signed', async () => {
    const answer = await post(await started('chatops'), '{}');
    expect(answer.status).toBe(401);
  });
});

describe('a whole deployment runs with nothing but the archive', () => {
  const deploys = async (
    functionsEnv: Record<string, string>,
    ledger?: Ledger,
  ): Promise<string | undefined> => {
    const stack = await openTestStack(
      { entry: join(folder, 'functions/bundle/index.mjs'), functionsEnv },
      ledger,
    );
    try {
      await stack.serviceFile();
      const done = await stack.deployment(await stack.pushHello({ version: '1.0.0' }, 'v1'));
      return done.result?.outcome;
    } finally {
      await stack.close();
    }
  };

  test("Google's and Slack's clients work from there", async () => {
    expect(await deploys({})).toBe('live');
  });

  test.skipIf(noEmulator() !== undefined)('and the ledger in Firestore', async () => {
    const emulator = await startEmulator();
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator.host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    try {
      const ledger = openFirestoreLedger({ project: place.project, database: '(default)' });
      expect(
        await deploys(
          { SLIPWAY_LEDGER: 'firestore:(default)', FIRESTORE_EMULATOR_HOST: emulator.host },
          ledger,
        ),
      ).toBe('live');
    } finally {
      vi.unstubAllEnvs();
      await emulator.stop();
    }
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
