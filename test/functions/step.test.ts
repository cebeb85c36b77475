import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { signalDeployment, takeOver } from '#shared/ledger/signals.ts';
import { handleStep } from '#functions/step.ts';
import type { Step, StepContext, StepResult } from '#functions/steps/step.ts';
import { createWorld, delivery, type World } from '#test/support/world.ts';
import { admitted, callbackUrl, messageOf, replies } from '#test/support/dispatch.ts';

/** A step of the test's own; `runs` holds what it was given. */
function stepThat(
  run: (context: StepContext) => Promise<StepResult> = async () => ({ status: 'succeeded', summary: 'done' }),
  more: Partial<Step> = {},
): Step & { runs: StepContext[] } {
  const runs: StepContext[] = [];
  return {
    name: 'validate',
    runs,
    ...more,
    async run(context) {
      runs.push(context);
      return run(context);
    },
  };
}
const send = (world: World, step: Step, change: Partial<StepMessage> = {}, messageId = 'm-1') =>
  world.finish(handleStep(world.deps, step, delivery('validate', messageOf(world, change), messageId)));
const record = async (world: World) => (await world.deps.ledger.get('deployments', 'd00000000001'))!;
const refusals = (world: World) => world.deps.ledger.list('refusals');
const signal = { kind: 'cancel', by: 'ada', reason: 'wrong tag', at: '2026-01-01T00:00:00.000Z' } as const;
const waits = (context: StepContext): Promise<StepResult> =>
  context.deps.clock.sleep(1_000_000, context.signal).then(() => ({ status: 'succeeded', summary: 'late' }));

describe('a dispatch', () => {
  it('runs its step once and posts what the step says, with its own number', async () => {
    const world = createWorld();
    await admitted(world);
    const step = stepThat(async () => ({ status: 'succeeded', summary: 'done', decision: { percent: 5 } }));
    await send(world, step);
    expect(replies(world)).toEqual([{ seq: 1, status: 'succeeded', decision: { percent: 5 } }]);
    expect(step.runs).toHaveLength(1);
    expect(await record(world)).toMatchObject({
      status: 'active',
      executionId: 'execution-1',
      newestSeq: 1,
      steps: [{ step: 'validate', status: 'succeeded', summary: 'done' }],
    });
  });

  it.each<[string, StepResult, object]>([
    ['rejected', { status: 'rejected', reason: 'no' }, { seq: 1, status: 'rejected', reason: 'no' }],
    [
      'pending',
      { status: 'pending', againSeconds: 3, summary: 'wait' },
      { seq: 1, status: 'pending', again: Date.UTC(2026, 0, 1) / 1000 + 3 },
    ],
  ])('of a step that is %s says so', async (_name, result, reply) => {
    const world = createWorld();
    await admitted(world);
    await send(
      world,
      stepThat(async () => result),
    );
    expect(replies(world)).toEqual([reply]);
  });

  it('gives the step the record as its last save left it', async () => {
    const world = createWorld();
    await admitted(world);
    let seen: boolean | undefined;
    const step = stepThat(async (context) => {
      await context.save({ trafficMoved: true });
      seen = context.deployment.trafficMoved;
      return { status: 'succeeded', summary: 'done' };
    });
    await send(world, step);
    expect(seen).toBe(true);
  });

  it('tells notify when it begins, when it saves and when it ends', async () => {
    const world = createWorld();
    await admitted(world);
    await send(
      world,
      stepThat(async ({ save }) => {
        await save({ buildId: 'b' });
        return { status: 'succeeded', summary: 'done' };
      }),
    );
    const told = world.pubsub.published.filter(({ topic }) => topic === 'deploy-events');
    expect(told.map(({ message }) => (message as { revision: number }).revision)).toEqual([2, 3, 4]);
  });

  it('is answered although nobody can be told', async () => {
    const world = createWorld();
    await admitted(world);
    world.pubsub.publish = async () => {
      throw new Fault('unavailable', 'Pub/Sub answered 503');
    };
    await send(world, stepThat());
    expect(replies(world)).toMatchObject([{ status: 'succeeded' }]);
  });
});

describe('a message that is no dispatch of this step', () => {
  const other =
    'https://workflowexecutions.googleapis.com/v1/projects/slipway-local/locations/us-central1/workflows';
  it.each<[string, Partial<Record<keyof StepMessage, unknown>>, RegExp]>([
    ['without a number', { seq: undefined }, /seq/],
    ['with a number below 1', { seq: 0 }, /seq/],
    ['with a deployment id of another form', { deploymentId: '../x' }, /deployment id/],
    ['with a field nobody knows', { extra: 1 } as never, /extra/],
    ['with a step nobody knows', { step: 'delete-everything' }, /step/],
    ['for another step', { step: 'deploy' }, /"deploy" was sent to validate/],
    ['with a phase that could be a path', { phase: '../../x' }, /phase/],
    ['of a deployment nobody knows', { deploymentId: 'd00000000009' }, /no deployment d00000000009/],
    ['with a callback that is no address', { callbackUrl: 'callback' }, /callbackUrl/],
    [
      'with a callback elsewhere',
      { callbackUrl: callbackUrl().replace('googleapis.com', 'example.com') },
      /origin/,
    ],
    ['with a callback of another scheme', { callbackUrl: callbackUrl().replace('https', 'http') }, /origin/],
    [
      'with a callback at another port',
      { callbackUrl: callbackUrl().replace('.com/', '.com:8443/') },
      /origin/,
    ],
    [
      'with the right host as user of another',
      { callbackUrl: callbackUrl().replace('.com/', '.com@example.com/') },
      /origin/,
    ],
    ['with a user in its callback', { callbackUrl: callbackUrl().replace('://', '://user@') }, /not one of/],
    [
      'with a password in its callback',
      { callbackUrl: callbackUrl().replace('://', '://:pw@') },
      /not one of/,
    ],
    ['with a query in its callback', { callbackUrl: `${callbackUrl()}?x=1` }, /not one of/],
    ['with a fragment in its callback', { callbackUrl: `${callbackUrl()}#x` }, /not one of/],
    ['with a callback of another execution', { callbackUrl: callbackUrl('execution-2') }, /not one of/],
    [
      'with a callback of another workflow',
      { callbackUrl: `${other}/evil/executions/execution-1/callbacks/callback-1` },
      /not one of/,
    ],
    [
      'with a callback of another project',
      { callbackUrl: callbackUrl().replace('slipway-local', 'slipway-other') },
      /not one of/,
    ],
    ['with a callback whose path climbs', { callbackUrl: `${callbackUrl()}/../../../x` }, /not one of/],
    [
      'with an encoded slash in its callback',
      { callbackUrl: callbackUrl().replace('/callbacks/', '%2Fcallbacks/') },
      /not one of/,
    ],
    ['with an execution that is a pattern', { executionId: '.*', callbackUrl: callbackUrl() }, /not one of/],
  ])('(%s) is kept as a refusal, acknowledged, and nothing is posted', async (_name, change, reason) => {
    const world = createWorld();
    await admitted(world);
    const step = stepThat();
    await send(world, step, change as Partial<StepMessage>);
    expect(await refusals(world)).toMatchObject([
      { target: 'validate', messageId: 'm-1', reason: expect.stringMatching(reason) },
    ]);
    expect(world.callback.posts).toEqual([]);
    expect(step.runs).toEqual([]);
    expect((await record(world)).executionId).toBeUndefined();
  });

  it.each([[undefined], [null], ['text'], [[]], [42]])('(%j) is kept as a refusal', async (data) => {
    const world = createWorld();
    await handleStep(world.deps, stepThat(), delivery('validate', data, 'm-1'));
    expect(await refusals(world)).toMatchObject([{ reason: expect.stringContaining('not a step message') }]);
  });

  it('takes the project by number too', async () => {
    const world = createWorld();
    await admitted(world);
    await send(world, stepThat(), {
      callbackUrl: callbackUrl().replace('/slipway-local/', '/424242424242/'),
    });
    expect(replies(world)).toHaveLength(1);
  });
});

describe('a dispatch that is void', () => {
  const answered = async (arrange: (world: World) => Promise<unknown>, change: Partial<StepMessage> = {}) => {
    const world = createWorld();
    await admitted(world);
    await arrange(world);
    const step = stepThat();
    await send(world, step, change);
    return { runs: step.runs.length, replies: replies(world), refused: await refusals(world) };
  };
  const nothing = { runs: 0, replies: [], refused: [] };

  it('because its deadline passed is acknowledged without acting', async () => {
    expect(await answered(async () => undefined, { deadline: Date.UTC(2026, 0, 1) / 1000 })).toEqual(nothing);
  });

  it('because a newer one was claimed is acknowledged without acting', async () => {
    const arrange = (world: World) =>
      admitted(world, { newestSeq: 5, executionId: 'execution-1', status: 'active' });
    expect(await answered(arrange, { seq: 4 })).toEqual(nothing);
  });

  it.each(['waiting', 'finished'] as const)(
    'because the deployment is %s is acknowledged without acting',
    async (status) => {
      expect(await answered((world) => admitted(world, { status }))).toEqual(nothing);
    },
  );

  it.each([
    ['another execution owns it', { executionId: 'execution-9', status: 'active' as const }],
    ['its execution is dead', { deadExecutions: ['execution-1'] }],
  ])('because %s is told so, so that the execution ends', async (_name, change) => {
    expect(await answered((world) => admitted(world, change))).toEqual({
      ...nothing,
      replies: [{ seq: 1, status: 'not-owner' }],
    });
  });
});

describe('delivered again, a dispatch', () => {
  it('that was answered gets the stored reply, and the step does not run again', async () => {
    const world = createWorld();
    await admitted(world);
    const step = stepThat();
    await send(world, step);
    await send(world, step);
    expect(step.runs).toHaveLength(1);
    expect(replies(world)).toEqual([replies(world)[0], replies(world)[0]]);
  });

  it('that is at work is not acknowledged, and the work goes on', async () => {
    const world = createWorld();
    await admitted(world);
    const step = stepThat(async ({ deps }) => {
      await deps.clock.sleep(20_000);
      return { status: 'succeeded', summary: 'done' };
    });
    const first = handleStep(world.deps, step, delivery('validate', messageOf(world)));
    await world.pass(16);
    await expect(send(world, step)).rejects.toThrow('is being worked on');
    await world.finish(first);
    expect(step.runs).toHaveLength(1);
    expect(replies(world)).toHaveLength(1);
  });

  it('whose function died is taken over when its lease has run out, and only the second one answers', async () => {
    const world = createWorld();
    await admitted(world);
    const paused = stepThat();
    const dead = new Promise<never>(() => undefined);
    paused.run = () => dead;
    // Its heartbeat died with it.
    const mortal = { ...world.deps, clock: { now: () => world.clock.now(), sleep: () => dead } };
    void handleStep(mortal, paused, delivery('validate', messageOf(world)));
    await world.pass(14);
    await expect(send(world, stepThat())).rejects.toThrow('is being worked on');
    await world.pass(2);
    await send(world, stepThat());
    expect(replies(world)).toMatchObject([{ status: 'succeeded' }]);
  });

  it('while the deployment changed hands: the late one stores and posts nothing', async () => {
    const world = createWorld();
    await admitted(world);
    const step = stepThat(async (context) => {
      const { deps, save } = context;
      await takeOver(deps.ledger, context.deployment, ['execution-1'], deps.clock.now());
      await save({ trafficMoved: true });
      return { status: 'succeeded', summary: 'done' };
    });
    await send(world, step);
    expect(replies(world)).toEqual([]);
    expect(await record(world)).toMatchObject({ trafficMoved: false, mode: 'recover', fence: 2 });
  });
});

describe('the post of a reply', () => {
  it('that nobody awaits any more (404) is done', async () => {
    const world = createWorld();
    await admitted(world);
    world.callback.answer = () => 404;
    await expect(send(world, stepThat())).resolves.toBeUndefined();
  });

  it.each([429, 500, 503, 403])('that is answered %i is tried again by the next delivery', async (status) => {
    const world = createWorld();
    await admitted(world);
    world.callback.answer = () => status;
    const step = stepThat();
    await expect(send(world, step)).rejects.toThrow(`answered ${status}`);
    world.callback.answer = () => 200;
    await send(world, step);
    expect(step.runs).toHaveLength(1);
    expect(world.callback.posts.map(({ body }) => body)).toEqual([replies(world)[0], replies(world)[0]]);
  });

  it('that finds no connection is tried again by the next delivery', async () => {
    const world = createWorld();
    await admitted(world);
    world.callback.answer = () => {
      throw new Fault('unavailable', 'no connection');
    };
    await expect(send(world, stepThat())).rejects.toThrow('no connection');
  });
});

describe('a step that throws', () => {
  it.each([
    [new Fault('unavailable', 'down'), { code: 'unavailable', retryable: true }],
    [
      new Fault('unavailable', 'slow down', { retryAfterSeconds: 7 }),
      { code: 'unavailable', retryable: true, retryAfterSeconds: 7 },
    ],
    [new Fault('permission-denied', 'no grant'), { code: 'permission-denied', retryable: false }],
    [new Fault('fenced', 'taken over'), { code: 'fenced', retryable: false }],
    [new Error('a mistake of ours'), { code: 'internal', retryable: true, message: 'a mistake of ours' }],
  ])('%s is answered as a fault and is why the deployment ends', async (error, reply) => {
    const world = createWorld();
    await admitted(world);
    await send(
      world,
      stepThat(async () => {
        throw error;
      }),
    );
    expect(replies(world)).toMatchObject([{ seq: 1, status: 'failed', ...reply }]);
    expect((await record(world)).failure).toMatchObject({
      ending: 'fault',
      step: 'validate',
      code: reply.code,
    });
  });

  it('and then succeeds is no failure of the deployment any more', async () => {
    const world = createWorld();
    await admitted(world);
    await send(
      world,
      stepThat(async () => {
        throw new Fault('unavailable', 'down');
      }),
    );
    await send(world, stepThat(), { seq: 2, attempt: 2 });
    expect((await record(world)).failure).toBeUndefined();
    expect((await record(world)).steps).toMatchObject([{ attempt: 2, status: 'succeeded' }]);
  });

  it('is not blamed when it is the way back', async () => {
    const world = createWorld();
    await admitted(world);
    const step = stepThat(
      async () => {
        throw new Fault('unsupported', 'cannot');
      },
      { name: 'rollback', ignoresSignals: true },
    );
    await send(world, step, { step: 'rollback', phase: 'after' });
    expect(replies(world)).toMatchObject([{ status: 'failed' }]);
    expect((await record(world)).failure).toBeUndefined();
  });
});

describe('a step that takes too long', () => {
  it('is stopped at its budget and answered as a timeout that may be retried', async () => {
    const world = createWorld();
    await admitted(world);
    await send(world, stepThat(waits));
    expect(replies(world)).toMatchObject([{ status: 'failed', code: 'timeout', retryable: true }]);
    expect(world.clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(62_000);
  });

  it('keeps its claim as long as it lives', async () => {
    const world = createWorld();
    await admitted(world);
    const work = handleStep(world.deps, stepThat(waits), delivery('validate', messageOf(world)));
    await world.pass(50);
    const [dispatch] = await world.deps.ledger.list('dispatches');
    expect(dispatch?.leaseUntil).toBeGreaterThan(world.clock.now());
    await world.finish(work);
  });

  it('is stopped as soon as the ledger cannot be reached any more', async () => {
    const world = createWorld();
    await admitted(world);
    const work = handleStep(world.deps, stepThat(waits), delivery('validate', messageOf(world)));
    await world.pass(3);
    world.deps.ledger.transaction = async () => {
      throw new Fault('unavailable', 'the ledger is away');
    };
    await expect(world.finish(work)).rejects.toThrow('the ledger is away');
    expect(world.clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(10_000);
  });
});

describe('a word to stop', () => {
  const told = (world: World) => signalDeployment(world.deps.ledger, 'd00000000001', signal);
  const cancelled = { status: 'rejected', reason: 'cancel by ada: wrong tag' };

  it('that was said before keeps the step from running', async () => {
    const world = createWorld();
    await admitted(world);
    await told(world);
    const step = stepThat();
    await send(world, step);
    expect(step.runs).toEqual([]);
    expect(replies(world)).toMatchObject([cancelled]);
    expect((await record(world)).failure).toMatchObject({ ending: 'cancelled', code: 'cancelled' });
  });

  it('that is said meanwhile ends the step within two seconds', async () => {
    const world = createWorld();
    await admitted(world);
    const work = handleStep(world.deps, stepThat(waits), delivery('validate', messageOf(world)));
    await world.pass(4);
    await world.finish(told(world));
    await world.finish(work);
    expect(world.clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(6000);
    expect(replies(world)).toMatchObject([cancelled]);
  });

  it('does not stop a step that must run all the same', async () => {
    const world = createWorld();
    await admitted(world);
    await told(world);
    const step = stepThat(
      async ({ deps, signal: stop }) => {
        await deps.clock.sleep(5000, stop);
        return { status: 'succeeded', summary: 'done' };
      },
      { name: 'rollback', ignoresSignals: true },
    );
    await send(world, step, { step: 'rollback', phase: 'after' });
    expect(replies(world)).toMatchObject([{ status: 'succeeded' }]);
  });
});
