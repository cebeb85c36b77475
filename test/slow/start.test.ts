import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** What a newcomer does: `npm start`, with the state in a folder named without its whole path, and nobody at a terminal. */
const main = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-start-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const start = async (): Promise<string> =>
  (await promisify(execFile)(process.execPath, [main, 'start'], { cwd: home, timeout: 90_000 })).stdout;

it('the first start deploys examples/hello, shows its report and ends by itself', async () => {
  const said = await start();
  expect(said).toContain('Deployed hello v1 to staging');
  expect(said).toMatch(/GET http:\/\/127\.0\.0\.1:\d+ → 200 .*Hello from version 1\.0\.0/);
});

it('a second start finds it live and deploys nothing', async () => {
  const said = await start();
  expect(said).toContain('went live before');
  expect(said).toContain('Hello from version 1.0.0');
});
