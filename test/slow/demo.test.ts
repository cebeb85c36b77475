import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

it('the demo shows good and bad releases ending as they must', async () => {
  const state = await mkdtemp(join(tmpdir(), 'slipway-demo-'));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  // It rejects when the demo's own verdict is no.
  const { stdout } = await promisify(execFile)(process.execPath, [
    'cli/main.mjs',
    'demo',
    '--json',
    '--state',
    state,
  ]);
  const { cases } = JSON.parse(stdout) as { cases: { name: string; problems: string[] }[] };
  expect(cases.length).toBeGreaterThanOrEqual(7);
  expect(cases.flatMap(({ problems }) => problems)).toEqual([]);
});
