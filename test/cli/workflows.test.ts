import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, runHere, type Finished } from './run-cli.ts';

let directory = '';
/** Answers 503 to the first request of a path, then its number. */
let server: Server;
let origin = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-workflows-'));
  const seen = new Map<string, number>();
  server = createServer((request, response) => {
    const count = (seen.get(request.url ?? '') ?? 0) + 1;
    seen.set(request.url ?? '', count);
    response.writeHead(count === 1 ? 503 : 200, { 'content-type': 'application/json' }).end(String(count));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

describe('workflows check', () => {
  it('says of each file whether Google would take it, YAML or JSON', async () => {
    const yaml = await file('good.yaml', '- a: {return: 1}');
    const json = await file('good.json', '[{"a": {"return": 1}}]');
    expect(await runHere(['workflows', 'check', yaml, json])).toEqual({
      code: 0,
      stdout: `✓ ${yaml}\n✓ ${json}\n`,
      stderr: '',
    });
  });

  it('shows every problem with the line it is in, marked', async () => {
    const good = await file('good.yaml', '- a: {return: 1}');
    const bad = await file(
      'bad.yaml',
      'main:\n  steps:\n    - a:\n        return: ${y + 1}\n    - b:\n        next: c\n',
    );
    const { code, stdout } = await runHere(['workflows', 'check', bad, good]);
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      `✗ ${bad}:4:17: failed to build: error in step a: error evaluating return value: symbol 'y' is neither a variable nor a sub-workflow name`,
      '     4 |         return: ${y + 1}',
      '       |                 ^',
      expect.stringMatching(/bad\.yaml:6:15: failed to build: error in step b: .*'c'/),
      '     6 |         next: c',
      '       |               ^',
      `✓ ${good}`,
      '',
    ]);
  });

  it('answers as JSON too', async () => {
    const bad = await file('bad.json', '{"main": {"steps": [{"a": {"return": "${y}"}}]}}');
    const { code, stdout } = await runHere(['workflows', 'check', bad, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        file: bad,
        valid: false,
        problems: [{ message: expect.stringContaining("symbol 'y'"), line: 1, column: 38 }],
      },
    ]);
  });

  it.each([
    ['is not there', 'none.yaml'],
    ['is a directory', ''],
  ])('checks nothing when one of its files %s', async (_name, missing) => {
    const good = await file('good.yaml', '- a: {return: 1}');
    const { code, stdout, stderr } = await runHere(['workflows', 'check', good, join(directory, missing)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${missing} cannot be read`);
  });

  it.each([
    ['an empty file', '', '1:1', 'error in the source: it is empty'],
    ['a file of comments', '# nothing yet\n', '1:1', 'error in the source: it is empty'],
    [
      'a file of 128 KiB and a byte',
      `#${' '.repeat(128 * 1024)}`,
      '1:1',
      'the source has 131073 bytes, the limit is 131072',
    ],
    ['JSON that breaks off', '[{"a": {"return": 1}}', '1:22', ''],
    ['two documents', '- a: {return: 1}\n---\n', '2:1', 'the source has more than one YAML document'],
    ['no text at all', '\0\uFFFD', '1:1', ''],
  ])('names a place in %s', async (_name, text, place, message) => {
    const path = await file('odd.yaml', text);
    const { code, stdout, stderr } = await runHere(['workflows', 'check', path]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const [first, line, mark] = stdout.split('\n');
    expect(first).toContain(`✗ ${path}:${place}: failed to build: ${message}`);
    expect(line).toMatch(new RegExp(`^ *${place.split(':')[0]} \\|`));
    expect(mark).toMatch(/^ *\| *\^$/);
  });

  it('reads standard input as -', async () => {
    const good = await runHere(['workflows', 'check', '-'], {}, '- a: {return: 1}');
    expect(good).toEqual({ code: 0, stdout: '✓ -\n', stderr: '' });
    const bad = await runHere(['workflows', 'check', '-'], {}, '- a: {return: "${x}"}');
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/^✗ -:1:\d+: failed to build/);
    const run = await runHere(['workflows', 'run', '-'], {}, '[{"a": {"return": "${2 + 3}"}}]');
    expect(run).toEqual({ code: 0, stdout: '5\n', stderr: '' });
  });

  it('needs a file', async () => {
    expect((await runHere(['workflows', 'check'])).code).toBe(2);
  });
});

describe('workflows run', () => {
  const run = async (text: string, ...words: string[]): Promise<Finished> =>
    runHere(['workflows', 'run', await file('w.yaml', text), ...words]);

  it('prints the result as JSON, ints in full', async () => {
    const text = `main: {params: [args], steps: [{a: {return: {n: "\${args.n + 1}", who: '\${sys.get_env("WHO")}'}}}]}`;
    const { code, stdout, stderr } = await run(text, '--data', '{"n": 9007199254740992}', '--env', 'WHO=me');
    expect(code).toBe(0);
    expect(stdout).toBe('{\n  "n": 9007199254740993,\n  "who": "me"\n}\n');
    expect(stderr).toBe('');
  });

  it('prints the error map on standard error', async () => {
    const { code, stdout, stderr } = await run('- a: {return: "${1 / 0}"}');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ tags: ['ZeroDivisionError'] });
  });

  it('shows what is wrong with a file and does not run it', async () => {
    const { code, stdout, stderr } = await run('- a: {call: nothing.at_all}');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/w\.yaml:1:\d+: failed to build: error in step a: .*nothing\.at_all.*\n.*- a:/);
  });

  it('says as one JSON document, too, what is wrong with a file', async () => {
    const { code, stdout, stderr } = await run('- a: {call: nothing.at_all}', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      file: join(directory, 'w.yaml'),
      valid: false,
      problems: [{ message: expect.stringContaining('nothing.at_all'), line: 1, column: expect.any(Number) }],
    });
  });

  const retries = (): string => `
- ask:
    try: {call: http.get, args: {url: "${origin}/PATH"}, result: answer}
    retry: \${http.default_retry}
- rest: {call: sys.sleep, args: {seconds: 3600}}
- done: {return: "\${answer.body}"}
`;

  it('traces steps, tries and waits, and counts billed steps, without waiting on the virtual clock', async () => {
    const started = Date.now();
    const words = ['--trace', '--clock', 'virtual'];
    const { code, stdout, stderr } = await run(retries().replace('PATH', 'traced'), ...words);
    expect(Date.now() - started).toBeLessThan(10_000);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2\n' });
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^ *\d+\.\d+ s /, ''))).toEqual([
      'ask (try retry except)',
      '  try',
      '    ask (std lib call)',
      expect.stringMatching(/^ {4}✗ ask: \{.*"code":503/),
      '  … waits 1 s before the next try',
      '  retry 1',
      '    ask (std lib call)',
      'rest (std lib call)',
      '  … sleeps 3600 s',
      'done (return)',
      '6 billed steps: 6 internal, 0 external',
    ]);
    expect(Number.parseFloat(lines.at(-2)!)).toBeGreaterThanOrEqual(3601);
  });

  it('counts a wait for a callback as an external step', async () => {
    const source = `
- endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: c}
- wait: {call: events.await_callback, args: {callback: "\${c}", timeout: 43200}}`;
    const { code, stderr } = await run(source, '--trace', '--clock', 'virtual');
    expect(code).toBe(1);
    expect(stderr).toContain('… waits for a callback, 43200 s at most');
    expect(stderr).toContain('2 billed steps: 1 internal, 1 external');
    expect(stderr).toContain('"TimeoutError"');
  });

  it('answers everything as one JSON document', async () => {
    const words = ['--trace', '--clock', 'virtual', '--json'];
    const { code, stdout } = await run(retries().replace('PATH', 'json'), ...words);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout) as { trace: { kind: string; seconds?: number; why?: string }[] };
    expect(answer).toMatchObject({
      state: 'SUCCEEDED',
      result: 2,
      billedSteps: { internal: 6, external: 0 },
    });
    expect(answer.trace.filter(({ kind }) => kind === 'wait')).toMatchObject([
      { seconds: 1, why: 'retry' },
      { seconds: 3600, why: 'sleep' },
    ]);
    const failed = await run('- a: {raise: {code: 7}}', '--json');
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      state: 'FAILED',
      error: { code: 7 },
      context: expect.stringContaining('in step "a"'),
      stackTrace: [{ step: 'a' }],
    });
  });

  it('shows what the workflow logs on standard error', async () => {
    const { stderr } = await run('- a: {call: sys.log, args: {text: hello, severity: WARNING}}');
    expect(stderr).toBe('WARNING "hello"\n');
  });

  it.each([
    ['data that is no JSON', ['--data', '{'], /--data is not JSON/],
    ['a variable without a value', ['--env', 'A'], /--env "A": expected KEY=VALUE/],
    ['an unknown clock', ['--clock', 'sundial'], /system, virtual/],
  ])('refuses %s', async (_name, words, says) => {
    const { code, stderr } = await run('- a: {return: 1}', ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });

  it('says so when Google would refuse a variable', async () => {
    const { code, stderr } = await run('- a: {return: 1}', '--env', 'GOOGLE_X=1');
    expect(code).toBe(2);
    expect(stderr).toContain('GOOGLE');
  });
});

describe('a run in a process of its own', () => {
  const main = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));
  const waits = `
- create: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
- wait: {call: events.await_callback, args: {callback: "\${callback}"}, result: got}
- done: {return: "\${got.http_request.body}"}
`;

  async function start(...words: string[]): Promise<{
    hint: string;
    process: ReturnType<typeof spawn>;
    ended: Promise<Finished>;
  }> {
    const path = await file('waits.yaml', waits);
    const child = spawn(process.execPath, [main, 'workflows', 'run', path, ...words], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...texts }));
    while (!texts.stderr.includes('\n')) await once(child.stderr, 'data');
    return { hint: texts.stderr.trim(), process: child, ended };
  }

  it('waits for the callback it shows the command for', async () => {
    const { hint, ended } = await start();
    expect(hint).toMatch(/^callback curl -X POST .* http:\/\/127\.0\.0\.1:/);
    const url = hint.split(' ').at(-1)!;
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
    const authorization = /Bearer [^']+/.exec(hint)![0];
    const headers = { authorization, 'content-type': 'application/json' };
    expect((await fetch(url, { method: 'POST', headers, body: '{"ok": true}' })).status).toBe(200);
    expect(await ended).toMatchObject({ code: 0, stdout: '{\n  "ok": true\n}\n' });
  });

  it('is cancelled by Ctrl-C', async () => {
    const { process: child, ended } = await start();
    child.kill('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringContaining('Interrupted'),
    });
  });

  it('that is cancelled says so as JSON too', async () => {
    const { process: child, ended } = await start('--json');
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toEqual({ state: 'CANCELLED', billedSteps: { internal: 1, external: 1 } });
  });

  it('says how it is used', async () => {
    const { code, stdout } = await runCli(['workflows', 'run', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('slipway workflows run retries.yaml --trace --clock virtual');
  });
});
