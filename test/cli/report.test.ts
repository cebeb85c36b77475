import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '#test/support/until.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { openApi, token, type ApiServer } from './api-server.ts';
import { runCli, runHere } from './run-cli.ts';

const deployment = finishedAs('rolled-back');
let server: ApiServer;
let directory: string;
let env: Record<string, string>;
beforeAll(async () => {
  server = await openApi();
  await server.put(deployment);
  directory = await mkdtemp(join(tmpdir(), 'slipway-report-'));
  env = { SLIPWAY_API_URL: server.url, SLIPWAY_IDENTITY_TOKEN: token };
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});
const report = (...words: string[]) => runHere(['report', deployment.id, ...words], env);

describe('report', () => {
  it.each([
    ['report.html', /^<!DOCTYPE html>/],
    ['report.md', /^# Rolled back/],
    ['report.json', /^\{\n {2}"reportVersion": 1/],
    ['report.txt', /^↩ Rolled back/],
  ])('writes %s as its ending says', async (name, begins) => {
    const file = join(directory, name);
    expect(await report('--output', file)).toMatchObject({ code: 0, stdout: `The report is in ${file}\n` });
    expect(await readFile(file, 'utf8')).toMatch(begins);
  });

  it('writes as it is told, whatever the ending', async () => {
    const file = join(directory, 'report.page');
    expect((await report('--html', '--output', file)).code).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^<!DOCTYPE html>/);
    expect((await report('--html')).stdout).toMatch(/^<!DOCTYPE html>/);
  });

  it.each([
    ['an ending nobody knows', ['--output', 'report.pdf'], 2, /ends in \.json, \.md, \.html or \.txt/],
    ['a page and Markdown', ['--markdown', '--open'], 2, /Only one of/],
    [
      'a folder that is not there',
      ['--output', '/nowhere/report.md'],
      1,
      /\/nowhere\/report\.md cannot be written/,
    ],
  ])('refuses %s, and says why', async (_, words, code, says) => {
    const result = await report(...words);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(says);
  });

  it.skipIf(process.platform !== 'linux')(
    'opens the page with what shows files here, or says where it is',
    async () => {
      const shown = join(directory, 'shown');
      const opener = join(directory, 'xdg-open');
      await writeFile(opener, `#!/bin/sh\ncp "$1" "${shown}.part" && mv "${shown}.part" "${shown}"\n`);
      await chmod(opener, 0o755);
      const path = `${directory}:${process.env['PATH'] ?? ''}`;
      const opened = await runCli(['report', deployment.id, '--open'], { ...env, PATH: path });
      expect(opened).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^The report is in \S+\.html\n$/),
      });
      await until(async () => {
        const text = await readFile(shown, 'utf8').catch(() => '');
        return text.startsWith('<!DOCTYPE html>') || undefined;
      });
      await rm(opened.stdout.trim().replace('The report is in ', ''));
      const without = await runHere(
        ['report', deployment.id, '--open', '--output', join(directory, 'a.html')],
        {
          ...env,
          PATH: join(directory, 'none'),
        },
      );
      expect(without.code).toBe(1);
      expect(without.stderr).toMatch(/xdg-open could not be started: .*a\.html/);
    },
  );
});
