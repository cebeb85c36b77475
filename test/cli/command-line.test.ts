import { createServer, type AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceFileJsonSchema } from '#shared/config/json-schema.ts';
import { runCli, runHere } from './run-cli.ts';

let directory = '';
/** Of an address where nobody listens. */
let port = 0;
beforeAll(async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  await new Promise((resolve) => server.close(resolve));
  directory = await mkdtemp(join(tmpdir(), 'slipway-cli-'));
  await writeFile(join(directory, 'bad.yaml'), badFile);
  await writeFile(join(directory, 'foreign.txt'), 'not ours');
  for (const [name, stack] of Object.entries({
    stale: stackFile({ pid: 2 ** 22 + 1 }),
    silent: stackFile({ pid: process.pid }),
    broken: '{"pid": "many"}',
  })) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'stack.json'), stack);
  }
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const badFile = `service: hello
image: us-central1-docker.pkg.dev/slipway-local/apps/hello
runtime:
  memory: 512MB
  env:
    - PASSWORD-hunter2
environments:
  staging: { project: slipway-local, region: us-central1 }
`;

const stackFile = (overrides: Record<string, unknown>): string =>
  JSON.stringify({
    origin: `http://127.0.0.1:${port}`,
    apiUrl: `http://127.0.0.1:${port}/functions/api`,
    metadataHost: `127.0.0.1:${port}`,
    registryOrigin: `http://127.0.0.1:${port}`,
    ...overrides,
  });

const id = 'd1f3k7q2x9ab';
const usage: [sentence: string, words: string[], says: RegExp][] = [
  ['no command', [], /Usage: slipway/],
  ['an unknown command', ['deplyo'], /unknown command 'deplyo'[\s\S]*deploy/],
  ['an unknown option', ['status', '--josn'], /unknown option '--josn'/],
  ['a missing argument', ['deploy', 'hello'], /missing required argument 'environment'/],
  ['a digest that is cut', ['deploy', 'hello', 'staging', 'sha256:0123'], /"sha256:0123": expected a tag/],
  [
    'a claim without a change',
    ['deploy', 'hello', 'staging', 'v1', '--claim', 'x'],
    /wants the change it belongs to/,
  ],
  [
    'a change url that is none',
    ['deploy', 'a', 'b', '--change', '1 x', '--change-url', 'javascript:1'],
    /http or https/,
  ],
  [
    'a change without a title',
    ['deploy', 'a', 'b', '--change', '1278'],
    /"1278": expected its id and its title/,
  ],
  ['a count that is none', ['history', 'hello', '-n', '0'], /number from 1 to 200/],
  ['an id that is none', ['show', 'hello'], /deployment id such as/],
  ['a stop without a reason', ['cancel', id], /missing required argument 'reason'/],
  ['a rollback without a reason', ['rollback', 'hello', 'staging'], /required option '--reason <text>'/],
  ['a rollback of a deployment', ['rollback', id, 'slow'], /required option '--reason <text>'/],
  [
    'a reason of blanks',
    ['lock', 'hello', 'staging', '--reason', ' '],
    /It has 0 characters: expected 1 to 300/,
  ],
  ['a lock without a unit', ['lock', 'a', 'b', '--reason', 'x', '--for', '2'], /90m, 2h or 3d/],
  ['a lock for ever and a day', ['lock', 'a', 'b', '--reason', 'x', '--for', '367d'], /at most 366d/],
  [
    'an approval of a deployment',
    ['approve', id],
    /id of an approval such as a1f3k7q2x9ab: slipway approvals/,
  ],
  ['a release from quarantine without a reason', ['quarantine', 'release', 'x'], /--reason/],
  ['two formats at once', ['report', id, '--json', '--markdown'], /not both/],
  ['a file that is not there', ['check', 'nowhere.yaml'], /nowhere\.yaml cannot be read/],
  ['a local push without a tag', ['local', 'push', 'examples/hello'], /--tag/],
];

const lost: [sentence: string, words: string[], env: Record<string, string>, code: number, says: RegExp][] = [
  ['no stack runs', ['--state', 'DIR/none', 'status'], {}, 3, /not running\. Start it: npm start/],
  ['the stack was killed', ['--state', 'DIR/stale', 'status'], {}, 3, /not running\. Start it: npm start/],
  [
    'the stack is silent',
    ['--state', 'DIR/silent', 'status'],
    {},
    3,
    /does not answer at 127\.0\.0\.1:\d+\. Start it again/,
  ],
  ['its file is broken', ['--state', 'DIR/broken', 'status'], {}, 3, /stack\.json is not what/],
  ['the token is missing', ['status'], { SLIPWAY_API_URL: 'https://x.test' }, 3, /print-identity-token/],
  [
    'nobody listens at the address',
    ['status'],
    { SLIPWAY_API_URL: 'http://127.0.0.1:PORT', SLIPWAY_IDENTITY_TOKEN: 'secret-token' },
    3,
    /does not answer at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
  ],
  [
    'a token would be sent in the clear',
    ['status'],
    { SLIPWAY_API_URL: 'http://slipway.test', SLIPWAY_IDENTITY_TOKEN: 'secret-token' },
    2,
    /expected https/,
  ],
  ['a stack runs with the directory', ['--state', 'DIR/silent', 'start'], {}, 2, /runs already with/],
  ['a running stack would be deleted', ['--state', 'DIR/silent', 'local', 'reset'], {}, 2, /Stop it first/],
  ['a foreign directory would be deleted', ['--state', 'DIR', 'local', 'reset'], {}, 2, /no cloud\.db/],
];

describe('the exit code', () => {
  it.concurrent.each(usage)('is 2 for %s, and it is said', async (_, words, says) => {
    const { code, stdout, stderr } = await runCli(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.concurrent.each(lost)('when %s: %j', async (_, words, env, code, says) => {
    const placed = words.map((word) => word.replace('DIR', directory));
    const placedEnv = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replace('PORT', String(port))]),
    );
    const result = await runCli(placed, placedEnv);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(says);
    expect(result.stderr + result.stdout).not.toContain('secret-token');
  });
});

describe('--help', () => {
  const commands = [
    'deploy',
    'status',
    'history',
    'show',
    'report',
    'watch',
    'cancel',
    'take-over',
    'rollback',
    'approvals',
    'approve',
    'reject',
    'lock',
    'unlock',
    'locks',
    'quarantine list',
    'quarantine release',
    'drift',
    'refusals',
    'schema',
    'check',
    'start',
    'demo',
    'local push',
    'local slack',
    'local reset',
  ];
  it.each(commands)('of %s shows examples that name the command', async (command) => {
    const { code, stdout, stderr } = await runHere([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`Examples:\\n  slipway ${command}`));
  });

  it.concurrent('names every command and exit code', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toContain(`\n  ${command.split(' ')[0]}`);
    for (const number of [0, 1, 2, 3]) expect(stdout).toMatch(new RegExp(`\\b${number} \\S`));
  });
});

describe('check', () => {
  it.concurrent('finds the example valid and says for which environments', async () => {
    const { code, stdout } = await runCli(['check', 'examples/services/hello.yaml']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '✓ examples/services/hello.yaml: hello in staging\n',
    });
  });

  it.concurrent('shows each problem with its line marked, and no line that may hold a secret', async () => {
    const { code, stdout } = await runCli([
      'check',
      'examples/services/hello.yaml',
      join(directory, 'bad.yaml'),
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /bad\.yaml:4:11 runtime\.memory: "512MB" — .*\n {5}4 \| {3}memory: 512MB\n {7}\| {11}\^\n/,
    );
    expect(stdout).toMatch(/bad\.yaml:\d+:\d+ runtime\.env/);
    expect(stdout).not.toContain('hunter2');
    expect(stdout).not.toContain('\u001B');
  });

  it.concurrent('gives machines the problems with their places', async () => {
    const { code, stdout } = await runCli(['check', '--json', join(directory, 'bad.yaml')]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        valid: false,
        problems: expect.arrayContaining([expect.objectContaining({ line: 4, path: 'runtime.memory' })]),
      },
    ]);
  });
});

it('schema prints the schema that editors get', async () => {
  const { code, stdout } = await runCli(['schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(serviceFileJsonSchema())));
});
