import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKeys } from '#cli/commands/local/keys.ts';
import { slackView } from '#cli/commands/local/slack-view.ts';
import { listenForInterrupts } from '#cli/interrupt.ts';
import { removeStackFile, runningStack, writeStackFile } from '#cli/stack-file.ts';
import { table } from '#cli/table.ts';
import { createTerminal } from '#cli/terminal.ts';
import { ago } from '#cli/words.ts';

describe('the stack file', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-file-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const stack = {
    pid: process.pid,
    origin: 'http://127.0.0.1:5001',
    apiUrl: 'http://127.0.0.1:5001/functions/api',
    metadataHost: '127.0.0.1:5002',
    registryOrigin: 'http://127.0.0.1:5003',
  };

  it('is for its owner alone and gone when removed', async () => {
    await writeStackFile(directory, stack);
    expect((await stat(join(directory, 'stack.json'))).mode & 0o777).toBe(0o600);
    expect(await runningStack(directory)).toEqual(stack);
    await removeStackFile(directory);
    expect(await runningStack(directory)).toBeUndefined();
  });

  it('of a process that died counts as none', async () => {
    await writeStackFile(directory, { ...stack, pid: 2 ** 22 + 1 });
    expect(await runningStack(directory)).toBeUndefined();
  });

  it('that is broken is said to be', async () => {
    await writeFile(join(directory, 'stack.json'), '{');
    await expect(runningStack(directory)).rejects.toThrow('stack.json is not what a local stack writes');
    expect(await readFile(join(directory, 'stack.json'), 'utf8')).toBe('{');
  });
});

describe('interrupts', () => {
  const listen = () => {
    let now = 0;
    const codes: (number | string | null | undefined)[] = [];
    const host = new EventEmitter() as unknown as NodeJS.Process;
    host.exit = ((code) => codes.push(code)) as NodeJS.Process['exit'];
    const { signal } = listenForInterrupts(host, () => now);
    return { host, signal, codes, wait: (ms: number) => (now += ms) };
  };

  it.each(['SIGINT', 'SIGTERM'] as const)('%s asks to stop, and only the second time forces it', (name) => {
    const { host, signal, codes, wait } = listen();
    host.emit(name);
    expect(signal.aborted).toBe(true);
    wait(600);
    expect(codes).toEqual([]);
    host.emit(name);
    expect(codes).toEqual([130]);
  });

  it('that a launcher passes on a second time are one', () => {
    const { host, codes, wait } = listen();
    host.emit('SIGINT');
    wait(20);
    host.emit('SIGINT');
    expect(codes).toEqual([]);
  });
});

describe('keys', () => {
  const open = () => {
    const raw: boolean[] = [];
    const stdin = Object.assign(new EventEmitter(), {
      setRawMode: (on: boolean) => raw.push(on),
      resume: () => undefined,
      pause: () => undefined,
    });
    let stops = 0;
    const keys = readKeys(stdin as never, () => (stops += 1));
    return { stdin, keys, raw, stops: () => stops };
  };

  it('are given one by one, and forgotten while nobody asks', async () => {
    const { stdin, keys } = open();
    stdin.emit('data', Buffer.from('x'));
    const next = keys.next();
    stdin.emit('data', Buffer.from('b'));
    expect(await next).toBe('b');
  });

  it.each(['\u0003', 'q'])('%j stops, whether or not somebody asks', async (key) => {
    const { stdin, keys, stops } = open();
    stdin.emit('data', Buffer.from(key));
    expect(stops()).toBe(1);
    const next = keys.next();
    stdin.emit('data', Buffer.from(key));
    expect(await next).toBeUndefined();
  });

  it('give the terminal back, once asked or at the end of input', async () => {
    const { stdin, keys, raw } = open();
    const next = keys.next();
    stdin.emit('end');
    expect(await next).toBeUndefined();
    keys.close();
    expect(raw).toEqual([true, false]);
  });
});

describe('colour', () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{}, {}, false],
  ])('on %j with %j: %j', (stream, env, color) => {
    const stdout = { ...stream, write: () => true };
    const { paint } = createTerminal({ stdout, stderr: stdout }, env);
    expect(paint('red', 'no') !== 'no').toBe(color);
  });
});

it('a table is aligned whatever is coloured', () => {
  const red = '\u001B[31mfailed\u001B[39m';
  expect(
    table(
      ['STATE', 'ID'],
      [
        [red, 'd1'],
        ['live', 'd2'],
      ],
    ),
  ).toBe(`STATE   ID\n${red}  d1\nlive    d2`);
});

it.each([
  [30, 'just now'],
  [90, '1 min ago'],
  [3 * 3600, '3 h ago'],
  [72 * 3600, '3 days ago'],
  [-5, 'just now'],
])('%d seconds are "%s"', (seconds, words) => {
  expect(ago(new Date(0).toISOString(), seconds * 1000)).toBe(words);
});

it('Slack reads as in Slack: threads below their root, links and dates as words, entities as what they mean', () => {
  const message = { channel: 'C0', broadcast: false, edits: 0, markedEdited: false };
  const view = slackView(
    [
      {
        ...message,
        ts: '1767225600.000001',
        text: 'fallback',
        edits: 2,
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'Deployed' } },
          {
            type: 'section',
            text: {
              type: 'mrkdwn',
              text: '*a &lt;b&gt;* <https://x.test|there> <!date^1^{date}|then>\n\u001B[2Jsecond',
            },
          },
        ],
      },
      { ...message, ts: '1767225601.000002', text: 'only text', threadTs: '1767225600.000001', blocks: [] },
    ],
    'deployments',
    (_, text) => text,
  );
  expect(view).toBe(
    '#deployments\n\n00:00:00 UTC · updated 2 times\nDeployed\na <b> there (https://x.test) then\n[2Jsecond\n\n' +
      '    00:00:01 UTC\n    only text',
  );
  expect(slackView([], 'deployments', (_, text) => text)).toBe('#deployments has no message yet.');
});
