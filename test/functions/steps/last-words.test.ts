import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { LogEntry } from '#shared/ports/signals.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport } from '#shared/report/report.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { admitted, dispatch, establish } from '#test/support/dispatch.ts';
import { override } from '#test/support/override.ts';
import { createWorld, image, serviceFile, type World } from '#test/support/world.ts';

/** Why a candidate failed: its condition, its last lines, the cause, in the record. */
const entriesOf = (...texts: string[]): LogEntry[] =>
  texts.map((text) => ({ at: '2026-01-01T00:00:01.000Z', severity: 'DEFAULT', text }));

async function candidateWorld(
  behaviour: Partial<Behaviour>,
  log: () => Promise<LogEntry[]>,
  text?: string,
): Promise<World> {
  const world = createWorld({ logging: { entries: log } });
  await establish(world);
  const digest = world.release('v1', behaviour);
  await admitted(world, { release: { image, digest, sizeBytes: 1, platforms: ['linux/amd64'] } }, text);
  return world;
}
const says =
  (...texts: string[]) =>
  async () =>
    entriesOf(...texts);
const exit1 = 'Container called exit(1).';

describe('a candidate that ends at start', () => {
  it('leaves its condition, its last words and exit code as evidence, and the cause', async () => {
    const world = await candidateWorld(
      { start: 'fails' },
      says('cannot read its configuration, giving up', exit1),
    );
    const { reply, record } = await dispatch(world, 'deploy', 1);
    expect(reply).toMatchObject({ status: 'rejected' });
    expect(record.checks).toMatchObject([
      {
        id: 'ready',
        evidence: {
          observed:
            'HEALTH_CHECK_CONTAINER_ERROR: the container exited Its last words: "cannot read its configuration, giving up", "Container called exit(1)."',
        },
      },
    ]);
    expect(record.failure).toMatchObject({
      cause: {
        class: 'does-not-start',
        sentence: expect.stringContaining('exit code 1 before it was ready'),
      },
      lastLines: ['cannot read its configuration, giving up', exit1],
    });
  });

  it('is told at once: the failed check is on record before the log is read', async () => {
    const before: (string | undefined)[] = [];
    const world: World = await candidateWorld({ start: 'fails' }, async () => {
      const found = await world.deps.ledger.get('deployments', 'd00000000001');
      before.push(found?.checks.find(({ id }) => id === 'ready')?.outcome);
      return entriesOf(exit1);
    });
    await dispatch(world, 'deploy', 1);
    expect(before).toEqual(['fail']);
  });

  it('is waited for until Cloud Run’s line about its end is there, or nothing more comes', async () => {
    const looks = [[], ['a'], ['a', 'b'], ['a', 'b', exit1], ['a', 'b', exit1, 'never']];
    let look = 0;
    const world = await candidateWorld({ start: 'fails' }, async () => entriesOf(...(looks[look++] ?? [])));
    expect((await dispatch(world, 'deploy', 1)).record.failure?.lastLines).toEqual(['a', 'b', exit1]);
    const silent = await candidateWorld({ start: 'fails' }, says('a'));
    expect((await dispatch(silent, 'deploy', 1)).record.failure?.lastLines).toEqual(['a']);
  });

  it('without a log that can be read keeps its cause', async () => {
    const world = await candidateWorld({ start: 'fails' }, () =>
      Promise.reject(new Fault('permission-denied', 'POST entries:list answered 403')),
    );
    const { failure } = (await dispatch(world, 'deploy', 1)).record;
    expect(failure).toMatchObject({ ending: 'rejected', cause: { class: 'does-not-start' } });
    expect(failure?.lastLines).toBeUndefined();
    expect(world.logs.flat()).toContainEqual(expect.stringContaining('could not be read'));
  });

  it('leaves at most 15 lines of 300 characters, without colours', async () => {
    const long = Array.from(
      { length: 40 },
      (_, index) => `\u001B[31m${index}\u001B[0m ${'x'.repeat(400)}\nnext`,
    );
    const world = await candidateWorld({ start: 'fails' }, says(...long));
    const lines = (await dispatch(world, 'deploy', 1)).record.failure?.lastLines ?? [];
    expect(lines).toHaveLength(15);
    expect(Math.max(...lines.map((line) => line.length))).toBe(300);
    expect(lines.at(-2)).toMatch(/^39 x+…$/);
  });
});

describe('a secret in what a container writes', () => {
  const secret = 'correct-horse-7';
  const seen = (record: Deployment): string => {
    const finished: Deployment = {
      ...record,
      status: 'finished',
      result: {
        outcome: 'failed',
        verdict: { status: 'fail', explanation: 'x' },
        explanation: record.failure?.message ?? '',
        serving: null,
        finishedAt: record.updatedAt,
      },
    };
    const report = buildReport(finished);
    const messages = [rootMessage(finished, 0), ...threadMessages(finished)];
    return JSON.stringify([record, report, renderMarkdown(report), messages]);
  };

  it.each([
    `DATABASE_URL=${secret}`,
    `connecting to postgres://app:${secret}@10.0.0.3/app`,
    `{ DATABASE_URL: '${secret}' }`,
    `\u001B[1mDATABASE_URL\u001B[0m=${secret}`,
    `${'x '.repeat(145)}password=${secret}`,
    `DATABASE\u200B_URL=${secret}`,
  ])('is in no record, report or message: %s', async (line) => {
    const text = serviceFile().replace('access: public', 'access: public, secrets: { DATABASE_URL: "db:1" }');
    const world = await candidateWorld({ start: 'fails' }, says(line, exit1), text);
    const { record } = await dispatch(world, 'deploy', 1);
    expect(record.failure?.lastLines).toHaveLength(2);
    expect(seen(record)).not.toContain('correct-horse');
    const dispatches = await world.deps.ledger.list('dispatches');
    expect(JSON.stringify([dispatches, world.callback.posts, world.pubsub, world.logs])).not.toContain(
      'correct-horse',
    );
  });
});

it('a token in the address of a user’s failed request is in no record', async () => {
  const text = serviceFile('analysis: { serverErrorLogs: { maximum: 0 } }');
  const failed = 'GET https://hello.example/reset?token=opensesame7 answered 500';
  const world = await candidateWorld({}, says(failed, failed), text);
  await dispatch(world, 'deploy', 1);
  const { record } = await dispatch(world, 'health-probe', 2, 'traffic-50');
  const check = record.checks.find(({ id }) => id === 'server-errors-in-log');
  expect(check).toMatchObject({
    evidence: { observed: expect.stringContaining('/reset?token=[redacted] answered 500') },
  });
  expect(JSON.stringify(record)).not.toContain('opensesame7');
});

describe('a candidate that fails after it was ready', () => {
  const refused = { status: 503 };
  const failsAfter = (world: World, seconds: number): void => {
    const end = world.clock.now() + seconds * 1000;
    override(
      world.deps.run,
      'getRevision',
      (getRevision) =>
        async (...given) =>
          world.clock.now() < end
            ? getRevision(...given)
            : { status: 'failed', reason: 'HEALTH_CHECK_CONTAINER_ERROR', message: 'the container exited' },
    );
  };

  it('is not waited for until the end of its startup grace when Cloud Run gave it up', async () => {
    const text = serviceFile().replace('startupGrace: 10s', 'startupGrace: 10m');
    const world = await candidateWorld({ answer: () => refused }, says('Error: boom', exit1), text);
    await dispatch(world, 'deploy', 1);
    failsAfter(world, 5);
    const began = world.clock.now();
    const { reply, record } = await dispatch(world, 'health-probe', 2);
    expect((world.clock.now() - began) / 1000).toBeLessThan(10);
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('the container exited'),
    });
    expect(record.checks.find(({ id }) => id === 'healthy')).toMatchObject({
      outcome: 'fail',
      evidence: { observed: expect.stringMatching(/^503 ×\d; Cloud Run says HEALTH_CHECK_CONTAINER_ERROR/) },
    });
    expect(record.failure?.cause).toMatchObject({
      class: 'crashes',
      sentence: 'The container ended with exit code 1 after it was ready; its last word: "Error: boom".',
    });
  });

  const untilAnswered = async (world: World) => {
    let seq = 2;
    let answer = await dispatch(world, 'health-probe', seq);
    while (answer.reply?.status === 'pending' && seq < 40) {
      await world.pass(answer.reply.again - world.clock.now() / 1000);
      answer = await dispatch(world, 'health-probe', (seq += 1));
    }
    return answer;
  };
  /** A log in which Cloud Run says that the container exited, that many seconds after it was asked for. */
  const exitsAfter = (world: World, seconds: number, code: number): number[] => {
    const looks: number[] = [];
    const end = world.clock.now() + seconds * 1000;
    const line = {
      at: new Date(end).toISOString(),
      severity: 'WARNING',
      text: `Container called exit(${code}).`,
    };
    world.deps.logging.entries = async (_ref, _revision, { kind }) => {
      if (kind === 'system') looks.push(world.clock.now());
      return world.clock.now() < end ? [] : [line];
    };
    return looks;
  };
  const long = serviceFile().replace('startupGrace: 10s', 'startupGrace: 10m');

  it('is not waited for when Cloud Run says that its container exited, though the revision stays ready', async () => {
    const world = await candidateWorld({ answer: () => refused }, says(), long);
    await dispatch(world, 'deploy', 1);
    exitsAfter(world, 32, 7);
    const began = world.clock.now();
    const { reply, record } = await untilAnswered(world);
    expect((world.clock.now() - began) / 1000).toBeLessThan(50);
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringMatching(/^it failed after it was ready: .*exit\(7\)/),
    });
    const at = new Date(began + 32_000).toISOString();
    expect(record.checks.find(({ id }) => id === 'healthy')).toMatchObject({
      outcome: 'fail',
      evidence: {
        observed: expect.stringMatching(
          new RegExp(`^503 ×\\d+; Cloud Run says at ${at}: Container called exit\\(7\\)\\.$`),
        ),
      },
    });
    expect(record.failure).toMatchObject({
      cause: { class: 'crashes', sentence: expect.stringContaining('exit code 7 after it was ready') },
      lastLines: ['Container called exit(7).'],
    });
  });

  it('keeps the line of its exit when it wrote a lot since', async () => {
    const world = await candidateWorld({ answer: () => refused }, says(), long);
    await dispatch(world, 'deploy', 1);
    exitsAfter(world, 0, 7);
    override(
      world.deps.logging,
      'entries',
      (entries) => async (ref, revision, query) =>
        query.kind === 'system'
          ? entries(ref, revision, query)
          : entriesOf(...Array.from({ length: 50 }, (_, index) => `starting ${index}`)),
    );
    const { record } = await dispatch(world, 'health-probe', 2);
    expect(record.failure?.lastLines?.slice(-2)).toEqual(['starting 49', 'Container called exit(7).']);
    expect(record.failure?.cause).toMatchObject({ class: 'crashes' });
  });

  it('has its log read at most every 5 s, and never while it answers well', async () => {
    const answers = Array.from({ length: 40 }, (_, second) => (second < 3 || second > 21 ? 200 : 503));
    let asked = 0;
    const text = long.replace('successes: 3', 'successes: 5');
    const world = await candidateWorld({ answer: () => ({ status: answers[asked++] ?? 200 }) }, says(), text);
    await dispatch(world, 'deploy', 1);
    const looks = exitsAfter(world, 3600, 7);
    const { reply, record } = await untilAnswered(world);
    expect(reply).toMatchObject({ status: 'succeeded' });
    const health = record.checks.find(({ id }) => id === 'healthy');
    const attempts = health?.outcome === 'pass' ? (health.evidence.attempts ?? []) : [];
    const before = (look: number) => attempts.findLast((one) => Date.parse(one.at) <= look)?.ok;
    expect(looks.map(before)).toEqual(looks.map(() => false));
    expect(looks.length).toBeGreaterThan(2);
    const pauses = looks.slice(1).map((look, index) => look - looks[index]!);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5000);
  });

  it.each<[string, (world: World) => unknown]>([
    ['exited with 0, as one that Cloud Run does not need', (world) => exitsAfter(world, 1, 0)],
    [
      'has a log that cannot be read',
      (world) => {
        world.deps.logging.entries = () => Promise.reject(new Fault('permission-denied', 'answered 403'));
      },
    ],
  ])('is waited for when it %s', async (_name, arrange) => {
    const world = await candidateWorld({ answer: () => refused }, says());
    await dispatch(world, 'deploy', 1);
    arrange(world);
    expect((await untilAnswered(world)).reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('not healthy within 10 s'),
    });
  });

  it('is asked about at most every 2 s, only while it does not answer well, and a fault ends nothing', async () => {
    const answers = [200, 503, 503, 503, 503, 503, 200, 200, 200];
    let asked = 0;
    let looks = 0;
    const world = await candidateWorld({ answer: () => ({ status: answers[asked++] ?? 200 }) }, says());
    await dispatch(world, 'deploy', 1);
    override(world.deps.run, 'getRevision', () => async () => {
      looks += 1;
      throw new Fault('unavailable', 'no answer');
    });
    expect((await dispatch(world, 'health-probe', 2)).reply).toMatchObject({ status: 'succeeded' });
    expect(looks).toBe(3);
  });

  it('under traffic does not wait for its log: users wait for the way back', async () => {
    const world = await candidateWorld({ answer: () => refused }, says('up'));
    await dispatch(world, 'deploy', 1);
    world.deps.logging.entries = async () => {
      await world.clock.sleep(60_000);
      return [];
    };
    const began = world.clock.now();
    const { reply, record } = await dispatch(world, 'health-probe', 2, 'traffic-50');
    expect(reply).toMatchObject({ status: 'rejected' });
    expect((world.clock.now() - began) / 1000).toBeLessThan(6);
    expect(record.failure?.cause).toMatchObject({
      class: 'probe',
      sentence: 'GET /healthz answered 503 instead of 200.',
    });
  });
});

describe('a check that fails', () => {
  it('has what the container wrote beside it', async () => {
    const world = await candidateWorld({ answer: () => ({ status: 500 }) }, says('db: connection refused'));
    await dispatch(world, 'deploy', 1);
    const { failure } = (await dispatch(world, 'validate', 2)).record;
    expect(failure).toMatchObject({ cause: { class: 'dependency' }, lastLines: ['db: connection refused'] });
  });
});

it('a person’s stop has no cause', async () => {
  const world = await candidateWorld({}, says());
  await world.deps.ledger.transaction(async (tx) => {
    const found = await tx.get('deployments', 'd00000000001');
    const signal = { kind: 'cancel' as const, by: 'ada', reason: 'wrong tag', at: found!.createdAt };
    await tx.put('deployments', found!.id, { ...found!, signal });
  });
  const { failure } = (await dispatch(world, 'deploy', 1)).record;
  expect(failure).toMatchObject({ ending: 'cancelled' });
  expect(failure?.cause).toBeUndefined();
});
