import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { admitted, dispatch, establish, settled } from '#test/support/dispatch.ts';
import { override } from '#test/support/override.ts';
import { createWorld, image, serviceFile, type World } from '#test/support/world.ts';

/** The steps that move traffic and end a deployment: shift-traffic, rollback, report. */
const candidate = 'hello-d00000000001';
const tag = 'd00000000001';
const named = (revision: string, percent: number, name?: string) => ({
  type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  revision,
  percent,
  ...(name === undefined ? {} : { tag: name }),
});

async function deployed(
  options: { first?: boolean; behaviour?: Partial<Behaviour>; text?: string } = {},
): Promise<World> {
  const world = createWorld();
  if (!options.first) await establish(world);
  const digest = world.release('v1', options.behaviour);
  await admitted(
    world,
    { release: { image, digest, sizeBytes: 1, platforms: ['linux/amd64'] } },
    options.text,
  );
  await dispatch(world, 'deploy', 1);
  await settled(world);
  world.run.writes = [];
  return world;
}
const percents = (world: World) =>
  world.run.service()?.traffic.map(({ revision, percent, tag: name }) => [revision, percent, name ?? '']);
const shift = (world: World, percent: number, seq: number) =>
  dispatch(world, 'shift-traffic', seq, `traffic-${percent}`);

describe('shift-traffic', () => {
  it('gives the candidate its share by name, the rest to what served, and keeps every tag', async () => {
    const world = await deployed();
    world.run.edit((service) => service.traffic.push(named('hello-stable', 0, 'preview')));
    expect((await shift(world, 25, 2)).reply).toMatchObject({ status: 'succeeded' });
    expect(percents(world)).toEqual([
      ['hello-stable', 75, ''],
      [candidate, 25, ''],
      [candidate, 0, tag],
      ['hello-stable', 0, 'preview'],
    ]);
  });

  it('has put on record that users may meet the candidate before it writes', async () => {
    const world = await deployed();
    let moved: boolean | undefined;
    world.run.beforeWrite = async () => {
      moved = (await world.deps.ledger.get('deployments', tag))?.trafficMoved;
    };
    await shift(world, 25, 2);
    expect(moved).toBe(true);
  });

  it('answers only when the split is in effect', async () => {
    const world = await deployed();
    await shift(world, 25, 2);
    expect(world.run.exposed.at(-1)).toContainEqual({ revision: candidate, percent: 25 });
  });

  it('run again writes nothing', async () => {
    const world = await deployed();
    await shift(world, 25, 2);
    const writes = world.run.writes.length;
    expect((await shift(world, 25, 3)).reply).toMatchObject({ status: 'succeeded' });
    expect(world.run.writes).toHaveLength(writes);
  });

  it('opens a service of a first deployment only now, and closes the chapter after', async () => {
    const world = await deployed({ first: true });
    expect(world.run.service()?.isPublic).toBe(false);
    await shift(world, 100, 2);
    expect(world.run.service()?.isPublic).toBe(true);
    await dispatch(world, 'shift-traffic', 3, 'after');
    expect(percents(world)).toEqual([[candidate, 100, '']]);
    expect(world.run.service()?.annotations['slipway.dev/proven']).toBe('true');
  });

  it('leaves a private service closed', async () => {
    const world = await deployed({
      first: true,
      text: serviceFile().replace('access: public', 'access: private'),
    });
    expect((await shift(world, 100, 2)).reply).toMatchObject({ status: 'succeeded' });
    expect(world.run.service()?.isPublic).toBe(false);
  });

  it('keeps the tag of somebody on a service that was never proven', async () => {
    const world = createWorld();
    await establish(world, (service) => {
      service.annotations = { 'slipway.dev/proven': 'false' };
      service.invokerIamDisabled = false;
      service.traffic = [named('hello-stable', 100), named('hello-stable', 0, 'preview')];
    });
    const digest = world.release('v1');
    await admitted(world, { release: { image, digest, sizeBytes: 1, platforms: ['linux/amd64'] } });
    await dispatch(world, 'deploy', 1);
    await shift(world, 100, 2);
    expect(percents(world)).toContainEqual(['hello-stable', 0, 'preview']);
    expect(percents(world)).toContainEqual([candidate, 100, '']);
  });

  it('leaves the tag previous on what served before, if wanted', async () => {
    const world = await deployed({ text: serviceFile().replace('bake: 2s', 'bake: 2s, keepPrevious: true') });
    await shift(world, 100, 2);
    await dispatch(world, 'shift-traffic', 3, 'after');
    expect(percents(world)).toEqual([
      [candidate, 100, ''],
      ['hello-stable', 0, 'previous'],
    ]);
  });

  it('leaves a tag previous of somebody else where it is', async () => {
    const world = await deployed({ text: serviceFile().replace('bake: 2s', 'bake: 2s, keepPrevious: true') });
    await shift(world, 100, 2);
    world.run.edit((service) => service.traffic.push(named(candidate, 0, 'previous')));
    const { record } = await dispatch(world, 'shift-traffic', 3, 'after');
    expect(percents(world)).toEqual([
      [candidate, 100, ''],
      [candidate, 0, 'previous'],
    ]);
    expect(record.steps.at(-1)?.summary).toContain("is somebody else's and stays there");
  });

  it.each<[string, (world: World) => void, object]>([
    [
      'traffic that somebody changed',
      (world) =>
        world.run.edit((service) => (service.traffic = [named(candidate, 30), named('hello-stable', 70)])),
      { status: 'rejected', reason: expect.stringContaining('somebody changed the traffic') },
    ],
    [
      'a higher fence',
      (world) => world.run.edit((service) => (service.annotations['slipway.dev/fence'] = '2')),
      { status: 'failed', code: 'fenced', retryable: false },
    ],
    [
      'a tag on LATEST',
      (world) =>
        world.run.edit((service) => service.traffic.push({ type: 'LATEST', percent: 0, tag: 'newest' })),
      { status: 'rejected', reason: expect.stringContaining('newest') },
    ],
    [
      'an edit between look and write',
      (world) => {
        world.run.beforeWrite = () => {
          world.run.beforeWrite = undefined;
          world.run.edit(() => undefined);
        };
      },
      { status: 'failed', code: 'conflict', retryable: true },
    ],
    [
      'no answer of Cloud Run',
      (world) => (world.run.getService = () => Promise.reject(new Fault('unavailable', '503'))),
      { status: 'failed', code: 'unavailable', retryable: true },
    ],
  ])('meets %s and gives the candidate nothing', async (_name, arrange, reply) => {
    const world = await deployed();
    arrange(world);
    const before = percents(world);
    expect((await shift(world, 50, 2)).reply).toMatchObject(reply);
    expect(percents(world)).toEqual(before);
  });

  it('does not wait for ever for a split that never comes into effect', async () => {
    const world = await deployed();
    world.run.edit((service) => service.traffic.push(named('hello-gone', 0, 'preview')));
    const statuses: (string | undefined)[] = [];
    for (let seq = 2; statuses.at(-1) !== 'rejected' && seq < 20; seq += 1) {
      statuses.push((await shift(world, 50, seq)).reply?.status);
      await world.pass(3);
    }
    expect(statuses.at(-1)).toBe('rejected');
    expect(world.run.exposed.flat()).not.toContainEqual(expect.objectContaining({ revision: candidate }));
  });
});

describe('rollback', () => {
  const rollback = (world: World, seq = 9) => dispatch(world, 'rollback', seq, 'after');

  it.each([
    ['before anything was written', createWorld, 'nothing was changed yet'],
    ['of a service that is gone', () => deployed({ first: true }), 'not public'],
  ])('%s has nothing to undo', async (_name, make, observed) => {
    const world = await make();
    if (!world.run.service()) await admitted(world);
    const { reply, record } = await rollback(world);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(record.rollback).toMatchObject({
      result: 'verified',
      observed: expect.stringContaining(observed),
    });
  });

  it.each([
    { name: 'that still runs', release: false, cancelled: true },
    { name: 'whose image is a release already', release: true, cancelled: undefined },
  ])('of a build $name: cancelled is $cancelled', async ({ release, cancelled }) => {
    const world = createWorld();
    const place = { project: 'slipway-local', region: 'us-central1' };
    const buildId = await world.build.create(place, {
      bucket: 'b',
      object: 'o',
      image,
      imageTag: tag,
      tag,
      timeoutSeconds: 60,
      serviceAccount: 'b',
    });
    const made = { image, digest: world.release('v1'), sizeBytes: 1, platforms: ['linux/amd64'] };
    await admitted(world, { buildId, ...(release ? { release: made } : {}) });
    await rollback(world);
    expect(world.build.builds[0]?.cancelled).toBe(cancelled);
  });

  it('gives back exactly what was, takes our tag away, and has asked Cloud Run and the service', async () => {
    const world = await deployed();
    await shift(world, 50, 2);
    const { reply, record } = await rollback(world);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(percents(world)).toEqual([['hello-stable', 100, '']]);
    expect(record.rollback).toMatchObject({
      result: 'verified',
      observed: 'Cloud Run: hello-stable 100 %; service: GET /healthz answered 200',
      remains: [`revision ${candidate}, without traffic from us and without a tag`],
    });
  });

  it('closes a service that it opened, and names what remains', async () => {
    const world = await deployed({ first: true });
    await shift(world, 100, 2);
    const { record } = await rollback(world);
    expect(world.run.service()?.isPublic).toBe(false);
    expect(record.rollback?.remains).toEqual([
      'service hello, closed to the public',
      `revision ${candidate}, without traffic from us and without a tag`,
    ]);
  });

  it('run again writes nothing and says the same', async () => {
    const world = await deployed();
    await shift(world, 50, 2);
    const first = await rollback(world, 3);
    const writes = world.run.writes.length;
    const second = await rollback(world, 4);
    expect(world.run.writes).toHaveLength(writes);
    expect(second.record.rollback).toEqual({ ...first.record.rollback, at: expect.any(String) });
  });

  it('takes back nothing of a deployment that was complete', async () => {
    const world = await deployed();
    await shift(world, 100, 2);
    await dispatch(world, 'shift-traffic', 3, 'after');
    const before = percents(world);
    expect((await rollback(world)).reply).toMatchObject({ status: 'succeeded' });
    expect(percents(world)).toEqual(before);
  });

  it('raises the fence also when there is nothing to undo, so that a write under way is too late', async () => {
    const world = await deployed();
    const record = await world.deps.ledger.get('deployments', tag);
    await world.deps.ledger.transaction((tx) =>
      tx.put('deployments', tag, { ...record!, fence: 2, trafficIntended: record!.trafficWritten! }),
    );
    world.run.edit((service) => (service.traffic = [named('hello-stable', 100)]));
    const stale = (await world.run.getService({ project: '', region: '', name: 'hello' }))!.etag;
    await rollback(world);
    expect(world.run.service()?.annotations['slipway.dev/fence']).toBe('2');
    await expect(
      world.run.updateService({ project: '', region: '', name: 'hello' }, {}, ['traffic'], stale),
    ).rejects.toThrow('stale');
  });

  it('of a service that answers badly all the same is asked again for two minutes, then it is said as it is', async () => {
    const world = await deployed();
    await shift(world, 50, 2);
    world.release('stable', { answer: () => ({ status: 500 }) });
    const statuses: (string | undefined)[] = [];
    let record: Deployment | undefined;
    for (let seq = 3; statuses.at(-1) !== 'rejected' && seq < 200; seq += 1) {
      const answer = await rollback(world, seq);
      statuses.push(answer.reply?.status);
      ({ record } = answer);
      await world.pass(2);
    }
    expect(new Set(statuses)).toEqual(new Set(['pending', 'rejected']));
    expect(record?.rollback).toMatchObject({
      result: 'failed',
      observed: expect.stringContaining('answered 500'),
    });
  });

  it('is a fault when a newer owner has the service', async () => {
    const world = await deployed();
    world.run.edit((service) => (service.annotations['slipway.dev/fence'] = '2'));
    expect((await rollback(world)).reply).toMatchObject({ status: 'failed', code: 'fenced' });
  });
});

describe('report', () => {
  const report = (world: World, seq = 9) => dispatch(world, 'report', seq, 'after');
  const final = (world: World) =>
    world.deps.ledger.transaction((tx) =>
      tx.put('notifications', tag, {
        subject: tag,
        home: 'C1',
        channel: 'C1',
        postingUntil: 0,
        shownRevision: 1,
        shownAt: 0,
        turns: 1,
        detailsPosted: 0,
        final: true,
      }),
    );

  it('ends the deployment, frees its place, starts the waiter and keeps the report', async () => {
    const world = await deployed();
    const record = (await world.deps.ledger.get('deployments', tag))!;
    await world.deps.ledger.transaction(async (tx) => {
      await tx.put('deployments', 'd00000000002', { ...record, id: 'd00000000002', status: 'waiting' });
      const lock = (await tx.get('locks', 'hello.staging'))!;
      await tx.put('locks', 'hello.staging', { ...lock, waiting: 'd00000000002' });
    });
    await final(world);
    const { reply, record: ended } = await report(world);
    expect(reply).toMatchObject({ status: 'succeeded', decision: { outcome: 'failed' } });
    expect(ended).toMatchObject({ status: 'finished', result: { outcome: 'failed' } });
    expect(await world.deps.ledger.get('locks', 'hello.staging')).toMatchObject({ active: 'd00000000002' });
    expect(await world.deps.ledger.get('deployments', 'd00000000002')).toMatchObject({ status: 'starting' });
    expect(world.pubsub.published).toContainEqual({
      topic: 'deploy-requests',
      message: { version: 1, kind: 'start', deploymentId: 'd00000000002' },
    });
    expect([...world.objects.objects.keys()]).toEqual(
      expect.arrayContaining([`reports/hello/staging/${tag}.json`, `reports/hello/staging/${tag}.md`]),
    );
  });

  it('run again keeps the outcome', async () => {
    const world = await deployed();
    await final(world);
    const first = await report(world, 9);
    await world.pass(60);
    const second = await report(world, 10);
    expect(second.record.result).toEqual(first.record.result);
  });

  it('waits for Slack for a while and no longer', async () => {
    const world = await deployed();
    const statuses: (string | undefined)[] = [];
    const started = world.clock.now();
    for (let seq = 9; statuses.at(-1) !== 'succeeded' && seq < 100; seq += 1) {
      statuses.push((await report(world, seq)).reply?.status);
      await world.pass(3);
    }
    expect(statuses.slice(0, 2)).toEqual(['pending', 'pending']);
    expect(statuses.at(-1)).toBe('succeeded');
    expect(world.clock.now() - started).toBeLessThan(140_000);
  });

  it('does not wait where there is no Slack', async () => {
    const world = await deployed();
    world.deps.config = { ...world.deps.config, hasSlack: false };
    expect((await report(world)).reply).toMatchObject({ status: 'succeeded' });
  });

  it('says that it could not read what serves, rather than guess', async () => {
    const world = await deployed();
    await final(world);
    world.run.getService = () => Promise.reject(new Fault('unavailable', '503'));
    expect((await report(world)).record.result).toMatchObject({ outcome: 'failed', serving: null });
  });

  it('is tried again when the bucket does not answer; the outcome stands meanwhile', async () => {
    const world = await deployed();
    await final(world);
    const mend = override(
      world.objects,
      'write',
      () => () => Promise.reject(new Fault('unavailable', '503')),
    );
    expect((await report(world, 9)).reply).toMatchObject({ status: 'failed', retryable: true });
    expect((await world.deps.ledger.get('deployments', tag))?.status).toBe('finished');
    mend();
    expect((await report(world, 10)).reply).toMatchObject({ status: 'succeeded' });
    expect(world.objects.objects.has(`reports/hello/staging/${tag}.md`)).toBe(true);
  });
});
