import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scriptedSlack, type ScriptedSlack } from '#test/support/scripted-slack.ts';

/** `npm start` with a workspace of one's own in the environment; a scripted one stands for Slack's. */
const main = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));
const token = 'xoxb-a-real-token';
const secret = 'a-real-signing-secret';
let home: string;
let slack: ScriptedSlack;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-start-'));
  let count = 0;
  slack = await scriptedSlack({
    'chat.postMessage': () => ({
      channel: 'C0REAL001',
      ts: `1767225600.${String((count += 1)).padStart(6, '0')}`,
    }),
    'chat.update': ({ ts = '' }) => ({ channel: 'C0REAL001', ts }),
    'conversations.history': { messages: [] },
  });
});
afterAll(async () => {
  await slack.close();
  await rm(home, { recursive: true, force: true });
});

it('posts to that workspace, and neither prints nor keeps its secrets', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, 'start'], {
    cwd: home,
    timeout: 90_000,
    env: {
      PATH: process.env['PATH'],
      SLACK_BOT_TOKEN: token,
      SLACK_SIGNING_SECRET: secret,
      SLACK_API_ENDPOINT: slack.endpoint,
    },
  });
  expect(stdout).toContain('Messages go to the workspace of SLACK_BOT_TOKEN');
  expect(stdout).toContain('Deployed hello v1 to staging');
  const posted = slack.calls.filter(({ method }) => method === 'chat.postMessage');
  expect(posted.map(({ given }) => given['text'])).toContainEqual(expect.stringContaining('hello'));
  expect(slack.calls.map((call) => call.token)).toEqual(slack.calls.map(() => token));

  expect(stdout + stderr).not.toMatch(/a-real-/);
  const files = await readdir(home, { recursive: true, withFileTypes: true });
  const kept = files.filter((file) => file.isFile());
  expect(kept.length).toBeGreaterThan(5);
  const holding: string[] = [];
  for (const { parentPath, name } of kept) {
    const content = await readFile(join(parentPath, name));
    if (content.includes(token) || content.includes(secret)) holding.push(name);
  }
  expect(holding).toEqual([]);
});
