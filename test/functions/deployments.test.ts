import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { api } from '#functions/triggers/api.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { connect, pushed, runDeployment } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

/** Whole deployments over workflows/deploy.yaml: what ends them, and what users met meanwhile. */
const ok = { status: 200, body: 'hello' };
const bad = { status: 503 };
/** A release that is wrong when `wrong` says so. */
const wrongWhen = (
  wrong: (request: Parameters<Behaviour['answer']>[0]) => boolean,
  how: ReturnType<Behaviour['answer']> = bad,
): Partial<Behaviour> => ({ answer: (request) => (wrong(request) ? how : ok) });

const live = async (world: World): Promise<Deployment> => {
  const done = await runDeployment(world, 'v1');
  expect(done.result?.outcome).toBe('live');
  return done;
};
const revisionOf = (deployment: Deployment): string => `hello-${deployment.id}`;
const all = (deployment: Deployment) => [{ revision: revisionOf(deployment), percent: 100 }];
const token = (email: string): string =>
  `Bearer e30.${Buffer.from(JSON.stringify({ email })).toString('base64url')}.`;
const stop = (world: World, id: string) =>
  api(world.deps, {
    method: 'POST',
    path: `/deployments/${id}/cancel`,
    query: new URLSearchParams(),
    authorization: token('ada@example.com'),
    body: { reason: 'wrong tag' },
  });

describe('a good release', () => {
  it('that is the first one is proven while closed, then opened, and all of it is on record', async () => {
    const world = createWorld();
    const done = await live(world);
    expect(world.run.exposed).toEqual([all(done)]);
    expect(done.result?.serving).toEqual(all(done));
    expect(world.run.service()?.traffic).toMatchObject(all(done));
    expect(world.run.service()?.annotations).toMatchObject({ 'slipway.dev/proven': 'true' });
    expect(await world.deps.ledger.get('live', 'hello.staging')).toMatchObject({ deploymentId: done.id });
    expect(await world.deps.ledger.get('locks', 'hello.staging')).toMatchObject({ fence: 1 });
    expect([...world.objects.objects.keys()]).toContain(`reports/hello/staging/${done.id}.md`);
    expect(world.slack.roots()).toHaveLength(1);
    expect(world.workflows.executions.map(({ state }) => state)).toEqual(['succeeded']);
  });

  it('gets its traffic in the steps of the service file and leaves no tag', async () => {
    const world = createWorld();
    const first = await live(world);
    const done = await runDeployment(world, 'v2');
    const [stable, candidate] = [revisionOf(first), revisionOf(done)];
    expect(world.run.exposed.map((split) => split.map((one) => `${one.revision} ${one.percent}`))).toEqual([
      [`${stable} 100`],
      [`${stable} 50`, `${candidate} 50`],
      [`${candidate} 100`],
    ]);
    expect(world.run.service()?.traffic.filter(({ tag }) => tag !== undefined)).toEqual([]);
    expect(world.run.service()?.revisions).toHaveLength(2);
  });

  it('with an advisory check that fails is live with recommendations', async () => {
    const world = createWorld();
    world.release('v1', { answer: () => ({ ...ok, ms: 400 }) });
    expect((await runDeployment(world, 'v1')).result?.outcome).toBe('live-with-recommendations');
  });

  it('is built first when the request names no image', async () => {
    const world = createWorld();
    world.configure(serviceFile('build: { source: gs://slipway/source.tgz }\n'));
    const engine = connect(world);
    engine.publish('deploy-requests', {
      version: 1,
      kind: 'deploy',
      requestId: 'ada/1',
      service: 'hello',
      environment: 'staging',
      requestedBy: 'ada@example.com',
      requestedAt: '2026-01-01T00:00:00.000Z',
    });
    await engine.idle();
    const done = await world.newest();
    expect(done.result?.outcome).toBe('live');
    expect(world.build.builds.map(({ tag }) => tag)).toEqual([done.id]);
    expect(engine.dispatched.slice(0, 2)).toEqual(['preflight/candidate', 'build/candidate']);
  });

  it('that needs long watching gets it: a streak of successes goes on over several dispatches', async () => {
    const world = createWorld();
    world.configure(serviceFile().replace('interval: 1s, successes: 3', 'interval: 8s, successes: 5'));
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('live');
    const healthy = done.checks.find(({ phase, id }) => phase === 'candidate' && id === 'healthy');
    expect(healthy).toMatchObject({ evidence: { observed: '200 ×5' } });
  });
});

interface Bad {
  name: string;
  behaviour?: Partial<Behaviour>;
  arrange?: (world: World) => void;
  outcome: string;
  step: string;
  /** The largest share users had of it. */
  exposed: number;
}

const beforeTraffic = (name: string, step: string, more: Partial<Bad>): Bad => ({
  name,
  step,
  outcome: 'failed',
  exposed: 0,
  ...more,
});

const badReleases: Bad[] = [
  beforeTraffic('does not start', 'deploy', { behaviour: { start: 'fails' } }),
  beforeTraffic('never becomes ready', 'deploy', { behaviour: { start: 'never' } }),
  beforeTraffic('is unhealthy', 'health-probe', { behaviour: wrongWhen(({ path }) => path === '/healthz') }),
  beforeTraffic('does not answer', 'health-probe', { behaviour: wrongWhen(() => true, 'silence') }),
  beforeTraffic('fails a required check', 'validate', {
    behaviour: wrongWhen(({ path }) => path === '/', { status: 200, body: 'good bye' }),
  }),
  beforeTraffic('is for another platform', 'preflight', {
    arrange: ({ registry }) => {
      for (const found of registry.images.values()) found.platforms = ['linux/arm64'];
    },
  }),
  beforeTraffic('is gone from the registry', 'preflight', {
    arrange: ({ registry }) => registry.images.clear(),
  }),
  beforeTraffic('has no secret', 'preflight', {
    arrange: (world) =>
      world.configure(
        serviceFile().replace('access: public', 'access: public, secrets: { PASSWORD: "db:3" }'),
      ),
  }),
  {
    name: 'breaks under traffic',
    behaviour: wrongWhen(({ percent, path }) => percent > 0 && path === '/healthz'),
    outcome: 'rolled-back',
    step: 'health-probe',
    exposed: 50,
  },
  {
    name: 'answers wrongly under traffic',
    behaviour: wrongWhen(({ percent, path }) => percent > 0 && path === '/'),
    outcome: 'rolled-back',
    step: 'validate',
    exposed: 50,
  },
  {
    name: 'breaks under all of the traffic',
    behaviour: wrongWhen(({ percent, path }) => percent === 100 && path === '/healthz'),
    outcome: 'rolled-back',
    step: 'health-probe',
    exposed: 100,
  },
];

describe('a release that', () => {
  it.each(badReleases)('$name is taken back and harms nobody', async (release) => {
    const world = createWorld();
    const stable = await live(world);
    world.run.exposed = [];
    const digest = world.release('v2', release.behaviour);
    const before = structuredClone(world.run.service()?.traffic);
    release.arrange?.(world);
    const engine = connect(world);
    engine.publish('gcr', pushed('v2', digest));
    await engine.idle();
    const done = await world.newest();
    expect({ outcome: done.result?.outcome, step: done.failure?.step, ending: done.failure?.ending }).toEqual(
      {
        outcome: release.outcome,
        step: release.step,
        ending: 'rejected',
      },
    );
    const share = world.run.exposed.flat().filter(({ revision }) => revision === revisionOf(done));
    expect(Math.max(0, ...share.map(({ percent }) => percent))).toBe(release.exposed);
    expect(done.rollback?.result).toBe('verified');
    expect(done.result?.serving).toEqual(all(stable));
    expect(world.run.service()?.traffic).toEqual(before);
    expect(await world.deps.ledger.get('live', 'hello.staging')).toMatchObject({ deploymentId: stable.id });
    expect(world.slack.roots()).toHaveLength(2);
    expect((await world.deps.ledger.get('notifications', done.id))?.final).toBe(true);
    const after = await runDeployment(world, 'v3');
    expect(after.result?.outcome).toBe(release.name === 'has no secret' ? 'failed' : 'live');
  });

  it.each(badReleases.filter(({ name }) => name !== 'is gone from the registry'))(
    '$name, as the first one, is never open to anybody before it is proven',
    async ({ behaviour, arrange, step, name }) => {
      const world = createWorld();
      world.release('v1', behaviour);
      arrange?.(world);
      const done = await runDeployment(world, 'v1');
      expect(done.result).toMatchObject({ outcome: 'failed', serving: [] });
      expect(done.failure?.step).toBe(step);
      expect(done.rollback?.result).toBe('verified');
      expect(world.run.service()?.isPublic ?? false).toBe(false);
      expect(world.run.exposed.length).toBe(/under/.test(name) && !done.candidate ? 1 : 0);
      if (step === 'preflight') return;
      world.release('v2');
      const next = await runDeployment(world, 'v2');
      expect(next.result?.outcome).toBe('live');
      expect(world.run.exposed.at(-1)).toEqual(all(next));
    },
  );
});

describe('a person', () => {
  const changeTraffic = (world: World, revision: string, percent: number, tag?: string) =>
    world.run.edit((service) => {
      const [first] = service.revisions;
      service.traffic = [
        { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent, ...(tag && { tag }) },
        ...(percent < 100
          ? [
              {
                type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
                revision: first!.name,
                percent: 100 - percent,
              },
            ]
          : []),
      ];
      service.effective = service.traffic;
    });
  /** Runs `act` once, as soon as that step was dispatched. */
  const meanwhile = (world: World, step: string, act: (deployment: Deployment) => unknown) => {
    let done = false;
    return connect(world, async (target, message, work) => {
      if (!done && `${target}/${(message as { phase?: string }).phase}` === step) {
        done = true;
        await act(await world.newest());
      }
      await work(world.deps);
    });
  };

  it('who says cancel before traffic gets it, and nothing was changed', async () => {
    const world = createWorld();
    const stable = await live(world);
    const engine = meanwhile(world, 'validate/candidate', ({ id }) => stop(world, id));
    const done = await runDeployment(world, 'v2', engine);
    expect(done.result).toMatchObject({ outcome: 'cancelled', serving: all(stable) });
    expect(done.failure).toMatchObject({
      ending: 'cancelled',
      message: 'cancel by ada@example.com: wrong tag',
    });
    expect(engine.dispatched).not.toContain('shift-traffic/traffic-50');
  });

  it('who says cancel while the bake runs ends it at once and gets the stable traffic back', async () => {
    const world = createWorld();
    await live(world);
    world.configure(serviceFile().replace('bake: 2s', 'bake: 1h'));
    const engine = connect(world);
    engine.publish('gcr', pushed('v2', world.release('v2')));
    await world.pass(300);
    const { id } = await world.newest();
    const askedAt = world.clock.now();
    await world.finish(stop(world, id));
    await engine.idle();
    const done = await world.newest();
    expect(done.result?.outcome).toBe('rolled-back');
    expect(world.clock.now() - askedAt).toBeLessThan(15_000);
  });

  it('who gives the traffic to another revision meanwhile is not fought', async () => {
    const world = createWorld();
    const first = await live(world);
    const second = await runDeployment(world, 'v2');
    const engine = meanwhile(world, 'shift-traffic/traffic-100', () =>
      changeTraffic(world, revisionOf(first), 100),
    );
    const done = await runDeployment(world, 'v3', engine);
    expect(done.result).toMatchObject({ outcome: 'rolled-back', serving: all(first) });
    expect(done.rollback?.notes.join()).toContain('somebody changed the traffic');
    expect(revisionOf(second)).not.toBe(done.result?.serving?.[0]?.revision);
  });

  it('who gives the candidate a share keeps it', async () => {
    const world = createWorld();
    await live(world);
    const engine = meanwhile(world, 'shift-traffic/traffic-100', (deployment) =>
      changeTraffic(world, revisionOf(deployment), 70),
    );
    const done = await runDeployment(world, 'v2', engine);
    expect(done.result?.serving).toContainEqual({ revision: revisionOf(done), percent: 70 });
  });

  it('whose traffic comes between our look and our write is what a rollback goes back to', async () => {
    const world = createWorld();
    const first = await live(world);
    await runDeployment(world, 'v2');
    world.release(
      'v3',
      wrongWhen(({ path }) => path === '/healthz'),
    );
    world.run.beforeWrite = () => {
      world.run.beforeWrite = undefined;
      changeTraffic(world, revisionOf(first), 100);
    };
    const done = await runDeployment(world, 'v3');
    expect(done.result).toMatchObject({ outcome: 'failed', serving: all(first) });
    expect(done.stable?.targets).toEqual(all(first));
    expect(done.rollback).toMatchObject({ result: 'verified', notes: [] });
  });

  it.each(['v2 is good', 'v2 is bad'])('keeps their own tags, also when %s', async (how) => {
    const world = createWorld();
    const first = await live(world);
    changeTraffic(world, revisionOf(first), 100, 'preview');
    if (how === 'v2 is bad')
      world.release(
        'v2',
        wrongWhen(({ percent }) => percent > 0),
      );
    const done = await runDeployment(world, 'v2');
    expect(done.result?.outcome).toBe(how === 'v2 is bad' ? 'rolled-back' : 'live');
    const tags = world.run.service()?.traffic.filter(({ tag }) => tag !== undefined);
    expect(tags).toMatchObject([{ revision: revisionOf(first), tag: 'preview' }]);
  });
});

describe('the fence', () => {
  it('of a newer owner stops the writer, which reports and writes no more', async () => {
    const world = createWorld();
    await live(world);
    const engine = connect(world, async (target, _message, work) => {
      if (target === 'shift-traffic' && world.run.service()?.annotations['slipway.dev/fence'] !== '99')
        world.run.edit((service) => (service.annotations['slipway.dev/fence'] = '99'));
      await work(world.deps);
    });
    const writes = (): number => world.run.writes.length;
    const done = await runDeployment(world, 'v2', engine);
    const before = writes();
    expect(done.failure).toMatchObject({ ending: 'fault', code: 'fenced' });
    expect(done.result?.outcome).toBe('failed');
    expect(world.run.writes.slice(before)).toEqual([]);
    expect(world.run.service()?.annotations['slipway.dev/fence']).toBe('99');
  });
});

describe('a fault', () => {
  it('that passes is retried and forgotten', async () => {
    const world = createWorld();
    let down = 3;
    override(world.registry, 'resolve', (resolve) => async (...asked) => {
      if ((down -= 1) >= 0) throw new Fault('unavailable', 'the registry answered 503');
      return resolve(...asked);
    });
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('live');
    expect(done.failure).toBeUndefined();
    expect(done.steps.find(({ step }) => step === 'preflight')).toMatchObject({
      attempt: 4,
      status: 'succeeded',
    });
  });

  it.each([
    { name: 'that stays', retryable: true, attempts: 6, of: 'preflight' },
    { name: 'that no retry can mend', retryable: false, attempts: 1, of: 'push' },
  ])('$name ends the deployment after $attempts attempts', async ({ retryable, attempts, of }) => {
    const world = createWorld();
    world.registry.resolve = async () => {
      throw new Fault('unavailable', 'the registry answered 503', { retryable });
    };
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('failed');
    expect(done.failure).toMatchObject({ ending: 'fault', code: 'unavailable' });
    expect(done.steps.find(({ step }) => step === of)?.attempt).toBe(attempts);
  });

  it('of a function that never answers ends the deployment, and says which step it was', async () => {
    const world = createWorld();
    const engine = connect(world, async (target, _message, work) => {
      if (target === 'push') throw new Error('no instance starts');
      await work(world.deps);
    });
    const done = await runDeployment(world, 'v1', engine);
    expect(done.result).toMatchObject({ outcome: 'failed', serving: [] });
    expect(engine.deadLetters).toContain('step-push');
    expect(world.clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(3600_000);
  });

  it.each(['refuses', 'down'] as const)('of Slack (%s) changes no outcome', async (mood) => {
    const world = createWorld();
    world.slack.mood = mood;
    const engine = connect(world);
    engine.publish('gcr', pushed('v1', world.release('v1')));
    await world.pass(400);
    expect((await world.newest()).result?.outcome).toBe('live');
    expect(world.workflows.executions[0]?.state).toBe('succeeded');
    world.slack.mood = 'well';
    await engine.idle();
    await world.finish(reconcile(world.deps));
    await engine.idle();
    expect(world.slack.roots()).toHaveLength(1);
  });
});

describe('what is written in a service file as a header or variable', () => {
  it('appears in no message, no log and no report', async () => {
    const world = createWorld();
    world.configure(
      serviceFile()
        .replace('access: public', 'access: public, env: { KEY: sentinel-1 }')
        .replace('name: names-itself,', 'name: names-itself, headers: { x-key: sentinel-2 },'),
    );
    world.release(
      'v1',
      wrongWhen(({ path }) => path === '/'),
    );
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('failed');
    const { slack, logs, pubsub, callback, objects } = world;
    const reports = [...objects.objects].filter(([name]) => name.startsWith('reports/'));
    expect(reports).toHaveLength(3);
    const said = JSON.stringify([slack.messages, logs, pubsub.published, callback.posts, reports]);
    expect(said).not.toMatch(/sentinel/);
  });
});
