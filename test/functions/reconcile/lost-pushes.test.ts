import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { connect, pushed, runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, digestOf, serviceFile, type World } from '#test/support/world.ts';

const graceSeconds = 300;

/** Pushes an image whose notification gets lost. @param at milliseconds since the epoch; now unless told otherwise */
function pushedUnheard(
  world: World,
  tag: string,
  at = world.clock.now(),
  digest = world.release(tag),
): string {
  const uploadedAt = new Date(at).toISOString();
  const found = { ...world.registry.images.get(digest)!, uploadedAt };
  world.registry.images.set(tag, found).set(digest, found);
  return digest;
}

const asked = (world: World) =>
  world.pubsub.published.filter(({ topic }) => topic === 'deploy-requests').map(({ message }) => message);

/** v1 is live; nothing that is published from here on is delivered. */
async function established(text = serviceFile()): Promise<World> {
  const world = createWorld();
  world.configure(text);
  const first = await runDeployment(world, 'v1');
  expect(first.result?.outcome).toBe('live');
  world.pubsub.subscriber = undefined;
  world.pubsub.published = [];
  await world.pass(10);
  return world;
}

describe('a push whose notification was lost', () => {
  it('is deployed all the same, once', async () => {
    const world = createWorld();
    const engine = connect(world);
    await runDeployment(world, 'v1', engine);
    await world.pass(10);
    const digest = pushedUnheard(world, 'v2');
    await world.pass(graceSeconds);
    await reconcile(world.deps);
    await engine.idle();
    expect(await world.newest()).toMatchObject({
      result: { outcome: 'live' },
      request: { digest, tag: 'v2', requestedBy: 'reconcile', source: 'image-push' },
    });
    world.pubsub.published = [];
    await reconcile(world.deps);
    await engine.idle();
    expect(asked(world)).toEqual([]);
    expect(await world.deps.ledger.list('deployments')).toHaveLength(2);
  });

  it('makes one deployment also when the notification comes after all', async () => {
    const world = createWorld();
    const engine = connect(world);
    await runDeployment(world, 'v1', engine);
    await world.pass(10);
    const digest = pushedUnheard(world, 'v2');
    await world.pass(graceSeconds);
    await reconcile(world.deps);
    engine.publish('gcr', pushed('v2', digest));
    await engine.idle();
    expect(await world.deps.ledger.list('deployments')).toHaveLength(2);
  });

  it('is asked for under the same id until somebody answers', async () => {
    const world = await established();
    const digest = pushedUnheard(world, 'v2');
    await world.pass(graceSeconds);
    const repair = override(world.pubsub, 'publish', () => async () => {
      throw new Fault('unavailable', 'Pub/Sub is down');
    });
    await expect(reconcile(world.deps)).rejects.toThrow('Pub/Sub is down');
    repair();
    await reconcile(world.deps);
    await world.pass(60);
    await reconcile(world.deps);
    expect(asked(world)).toHaveLength(2);
    expect(asked(world)[0]).toMatchObject({ kind: 'image', tag: 'v2', digest, requestedBy: 'reconcile' });
    expect(new Set(asked(world).map((message) => (message as { requestId: string }).requestId)).size).toBe(1);
  });

  it('is only the newest of several', async () => {
    const world = await established();
    pushedUnheard(world, 'v2');
    await world.pass(5);
    pushedUnheard(world, 'v3');
    await world.pass(graceSeconds);
    await reconcile(world.deps);
    expect(asked(world)).toMatchObject([{ tag: 'v3' }]);
  });

  it('is found also while a deployment was running', async () => {
    const world = createWorld();
    const engine = connect(world);
    await runDeployment(world, 'v1', engine);
    await world.pass(10);
    engine.publish('gcr', pushed('v2', world.release('v2')));
    await world.pass(3);
    pushedUnheard(world, 'v3');
    await engine.idle();
    await world.pass(graceSeconds);
    await reconcile(world.deps);
    expect(asked(world).at(-1)).toMatchObject({ tag: 'v3', requestedBy: 'reconcile' });
  });

  it('is found also when an earlier request was approved and started only after it', async () => {
    const world = await established();
    const { id } = await world.newest();
    pushedUnheard(world, 'v2');
    await world.pass(graceSeconds);
    await world.deps.ledger.transaction(async (tx) => {
      const [request] = await tx.list('requests', { service: 'hello' });
      const at = new Date(world.clock.now()).toISOString();
      await tx.put('requests', 'm-9.hello.staging', { ...request!, requestId: 'm-9', deploymentId: id, at });
    });
    await reconcile(world.deps);
    expect(asked(world)).toMatchObject([{ tag: 'v2' }]);
  });

  it('cannot be looked for in one registry, but is in the others', async () => {
    const world = await established();
    const other = 'us-central1-docker.pkg.dev/slipway-local/apps/other';
    world.configure(
      serviceFile()
        .replaceAll('hello', 'other')
        .replace(/image: .*/, `image: ${other}`),
      'other',
    );
    await world.deps.ledger.transaction(async (tx) => {
      const live = await tx.get('live', 'hello.staging');
      await tx.put('live', 'other.staging', { ...live!, service: 'other' });
    });
    override(world.registry, 'tags', (tags) => async (image) => {
      if (image === other) throw new Fault('permission-denied', 'no artifactregistry.reader');
      return tags(image);
    });
    pushedUnheard(world, 'v2');
    await world.pass(graceSeconds);
    await expect(reconcile(world.deps)).rejects.toThrow('artifactregistry.reader');
    expect(asked(world)).toMatchObject([{ tag: 'v2' }]);
  });
});

describe('a push is not asked for', () => {
  it.each<{ name: string; file?: string; push: (world: World) => unknown }>([
    {
      name: 'that is older than the newest request',
      push: (world) => pushedUnheard(world, 'v0', Date.UTC(2025, 11, 31)),
    },
    {
      name: 'of a tag that is not deployed by itself',
      file: serviceFile().replace("autoDeploy: ['*']", "autoDeploy: ['v*']"),
      push: (world) => pushedUnheard(world, 'nightly'),
    },
    {
      name: 'of a digest that was deployed already, under another tag',
      push: (world) => pushedUnheard(world, 'again', undefined, digestOf('v1')),
    },
    {
      name: 'that an own build made',
      async push(world) {
        const { id } = await world.newest();
        pushedUnheard(world, id);
      },
    },
    {
      name: 'when nothing was pushed at all',
      push: () => undefined,
    },
    {
      name: 'that was refused when its notification came',
      async push(world) {
        pushedUnheard(world, 'v2');
        await world.deps.ledger.transaction((tx) =>
          tx.put('requests', 'm-9.hello.staging', {
            requestId: 'm-9',
            decision: 'refused',
            reason: 'frozen',
            service: 'hello',
            environment: 'staging',
            requestedBy: 'topic gcr',
            at: new Date(world.clock.now() + 1000).toISOString(),
          }),
        );
      },
    },
  ])('$name', async ({ file, push }) => {
    const world = await established(file);
    await push(world);
    await world.pass(graceSeconds + 60);
    await reconcile(world.deps);
    expect(asked(world)).toEqual([]);
  });

  it('before its own notification has had its time', async () => {
    const world = await established();
    pushedUnheard(world, 'v2');
    await world.pass(graceSeconds - 1);
    await reconcile(world.deps);
    expect(asked(world)).toEqual([]);
    await world.pass(1);
    await reconcile(world.deps);
    expect(asked(world)).toHaveLength(1);
  });

  it.each([
    { name: 'no deployment', before: [] },
    { name: 'only a deployment that failed', before: ['failed'] },
  ])('in a place that had $name: a full registry is no news', async ({ before }) => {
    const world = createWorld();
    for (const outcome of before) {
      world.release(outcome, { answer: () => ({ status: 500 }) });
      await runDeployment(world, outcome);
    }
    const all = await world.deps.ledger.list('deployments');
    expect(all.map(({ result }) => result?.outcome)).toEqual(before);
    world.pubsub.subscriber = undefined;
    world.pubsub.published = [];
    await world.pass(10);
    pushedUnheard(world, 'v1');
    await world.pass(graceSeconds);
    await reconcile(world.deps);
    expect(asked(world)).toEqual([]);
  });
});
