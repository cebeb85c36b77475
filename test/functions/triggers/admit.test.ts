import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { admit } from '#functions/triggers/admit.ts';
import { connect, pushed, runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, delivery, digestOf, image, serviceFile, type World } from '#test/support/world.ts';

const send = (world: World, message: unknown) => admit(world.deps, delivery('admit', message));
const push = (world: World, tag: string, requestId: string, change: object = {}) =>
  send(world, {
    version: 1,
    kind: 'image',
    requestId,
    image,
    tag,
    digest: digestOf(tag),
    requestedBy: 'topic gcr',
    requestedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  });
const ask = (world: World, requestId: string, change: object = {}) =>
  send(world, {
    version: 1,
    kind: 'deploy',
    requestId,
    service: 'hello',
    environment: 'staging',
    tag: 'v1',
    requestedBy: 'ada@example.com',
    requestedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  });
const requests = (world: World) => world.deps.ledger.list('requests');
const deployments = (world: World) => world.deps.ledger.list('deployments');

describe('admit', () => {
  it('turns a pushed tag into a deployment with its configuration, and starts its execution', async () => {
    const world = createWorld();
    await push(world, 'v1', 'm-1');
    const [deployment] = await deployments(world);
    expect(deployment).toMatchObject({
      status: 'starting',
      fence: 1,
      configSource: 'services/hello.yaml#1',
      request: { source: 'image-push', tag: 'v1', digest: digestOf('v1') },
    });
    expect(world.workflows.executions).toMatchObject([
      {
        argument: { deploymentId: deployment!.id, mode: 'deploy', after: 0 },
        labels: { deployment: deployment!.id, fence: '1' },
      },
    ]);
  });

  it.each([
    { name: 'admitted', file: serviceFile(), tag: 'v1', decision: 'admitted' },
    {
      name: 'ignored, because nobody deploys the tag',
      file: serviceFile().replace("['*']", "['v*']"),
      tag: 'nightly',
      decision: 'ignored',
    },
    {
      name: 'refused, because the file that names it is broken',
      file: `${serviceFile()}\nnonsense: 1`,
      tag: 'v1',
      decision: 'refused',
    },
  ])('keeps on record for which digest a request was $name', async ({ file, tag, decision }) => {
    const world = createWorld();
    world.configure(file);
    await push(world, tag, 'm-1');
    expect(await requests(world)).toMatchObject([{ decision, digest: digestOf(tag) }]);
  });

  it('keeps on record which digest a named tag pointed at, and none where it is still to be built', async () => {
    const world = createWorld();
    const digest = world.release('v1');
    await ask(world, 'r-1');
    await ask(world, 'r-2', { tag: undefined });
    const [built, named] = await requests(world);
    expect(named).toMatchObject({ requestId: 'r-1', digest });
    expect(built).toMatchObject({ requestId: 'r-2' });
    expect(built?.digest).toBeUndefined();
  });

  it('delivered again, makes one deployment and one execution', async () => {
    const world = createWorld();
    await push(world, 'v1', 'm-1');
    await push(world, 'v1', 'm-1');
    expect(await deployments(world)).toHaveLength(1);
    expect(world.workflows.executions).toHaveLength(1);
  });

  it('delivered twice at once, makes one deployment', async () => {
    const world = createWorld();
    await Promise.all([push(world, 'v1', 'm-1'), push(world, 'v1', 'm-1')]);
    expect(await deployments(world)).toHaveLength(1);
  });

  it('delivered again, heals a start that was lost', async () => {
    const world = createWorld();
    const mend = override(
      world.workflows,
      'create',
      () => () => Promise.reject(new Fault('unavailable', '503')),
    );
    await expect(push(world, 'v1', 'm-1')).rejects.toThrow('503');
    expect((await deployments(world))[0]?.status).toBe('starting');
    mend();
    await push(world, 'v1', 'm-1');
    expect(await deployments(world)).toHaveLength(1);
    expect(world.workflows.executions).toHaveLength(1);
  });

  it('finds the execution whose creation gave no answer, and makes no second one', async () => {
    const world = createWorld();
    override(world.workflows, 'create', (create) => async (...given) => {
      await create(...given);
      throw new Fault('timeout', 'no answer');
    });
    await expect(push(world, 'v1', 'm-1')).rejects.toThrow('no answer');
    await push(world, 'v1', 'm-1');
    expect(world.workflows.executions).toHaveLength(1);
  });

  it('says duplicate for another push of the same release', async () => {
    const world = createWorld();
    await push(world, 'v1', 'm-1');
    await push(world, 'latest', 'm-2', { digest: digestOf('v1') });
    expect(await deployments(world)).toHaveLength(1);
    expect(await requests(world)).toContainEqual(
      expect.objectContaining({ requestId: 'm-2', decision: 'duplicate' }),
    );
  });

  it('lets the newest of several pushes wait and supersedes the one that waited', async () => {
    const world = createWorld();
    await push(world, 'v1', 'm-1');
    await world.pass(1);
    await push(world, 'v2', 'm-2');
    await world.pass(1);
    await push(world, 'v3', 'm-3');
    const all = await deployments(world);
    expect(all.map(({ request, status }) => [request.tag, status])).toEqual([
      ['v3', 'waiting'],
      ['v2', 'finished'],
      ['v1', 'starting'],
    ]);
    expect(all[1]?.result).toMatchObject({
      outcome: 'superseded',
      explanation: expect.stringContaining(all[0]!.id),
    });
    expect(world.workflows.executions).toHaveLength(1);
  });

  it('starts who waits when the one before has ended', async () => {
    const world = createWorld();
    for (const tag of ['v1', 'v2', 'v3']) world.release(tag);
    const engine = connect(world);
    for (const tag of ['v1', 'v2', 'v3']) {
      engine.publish('gcr', pushed(tag, digestOf(tag)));
      await world.pass(1);
    }
    await engine.idle();
    expect((await deployments(world)).map(({ request, result }) => [request.tag, result?.outcome])).toEqual([
      ['v3', 'live'],
      ['v2', 'superseded'],
      ['v1', 'live'],
    ]);
    expect(world.slack.roots()).toHaveLength(3);
  });

  it('deploys a release again when the service file has changed, and not otherwise', async () => {
    const world = createWorld();
    await runDeployment(world, 'v1');
    await ask(world, 'ada/1', { digest: digestOf('v1') });
    expect(await deployments(world)).toHaveLength(1);
    world.configure(serviceFile().replace('bake: 2s', 'bake: 3s'));
    await ask(world, 'ada/2', { digest: digestOf('v1') });
    expect(await deployments(world)).toHaveLength(2);
  });

  it('asks every environment that tracks the image', async () => {
    const world = createWorld();
    world.configure(
      serviceFile().replace(
        '  staging:',
        '  production: { project: slipway-production, region: us-central1, policy: { autoDeploy: [] } }\n  staging:',
      ),
    );
    world.configure(serviceFile().replace('service: hello', 'service: hallo'), 'hallo');
    await push(world, 'v1', 'm-1');
    expect(
      (await deployments(world)).map(({ service, environment }) => `${service} ${environment}`).sort(),
    ).toEqual(['hallo staging', 'hello staging']);
  });

  it.each([
    ['an image that no file names', {}, { image: `${image}-other` }, /no service file names/],
    [
      'a tag that nobody tracks',
      { text: serviceFile().replace("['*']", "['release-*']") },
      {},
      /deploys the tag v1/,
    ],
  ])('records %s as ignored', async (_name, { text }: { text?: string }, change, reason) => {
    const world = createWorld();
    if (text !== undefined) world.configure(text);
    await push(world, 'v1', 'm-1', change);
    expect(await requests(world)).toMatchObject([
      { decision: 'ignored', reason: expect.stringMatching(reason) },
    ]);
    expect(await deployments(world)).toEqual([]);
  });

  it('refuses with every problem of a file that names the image and cannot be used', async () => {
    const world = createWorld();
    world.configure(serviceFile('colour: blue\n').replace('interval: 1s', 'interval: soon'));
    await push(world, 'v1', 'm-1');
    const [record] = await requests(world);
    expect(record).toMatchObject({ decision: 'refused', requestId: 'm-1' });
    expect(record?.reason).toMatch(/colour/);
    expect(record?.reason).toMatch(/soon|duration/);
  });

  it('deploys from the files that can be used although another one cannot', async () => {
    const world = createWorld();
    world.configure('service: [', 'broken');
    await push(world, 'v1', 'm-1');
    expect(await deployments(world)).toHaveLength(1);
  });

  it.each([
    ['a service nobody knows', { service: 'nope' }, /no service "nope".*known: hello staging/],
    ['an environment nobody knows', { environment: 'moon' }, /environment "moon"/],
  ])('refuses %s and says what there is', async (_name, change, reason) => {
    const world = createWorld();
    await ask(world, 'ada/1', change);
    expect(await requests(world)).toMatchObject([
      { requestId: 'ada/1', decision: 'refused', reason: expect.stringMatching(reason) },
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['another version', { version: 2, kind: 'start', deploymentId: 'd00000000001' }],
    ['an unknown kind', { version: 1, kind: 'destroy' }],
    ['a start of nothing', { version: 1, kind: 'start', deploymentId: 'd00000000009' }],
  ])('keeps %s as a refusal', async (_name, message) => {
    const world = createWorld();
    await send(world, message);
    expect(await world.deps.ledger.list('refusals')).toHaveLength(1);
  });

  it('is not acknowledged while the bucket does not answer', async () => {
    const world = createWorld();
    world.objects.list = () => Promise.reject(new Fault('unavailable', '503'));
    await expect(push(world, 'v1', 'm-1')).rejects.toThrow('503');
    expect(await requests(world)).toEqual([]);
  });
});
