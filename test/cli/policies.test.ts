import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api } from '#functions/triggers/api.ts';
import type { Drift } from '#shared/domain/drift.ts';
import { exit } from '#cli/exit.ts';
import { connect, runDeployment, type Engine } from '#test/support/engine.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';
import { runHere, type Finished } from './run-cli.ts';
import { serve, tokenOf, type Served } from './serve.ts';

/** Slipway itself behind the api: what a command asks for is done, on the world's clock, before it is answered. */
interface Slipway {
  world: World;
  engine: Engine;
  served: Served;
  as: (who: string, words: string[], typed?: string) => Promise<Finished>;
}

const open: Slipway[] = [];
afterAll(() => Promise.all(open.map(({ served }) => served.close())));

async function start(file = serviceFile()): Promise<Slipway> {
  const world = createWorld();
  world.configure(file);
  const engine = connect(world);
  const served = await serve(async (request) => {
    const answer = await world.finish(api(world.deps, request));
    await engine.idle();
    return answer;
  });
  const as: Slipway['as'] = (who, words, typed) =>
    runHere(
      words,
      { SLIPWAY_API_URL: served.url, SLIPWAY_IDENTITY_TOKEN: tokenOf(`${who}@example.com`) },
      typed,
    );
  const slipway = { world, engine, served, as };
  open.push(slipway);
  return slipway;
}

/** The command that a refusal names, as somebody would type it. */
function named(text: string, why: string): string[] {
  const [, words = ''] = /slipway (\S[^;\n]*) …/.exec(text) ?? [];
  return [...words.split(' '), why];
}

describe('lock, unlock and locks', () => {
  it('keep others out, say whose lock it is, and can be taken over by the command that the refusal names', async () => {
    const { world, as } = await start();
    world.release('v1');
    expect((await as('ana', ['locks'])).stdout).toMatch(/^Nobody holds a lock/);
    const locked = await as('ana', ['lock', 'hello', 'staging', '--reason', 'release day', '--for', '2h']);
    expect(locked).toMatchObject({ code: 0, stderr: '' });
    expect(locked.stdout).toMatch(/^hello staging is locked until 2026-01-01 02:00:\d\d UTC\.\n/);
    const list = await as('bob', ['locks']);
    expect(list.stdout).toMatch(
      /^hello +staging +ana@example\.com .* 2026-01-01 02:00:\d\d UTC +release day$/m,
    );

    const refused = await as('bob', ['deploy', 'hello', 'staging', 'v1']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stdout).toMatch(/^Refused: locked by ana@example\.com since .*: release day; /);
    const taken = await as('bob', named(refused.stdout, 'ana is away'));
    expect(taken.stdout).toMatch(
      /^hello staging is locked until somebody unlocks it; it was locked by ana@example\.com: release day\.\n/,
    );
    const unlock = await as('ana', ['unlock', 'hello', 'staging', '--reason', 'x']);
    expect(unlock).toMatchObject({ code: 1, stdout: '' });
    expect((await as('ana', named(unlock.stderr, 'I am back'))).stdout).toBe(
      'hello staging is unlocked; it was locked by bob@example.com: ana is away.\n',
    );
    expect((await as('bob', ['locks'])).stdout).toMatch(/^Nobody holds a lock/);
    const json = JSON.parse((await as('bob', ['locks', '--json'])).stdout) as { history: unknown[] }[];
    expect(json[0]?.history).toMatchObject([
      { change: 'locked', by: 'ana@example.com' },
      {
        change: 'stolen',
        by: 'bob@example.com',
        reason: 'ana is away',
        before: { owner: 'ana@example.com' },
      },
      { change: 'broken', by: 'ana@example.com', reason: 'I am back', before: { owner: 'bob@example.com' } },
    ]);
  });

  it.each([
    ['lock', 'stagin', /known: hello staging/],
    ['unlock', 'staging', /hello staging is not locked/],
  ])('%s of %s is wrong usage, and it is said why', async (command, environment, says) => {
    const { as } = await start();
    const result = await as('ana', [command, 'hello', environment, '--reason', 'x']);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
  });
});

describe('approvals', () => {
  const needing = serviceFile().replace(
    "policy: { autoDeploy: ['*'] }",
    'policy: { approvals: { required: 2, from: [ana@example.com, bob@example.com, eve@example.com] } }',
  );
  const idIn = (text: string): string => /slipway approve (a\w{11})/.exec(text)?.[1] ?? '';

  it('deploy waits for enough people, says each yes, and goes on to the end', async () => {
    const { world, as } = await start(needing);
    const digest = world.release('v1');
    expect((await as('ana', ['approvals'])).stdout).toMatch(/^No request waits for an approval/);
    const why = ['--reason', 'the shop is slow', '--change', '#12 Faster'];
    const going = as('ana', ['deploy', 'hello', 'staging', 'v1', ...why]);
    const id = await until(async () => (await world.deps.ledger.list('approvals'))[0]?.id);
    const list = await as('bob', ['approvals']);
    expect(list.stdout).toMatch(
      new RegExp(
        `^${id} +hello +staging +v1 \\(${digest.slice(7, 19)}\\) +open +ana@example.com +– +2 +2026-`,
        'm',
      ),
    );
    const bobs = await as('bob', ['approve', id, '--reason', 'tested', '--yes']);
    expect(bobs).toMatchObject({ code: 0, stderr: '' });
    expect(bobs.stdout).toContain(
      `digest       ${digest}\n  asked for by ana@example.com\n  reason       the shop is slow\n  change       #12: Faster\n`,
    );
    expect(bobs.stdout).toContain(
      'missing      2 of 2, from ana@example.com, bob@example.com, eve@example.com',
    );
    expect(bobs.stdout).toMatch(/Your yes is taken\. 1 more must say yes\.\n$/);
    expect((await as('eve', ['approve', id, '--yes'])).stdout).toMatch(
      /Approved\. .*slipway status hello staging/,
    );

    const { code, stdout } = await going;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Awaits approval: 2 of ana@example\.com, .* must approve\n/);
    expect(idIn(stdout)).toBe(id);
    expect(stdout).toMatch(
      /\nbob@example\.com says yes \(tested\): 1 of 2\neve@example\.com says yes: 2 of 2\nAdmitted as d/,
    );
    expect(stdout).toContain('live: ');
    const deployment = await world.newest();
    expect((await as('bob', ['show', deployment.id])).stdout).toContain(
      'Approved by bob@example.com, eve@example.com\n',
    );
    const all = await as('bob', ['approvals', '--all']);
    expect(all.stdout).toContain(`approved, ${deployment.id}`);
    const late = await as('bob', ['reject', id]);
    expect(late.code).toBe(1);
    expect(late.stdout).toContain(`It is too late: approved, ${deployment.id}. To stop it: slipway cancel`);
  });

  it('a no ends the request, whose deploy then says so', async () => {
    const { world, as } = await start(needing);
    world.release('v1');
    const going = as('ana', ['deploy', 'hello', 'staging', 'v1', '--json']);
    const id = await until(async () => (await world.deps.ledger.list('approvals'))[0]?.id);
    const no = await as('bob', ['reject', id, '--reason', 'not on a Friday']);
    expect(no).toMatchObject({ code: 0 });
    expect(no.stdout).toContain('rejected by bob@example.com');
    const { code, stdout, stderr } = await going;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      decision: 'refused',
      reason: 'rejected by bob@example.com: not on a Friday',
      approvalId: id,
      deployment: null,
    });
    expect(stderr).toContain('Refused: rejected by bob@example.com');
    const late = await as('eve', ['approve', id]);
    expect(late).toMatchObject({ code: 1, stdout: expect.stringContaining('too late: rejected by bob@') });
  });

  it('with --no-wait deploy ends at once, done as asked, and names the commands', async () => {
    const { world, as } = await start(needing);
    world.release('v1');
    const { code, stdout } = await as('ana', ['deploy', 'hello', 'staging', 'v1', '--no-wait']);
    expect(code).toBe(0);
    const own = await as('ana', ['approve', idIn(stdout), '--yes']);
    expect(own).toMatchObject({ code: 1, stderr: expect.stringMatching(/asked for it: somebody else has/) });
    const unknown = await as('bob', ['approve', 'a00000000000', '--yes']);
    expect(unknown).toMatchObject({ code: 2, stderr: 'there is no approval a00000000000\n' });
  });

  it.each([
    [undefined, 2, /add --yes/, 0],
    ['no\n', 1, /Nothing was done/, 0],
    ['', 1, /Nothing was done/, 0],
    ['yes\n', 0, /Type yes:/, 1],
  ])('approve of a person who types %j is exit code %d', async (typed, code, says, words) => {
    const { world, as } = await start(needing);
    const digest = world.release('v1');
    await as('ana', ['deploy', 'hello', 'staging', 'v1', '--no-wait']);
    const [approval] = await world.deps.ledger.list('approvals');
    const result = await as('bob', ['approve', approval!.id], typed);
    expect(result).toMatchObject({ code, stderr: expect.stringMatching(says) });
    expect(result.stderr).toContain(`Approve ${digest} for hello staging?`);
    const kept = await world.deps.ledger.get('approvals', approval!.id);
    expect(kept?.approvals).toHaveLength(words);
  });
});

describe('quarantine', () => {
  it('is shown, and let go by the command that the refusal names', async () => {
    const { world, as } = await start();
    expect((await as('ana', ['quarantine', 'list'])).stdout).toMatch(/^No release is in quarantine/);
    world.release('v1', { answer: ({ path }) => ({ status: path === '/' ? 500 : 200, body: '' }) });
    const failed = await as('ana', ['deploy', 'hello', 'staging', 'v1']);
    expect(failed).toMatchObject({ code: exit.no, stdout: expect.stringContaining('failed: ') });
    const list = await as('bob', ['quarantine', 'list']);
    expect(list.stdout).toMatch(/^hello\.staging\.\S+ +v1 \(\w{12}\) +held .* ana@example\.com +validate/m);

    const refused = await as('ana', ['deploy', 'hello', 'staging', 'v1']);
    expect(refused.stdout).toMatch(/^Refused: in quarantine since d\w{11} of ana@example\.com: validate/);
    const release = await as('bob', named(refused.stdout, 'the database is back'));
    expect(release).toMatchObject({ code: 0, stderr: '' });
    expect(release.stdout).toMatch(/let go by bob@example\.com\. .*: slipway deploy hello staging v1\n$/);
    expect((await as('bob', ['quarantine', 'list'])).stdout).toMatch(/^No release is in quarantine/);
    expect((await as('bob', ['quarantine', 'list', '--all'])).stdout).toContain('let go by bob@example.com');
    const unknown = await as('bob', ['quarantine', 'release', 'hello.staging.x', '--reason', 'x']);
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('known: slipway quarantine list'),
    });
  });
});

it('a freeze is overridden by the command that its refusal names, and the record says so', async () => {
  const freeze = `freeze: [{ name: holidays, start: '2025-12-24T00:00', end: '2027-01-06T00:00', timeZone: UTC }]`;
  const { world, as } = await start(serviceFile().replace("autoDeploy: ['*']", freeze));
  world.release('v1');
  const refused = await as('ana', ['deploy', 'hello', 'staging', 'v1']);
  expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Refused: frozen: holidays/) });
  const again = await as('ana', named(refused.stdout, 'the site is down'));
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('the site is down') });
  const { id } = await world.newest();
  expect((await as('ana', ['report', id])).stdout).toMatch(
    /In spite of .*holidays.*, by ana@example\.com: the site/,
  );
});

describe('rollback', () => {
  let slipway: Slipway;
  let ids: string[];
  beforeAll(async () => {
    slipway = await start();
    ids = [];
    for (const tag of ['v1', 'v2', 'v3'])
      ids.push((await runDeployment(slipway.world, tag, slipway.engine)).id);
  });
  const rollback = (...more: string[]): string[] => [
    'rollback',
    'hello',
    'staging',
    '--reason',
    'broken',
    ...more,
  ];

  it.each([
    ['nobody can be asked', undefined, exit.usage, /add --yes/],
    [
      'a person says no',
      'n\n',
      exit.no,
      /Put hello staging back to what served before.* Type yes:\nNothing was done/,
    ],
  ])('changes nothing when %s', async (_, typed, code, says) => {
    const writes = slipway.world.run.writes.length;
    const result = await slipway.as('ana', rollback(), typed);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
    expect(slipway.world.run.writes).toHaveLength(writes);
  });

  it('puts the traffic back and says what serves as Cloud Run said it', async () => {
    const { code, stdout } = await slipway.as('ana', rollback(), 'y\n');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        `hello staging is rolled back; ${ids[2]} is taken back.\n` +
        `Serves now: hello-${ids[1]} 100 %\n` +
        `Seen: Cloud Run: hello-${ids[1]} 100 %; service: GET /healthz answered 200\n` +
        `What led to it: slipway report ${ids[2]}\n`,
    });
    const json = await slipway.as('ana', rollback('--to', `hello-${ids[0]}`, '--yes', '--json'));
    expect(JSON.parse(json.stdout)).toMatchObject({
      status: 'done',
      serving: [{ revision: `hello-${ids[0]}`, percent: 100 }],
    });
  });

  it('is a no where there is nothing to go back to', async () => {
    const result = await slipway.as('ana', rollback('--to', 'hello-nothing', '--yes'));
    expect(result).toMatchObject({
      code: exit.no,
      stderr: expect.stringContaining('hello-nothing is not there'),
    });
  });

  it.each([
    [
      { status: 504, body: '{"error":"not verified: the traffic is as before"}' },
      /not verified: the traffic/,
    ],
    ['cut' as const, /does not answer/],
  ])(
    'that was not seen to be done (%j) is no success, and not to be repeated blindly',
    async (fault, says) => {
      slipway.served.next(fault);
      const result = await slipway.as('ana', rollback('--to', `hello-${ids[0]}`, '--yes'));
      expect(result).toMatchObject({ code: exit.no, stdout: '', stderr: expect.stringMatching(says) });
      expect(result.stderr).toMatch(/Whether it was done is not known[\s\S]*--to/);
    },
  );
});

it('a refused push of what was live before names the rollback as it has to be typed', async () => {
  const { world, engine, as } = await start();
  const first = await runDeployment(world, 'v1', engine);
  await runDeployment(world, 'v2', engine);
  await runDeployment(world, 'v1', engine);
  const refused = (await world.deps.ledger.list('requests')).find(({ decision }) => decision === 'refused');
  const result = await as('ana', [...named(refused?.reason ?? '', 'v2 is slow'), '--yes']);
  expect(result).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Serves now: hello-${first.id} 100 %`),
  });
});

describe('drift', () => {
  const drift: Drift = {
    service: 'hello',
    environment: 'staging',
    kind: 'traffic',
    expected: 'hello-a 100 %',
    observed: 'hello-b\u001B[2J 100 %',
    deploymentId: 'd1f3k7q2x9ab',
    since: new Date(Date.now() - 300_000).toISOString(),
    at: new Date().toISOString(),
    open: true,
  };

  it('says what was expected and what was seen, and what an empty list means', async () => {
    const { world, as } = await start();
    expect((await as('ana', ['drift'])).stdout).toMatch(/^No drift: when it was looked at last/);
    await world.deps.ledger.transaction((tx) => tx.put('drift', 'hello.staging.traffic', drift));
    expect((await as('ana', ['drift'])).stdout).toBe(
      'hello staging: traffic, seen first 5 min ago\n  expected  hello-a 100 %\n  observed  hello-b[2J 100 %\n',
    );
    expect(JSON.parse((await as('ana', ['drift', '--json'])).stdout)).toEqual([drift]);
  });
});

/** Asks until there is an answer; the command that it waits for runs meanwhile. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nothing came of it');
}
