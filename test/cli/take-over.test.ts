import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { api } from '#functions/triggers/api.ts';
import { exit } from '#cli/exit.ts';
import { connect, pushed, runDeployment, type Engine } from '#test/support/engine.ts';
import { createWorld, type World } from '#test/support/world.ts';
import { runHere, type Finished } from './run-cli.ts';
import { serve, tokenOf, type Served } from './serve.ts';

/** Slipway itself behind the api, with v1 live and v2 in a canary whose execution gets no answer. */
let world: World;
let engine: Engine;
let served: Served;
let id: string;
beforeAll(async () => {
  world = createWorld();
  await runDeployment(world, 'v1');
  engine = connect(world, async (target, message, work) => {
    const hangs = target === 'health-probe' && (message as StepMessage).phase === 'traffic-50';
    if (!hangs) await work(world.deps);
  });
  engine.publish('gcr', pushed('v2', world.release('v2')));
  await world.pass(60);
  ({ id } = await world.newest());
  served = await serve((request) => world.finish(api(world.deps, request)));
});
afterAll(() => served.close());

const slipway = (words: string[], typed?: string): Promise<Finished> =>
  runHere(words, { SLIPWAY_API_URL: served.url, SLIPWAY_IDENTITY_TOKEN: tokenOf('ana@example.com') }, typed);
const takeOver = (...more: string[]): string[] => ['take-over', id, '--reason', 'it hangs', ...more];

describe('take-over', () => {
  it.each([
    ['without a reason', () => ['take-over', id], undefined, exit.usage, /required option '--reason <text>'/],
    [
      'with an empty reason',
      () => ['take-over', id, '--reason', ' '],
      undefined,
      exit.usage,
      /expected 1 to 300/,
    ],
    [
      'of nothing',
      () => ['take-over', '--reason', 'x'],
      undefined,
      exit.usage,
      /missing required argument 'id'/,
    ],
    [
      'of an unknown deployment',
      () => ['take-over', 'd00000000009', '--reason', 'x'],
      undefined,
      exit.usage,
      /there is no deployment d00000000009/,
    ],
    ['when nobody can be asked', () => takeOver(), undefined, exit.usage, /add --yes/],
    [
      'when a person says no',
      () => takeOver(),
      'n\n',
      exit.no,
      /Take d\w+ \(hello staging v2 \(\w{12}\), now in (shift-traffic|health-probe) at 50 %\) from .* Type yes:\nNothing was done/,
    ],
  ])('%s changes nothing', async (_, words, typed, code, says) => {
    const before = await world.newest();
    const result = await slipway(words(), typed);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
    expect(await world.newest()).toEqual(before);
  });

  it('says that it is done and where to look, and the deployment says who did it', async () => {
    const done = await slipway(takeOver(), 'yes\n');
    expect(done).toMatchObject({
      code: exit.done,
      stdout: `${id} is taken over; a new execution undoes it. See how: slipway watch ${id}\n`,
    });
    await engine.idle();
    const words = /! Taken over by ana@example\.com 2026-01-01 00:0\d:\d\d UTC: it hangs\n/;
    const shown = await slipway(['show', id]);
    expect(shown.stdout).toMatch(words);
    expect(shown.stdout).toContain('rolled-back: taken over by ana@example.com: it hangs');
    const watched = await slipway(['watch', id]);
    expect(watched).toMatchObject({ code: exit.no, stdout: expect.stringMatching(words) });
    expect((await slipway(['report', id])).stdout).toMatch(words);
    expect((await slipway(['report', id, '--markdown'])).stdout).toMatch(
      /Taken over by ana@example\.com 2026-01-01 00:0\d:\d\d UTC: it hangs/,
    );
  });

  it('is too late when it is over', async () => {
    expect(await slipway(takeOver('--yes'))).toMatchObject({
      code: exit.no,
      stdout: '',
      stderr: `${id} is finished: rolled-back\n`,
    });
  });

  it.each([
    [
      { status: 504, body: '{"error":"not confirmed: Workflows is out of reach"}' },
      /not confirmed: Workflows/,
    ],
    ['cut' as const, /does not answer/],
  ])('that was not confirmed (%j) names where to look', async (fault, says) => {
    const running = { ...(await world.newest()), status: 'active' as const };
    const answering = await serve(async () => ({ status: 200, body: running }));
    answering.next({ status: 200, body: JSON.stringify(running) });
    answering.next(fault);
    const result = await runHere(takeOver('--yes'), {
      SLIPWAY_API_URL: answering.url,
      SLIPWAY_IDENTITY_TOKEN: tokenOf('ana@example.com'),
    });
    await answering.close();
    expect(result).toMatchObject({ code: exit.unreachable, stdout: '', stderr: expect.stringMatching(says) });
    expect(result.stderr).toContain(`Whether it is taken over, its record says: slipway show ${id}`);
  });
});
