import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { shares } from '#shared/domain/traffic.ts';
import { api, type ApiRequest } from '#functions/triggers/api.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { admitted, callbackUrl } from '#test/support/dispatch.ts';
import { connect, pushed, runDeployment, type Engine } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, type World } from '#test/support/world.ts';

const id = 'd00000000001';
const reason = 'it hangs';
const take = (world: World, who: string, of = id, body: unknown = { reason }) =>
  api(world.deps, {
    method: 'POST',
    path: `/deployments/${of}/take-over`,
    query: new URLSearchParams(),
    authorization: `Bearer e30.${Buffer.from(JSON.stringify({ email: `${who}@example.com` })).toString('base64url')}.x`,
    body,
  } satisfies ApiRequest);

/** v1 is live, and the execution of v2 gets no answer at that step. */
async function hanging(world: World, dispatch: string) {
  const first = await runDeployment(world, 'v1');
  const engine = connect(world, async (target, message, work) => {
    const { phase, executionId } = message as Partial<StepMessage>;
    // Acknowledged, and then nothing comes of it.
    const hangs = executionId === 'execution-2' && `${target}/${phase}` === dispatch;
    if (!hangs) await work(world.deps);
  });
  engine.publish('gcr', pushed('v2', world.release('v2')));
  await world.pass(60);
  const second = await world.newest();
  expect(second).toMatchObject({ status: 'active', request: { tag: 'v2' } });
  return { first, second, engine };
}

async function taken(world: World, engine: Engine, deployment: Deployment): Promise<Deployment> {
  expect(await take(world, 'ana', deployment.id)).toMatchObject({ status: 202 });
  await engine.idle();
  return (await world.deps.ledger.get('deployments', deployment.id))!;
}

const place = { project: 'slipway-local', region: 'us-central1', name: 'hello' };
const serving = async (world: World) => shares((await world.deps.run.getService(place))!.trafficStatuses);

describe('a running deployment that a person takes over', () => {
  it('is undone by a new execution under the next fence, and the old one is ended', async () => {
    const world = createWorld();
    const { first, second, engine } = await hanging(world, 'health-probe/traffic-50');
    expect(await serving(world)).toHaveLength(2);
    const done = await taken(world, engine, second);
    expect(done).toMatchObject({
      mode: 'recover',
      fence: second.fence + 1,
      deadExecutions: ['execution-2'],
      executionId: 'execution-3',
      result: {
        outcome: 'rolled-back',
        explanation: 'taken over by ana@example.com: it hangs',
        serving: [{ revision: `hello-${first.id}`, percent: 100 }],
      },
    });
    expect(await serving(world)).toEqual(done.result?.serving);
    expect(world.workflows.executions).toMatchObject([
      { state: 'succeeded' },
      { state: 'cancelled', argument: { mode: 'deploy' } },
      { state: 'succeeded', argument: { mode: 'recover' }, labels: { fence: String(second.fence + 1) } },
    ]);
    expect(await world.deps.ledger.get('locks', 'hello.staging')).not.toHaveProperty('active');
    // Nobody found the release bad: it may be pushed again.
    expect(await world.deps.ledger.list('quarantine')).toEqual([]);
  });

  it('says who did it and why: record, log, report and Slack', async () => {
    const world = createWorld();
    const { second, engine } = await hanging(world, 'health-probe/traffic-50');
    const done = await taken(world, engine, second);
    const at = done.takeovers?.[0]?.at ?? '';
    expect(done.takeovers).toEqual([
      {
        by: 'ana@example.com',
        reason,
        at: expect.stringMatching(/^2026-01-01T/),
        executionId: 'execution-2',
      },
    ]);
    const words = `Taken over by ana@example.com ${at.slice(0, 10)} ${at.slice(11, 19)} UTC: it hangs`;
    expect(world.logs).toContainEqual([
      'WARNING',
      `execution execution-2 of ${done.id} was taken over by ana@example.com (it hangs); a new one undoes and reports`,
    ]);
    expect(world.objects.objects.get(`reports/hello/staging/${done.id}.md`)?.text).toContain(words);
    const [, root] = world.slack.roots();
    expect(root?.text).toContain(words);
    expect(JSON.stringify(root?.blocks)).toContain(words);
  });

  it('before traffic fails, and no user met it', async () => {
    const world = createWorld();
    const { first, second, engine } = await hanging(world, 'validate/candidate');
    const done = await taken(world, engine, second);
    expect(done.result?.outcome).toBe('failed');
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
  });

  it('when all was done but the report goes live all the same', async () => {
    const world = createWorld();
    const { second, engine } = await hanging(world, 'report/after');
    const done = await taken(world, engine, second);
    expect(done.result?.outcome).toBe('live');
    expect(await serving(world)).toEqual([{ revision: `hello-${second.id}`, percent: 100 }]);
  });

  it('can be taken over again when what undoes it hangs too', async () => {
    const world = createWorld();
    const { first, second, engine } = await hanging(world, 'health-probe/traffic-50');
    const { answer } = world.callback;
    world.callback.answer = () => 404;
    await take(world, 'ana', second.id);
    await world.pass(30);
    expect(await world.newest()).toMatchObject({ status: 'active', executionId: 'execution-3' });
    world.callback.answer = answer;
    expect(await take(world, 'bob', second.id, { reason: 'it hangs too' })).toMatchObject({ status: 202 });
    await engine.idle();
    const done = await world.newest();
    expect(done).toMatchObject({
      fence: second.fence + 2,
      takeovers: [{ by: 'ana@example.com' }, { by: 'bob@example.com', executionId: 'execution-3' }],
      result: { outcome: 'rolled-back', explanation: 'taken over by ana@example.com: it hangs' },
    });
    expect(await serving(world)).toEqual([{ revision: `hello-${first.id}`, percent: 100 }]);
  });

  it('that had died before keeps that as the reason', async () => {
    const world = createWorld();
    const { second, engine } = await hanging(world, 'health-probe/traffic-50');
    engine.cancel('execution-2');
    await world.pass(1);
    const { answer } = world.callback;
    world.callback.answer = () => 404;
    await reconcile(world.deps);
    await world.pass(30);
    world.callback.answer = answer;
    const done = await taken(world, engine, second);
    expect(done.result).toMatchObject({
      outcome: 'rolled-back',
      explanation: 'its workflow execution ended before the deployment did',
    });
    expect(done.takeovers).toMatchObject([{ by: 'ana@example.com', executionId: 'execution-3' }]);
  });
});

describe('a takeover', () => {
  const running = { status: 'active', executionId: 'execution-1', fence: 3 } as const;

  it.each<{
    name: string;
    change?: Partial<Deployment>;
    of?: string;
    body?: unknown;
    status: number;
    says: RegExp;
  }>([
    { name: 'an id that is none', of: 'x', status: 400, says: /expected an id such as/ },
    {
      name: 'an unknown deployment',
      of: 'd00000000009',
      status: 404,
      says: /there is no deployment d00000000009/,
    },
    { name: 'no reason', body: {}, status: 400, says: /reason/ },
    { name: 'an empty reason', body: { reason: '' }, status: 400, says: /reason/ },
    { name: 'no body', body: null, status: 400, says: /expected object/ },
    {
      name: 'a deployment that is finished',
      change: {
        status: 'finished',
        result: {
          outcome: 'rolled-back',
          verdict: { status: 'fail', explanation: '' },
          explanation: '',
          serving: null,
          finishedAt: '2026-01-01T00:00:00.000Z',
        },
      },
      status: 409,
      says: /^d00000000001 is finished: rolled-back$/,
    },
    {
      name: 'one that waits',
      change: { status: 'waiting' },
      status: 409,
      says: /still waits for its turn .* slipway cancel d00000000001/,
    },
    {
      name: 'one that no execution has begun',
      change: { status: 'starting' },
      status: 409,
      says: /no execution yet .* slipway cancel d00000000001/,
    },
    {
      name: 'another owner than the person saw',
      body: { reason, fence: 2 },
      status: 409,
      says: /another execution meanwhile; .* slipway show d00000000001/,
    },
  ])('of $name is refused, and nothing changes', async ({ change, of, status, says, ...rest }) => {
    const world = createWorld();
    const before = await admitted(world, { ...running, ...change });
    const answer = await take(world, 'ana', of, 'body' in rest ? rest.body : { reason });
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(says) } });
    expect(await world.deps.ledger.get('deployments', id)).toEqual(before);
    expect(world.workflows.executions).toEqual([]);
  });

  it('by two at once is one person’s, and the other is told whose', async () => {
    const world = createWorld();
    await admitted(world, running);
    const people = ['ana', 'bob'];
    const answers = await Promise.all(people.map((who) => take(world, who)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 409]);
    const winner = people[answers.findIndex(({ status }) => status === 202)];
    const lost = answers.find(({ status }) => status === 409);
    expect(lost?.body).toMatchObject({
      error: expect.stringContaining(`${id} was taken over by ${winner}@example.com at 2026-01-01T00:00:00`),
    });
    expect(await world.deps.ledger.get('deployments', id)).toMatchObject({
      fence: 4,
      takeovers: [{ by: `${winner}@example.com` }],
    });
    expect(world.workflows.executions).toHaveLength(1);
  });

  it('is on record before anything else is done, and reconcile goes on where it was cut short', async () => {
    const world = createWorld();
    await admitted(world, { ...running, awaiting: { seq: 3, callbackUrl: callbackUrl() } });
    const mend = override(world.workflows, 'create', () => async () => {
      throw new Fault('unavailable', 'Workflows is out of reach');
    });
    expect(await take(world, 'ana')).toMatchObject({
      status: 504,
      body: { error: 'not confirmed: Workflows is out of reach' },
    });
    expect(await take(world, 'ana')).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('was taken over by ana@example.com') },
    });
    mend();
    await reconcile(world.deps);
    expect(world.workflows.executions).toMatchObject([
      { argument: { mode: 'recover' }, labels: { fence: '4' } },
    ]);
  });
});
