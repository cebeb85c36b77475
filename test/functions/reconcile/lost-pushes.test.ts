import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import type { RequestRecord } from '#shared/ledger/ledger.ts';
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

/** A request for the place that was refused a second from now. */
async function recordRefusal(world: World, change: Partial<RequestRecord>): Promise<void> {
  const record: RequestRecord = {
    requestId: 'm-9',
    decision: 'refused',
    reason: 'frozen',
    service: 'hello',
    environment: 'staging',
    requestedBy: 'topic gcr',
    at: new Date(world.clock.now() + 1000).toISOString(),
    ...change,
  };
  await world.deps.ledger.transaction((tx) => tx.put('requests', 'm-9.hello.staging', record));
}

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

  it.each([
    { name: 'at the first look', looks: 0 },
    { name: 'between two looks', looks: 1 },
  ])('is only the newest of several that came $name', async ({ looks }) => {
    const world = await established();
    for (let look = 0; look < looks; look += 1) await reconcile(world.deps);
    await world.pass(5);
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

  it.each<{ name: string; change: Partial<RequestRecord> }>([
    { name: 'another release', change: { digest: digestOf('v0') } },
    { name: 'what is not known, by an older record', change: {} },
    {
      name: 'the same release at another place',
      change: { digest: digestOf('v2'), environment: 'production' },
    },
  ])('is found also when a request for $name came after it and led to nothing', async ({ change }) => {
    const world = await established();
    pushedUnheard(world, 'v2');
    await recordRefusal(world, change);
    await world.pass(graceSeconds);
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
      name: 'of a digest that an own build made, under a tag of somebody',
      async push(world) {
        const deployment = await world.newest();
        const digest = pushedUnheard(world, 'v2');
        const { digest: _, ...request } = deployment.request;
        const release = { ...deployment.release!, digest };
        await world.deps.ledger.transaction((tx) =>
          tx.put('deployments', deployment.id, { ...deployment, request, release }),
        );
      },
    },
    {
      name: 'when nothing was pushed at all',
      push: () => undefined,
    },
    {
      name: 'that was refused when its notification came',
      async push(world) {
        await recordRefusal(world, { digest: pushedUnheard(world, 'v2') });
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

describe('a tag that was put on an image that was there before', () => {
  const lastWeek = Date.UTC(2025, 11, 25);
  /** Puts a tag on what another one names; nobody hears of it. */
  const retag = (world: World, tag: string, of: string): void =>
    void world.registry.images.set(tag, world.registry.images.get(of)!);
  /** `sha-1` lies in the registry since last week, and `reconcile` looked once since v1 is live. */
  async function seen(): Promise<World> {
    const world = await established();
    pushedUnheard(world, 'sha-1', lastWeek);
    await world.pass(60);
    await reconcile(world.deps);
    await world.pass(60);
    return world;
  }
  const sweeps = async (world: World, count: number): Promise<void> => {
    for (let sweep = 0; sweep < count; sweep += 1) {
      await reconcile(world.deps);
      await world.pass(60);
    }
  };
  const known = (world: World) =>
    world.deps.ledger
      .list('requests')
      .then((all) => all.filter(({ requestedBy }) => requestedBy === 'reconcile'));

  it('is asked for when nobody heard of it, after the time that its notification may take', async () => {
    const world = await seen();
    retag(world, 'v2', 'sha-1');
    await reconcile(world.deps);
    await world.pass(graceSeconds - 1);
    await reconcile(world.deps);
    expect(asked(world)).toEqual([]);
    await world.pass(1);
    await reconcile(world.deps);
    expect(asked(world)).toMatchObject([{ tag: 'v2', digest: digestOf('sha-1'), requestedBy: 'reconcile' }]);
  });

  it('is asked for under the same id until somebody answers', async () => {
    const world = await seen();
    retag(world, 'v2', 'sha-1');
    await sweeps(world, 8);
    expect(asked(world).length).toBeGreaterThan(1);
    expect(new Set(asked(world).map((message) => (message as { requestId: string }).requestId)).size).toBe(1);
  });

  it.each<{ name: string; live: string[]; tag: string; of: string; decision: string; reason: RegExp }>([
    {
      name: 'a newer version than the live one is deployed',
      live: ['v1.0.0'],
      tag: 'v1.2.0',
      of: 'sha-1',
      decision: 'admitted',
      reason: /nothing else is deploying/,
    },
    {
      name: 'an older version is superseded',
      live: ['v1.0.0'],
      tag: 'v0.9.0',
      of: 'sha-1',
      decision: 'superseded',
      reason: /by semantic version/,
    },
    {
      name: 'what is live already is a duplicate',
      live: ['v1.0.0'],
      tag: 'v1.0.1',
      of: 'v1.0.0',
      decision: 'duplicate',
      reason: /already made this release live/,
    },
    {
      name: 'what was live before is refused, and the way back is named',
      live: ['v1.0.0', 'v1.1.0'],
      tag: 'v1.2.0',
      of: 'v1.0.0',
      decision: 'refused',
      reason: /slipway rollback hello staging/,
    },
    {
      name: 'the same tag moved back is refused, and the way back is named',
      live: ['main', 'next'],
      tag: 'main',
      of: 'main',
      decision: 'refused',
      reason: /slipway rollback hello staging/,
    },
  ])('leads to one request, not one per look: $name', async ({ live, tag, of, decision, reason }) => {
    const world = createWorld();
    const engine = connect(world);
    pushedUnheard(world, 'sha-1', lastWeek);
    for (const version of live) {
      await runDeployment(world, version, engine);
      // Uploaded at once: the order of uploads says nothing.
      pushedUnheard(world, version, lastWeek, digestOf(version));
    }
    expect((await world.newest()).result?.outcome).toBe('live');
    const found = world.registry.images.get(of)!;
    if (tag === of) world.registry.images.set(tag, world.registry.images.get('next')!);
    await world.pass(60);
    await reconcile(world.deps);
    await world.pass(60);
    world.registry.images.set(tag, found);
    for (let sweep = 0; sweep < 12; sweep += 1) {
      await reconcile(world.deps);
      await engine.idle();
      await world.pass(60);
    }
    expect(await known(world)).toMatchObject([
      { decision, reason: expect.stringMatching(reason), digest: found.digest },
    ]);
    expect(await world.deps.ledger.list('deployments')).toHaveLength(
      live.length + (decision === 'admitted' ? 1 : 0),
    );
  });

  it('that was moved away and back is asked for twice', async () => {
    const world = createWorld();
    const engine = connect(world);
    await runDeployment(world, 'v1', engine);
    pushedUnheard(world, 'v1', lastWeek, digestOf('v1'));
    pushedUnheard(world, 'sha-1', lastWeek);
    for (const tag of ['sha-1', 'v1', 'sha-1', 'v1']) {
      retag(world, 'main', tag);
      for (let sweep = 0; sweep < 8; sweep += 1) {
        await reconcile(world.deps);
        await engine.idle();
        await world.pass(60);
      }
    }
    const digests = (await known(world)).map(({ digest }) => digest);
    expect(digests).toHaveLength(3);
    expect(digests.filter((digest) => digest === digestOf('v1'))).toHaveLength(2);
  });

  it('is not asked for when its notification came, before or after the look that found it', async () => {
    for (const heardAfter of [false, true]) {
      const world = await seen();
      retag(world, 'v2', 'sha-1');
      if (heardAfter) await sweeps(world, 1);
      await recordRefusal(world, { digest: digestOf('sha-1') });
      await sweeps(world, 8);
      expect(asked(world)).toEqual([]);
    }
  });

  it('is asked for although its image was asked for before it got the tag', async () => {
    const world = await established();
    pushedUnheard(world, 'sha-1', lastWeek);
    await recordRefusal(world, { digest: digestOf('sha-1') });
    await world.pass(60);
    await sweeps(world, 1);
    retag(world, 'v2', 'sha-1');
    await sweeps(world, 8);
    expect(asked(world)[0]).toMatchObject({ tag: 'v2' });
  });

  it('is asked for also beside one that was heard of in the same time', async () => {
    const world = await seen();
    pushedUnheard(world, 'sha-2', lastWeek + 1000);
    retag(world, 'v3', 'sha-2');
    retag(world, 'v2', 'sha-1');
    await recordRefusal(world, { digest: digestOf('sha-2') });
    await sweeps(world, 8);
    expect(new Set(asked(world).map((message) => (message as { tag: string }).tag))).toEqual(new Set(['v2']));
  });

  it('was there when reconcile looked for the first time: that is no news', async () => {
    const world = await established();
    pushedUnheard(world, 'sha-1', lastWeek);
    retag(world, 'v2', 'sha-1');
    await sweeps(world, 12);
    expect(asked(world)).toEqual([]);
  });
});
