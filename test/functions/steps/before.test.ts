import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport } from '#shared/report/report.ts';
import { admitted, dispatch, establish } from '#test/support/dispatch.ts';
import { digest } from '#test/shared/domain/records.ts';
import { createWorld, digestOf, serviceFile, type World } from '#test/support/world.ts';

/** The steps before anything runs: preflight, build, push. */
const withSecret = serviceFile().replace('access: public', 'access: public, secrets: { PASSWORD: "db:3" }');
const named = { traffic: [50, 100], build: false };
const file = (world: World, text: string) => admitted(world, {}, text);

/** A world whose registry has the release that is asked for. */
function worldWithRelease(): World {
  const world = createWorld();
  world.release('v1');
  world.registry.images.set(digest('1'), world.registry.images.get('v1')!);
  return world;
}

describe('preflight', () => {
  it('of a service that does not exist says that it is the first one, and all of its traffic comes at once', async () => {
    const world = worldWithRelease();
    await admitted(world);
    const { reply } = await dispatch(world, 'preflight', 1);
    expect(reply).toEqual({ seq: 1, status: 'succeeded', decision: { build: false, traffic: [100] } });
  });

  it('of a service that was never proven says so too', async () => {
    const world = worldWithRelease();
    await establish(world, (service) => {
      service.annotations = { 'slipway.dev/proven': 'false' };
      service.invokerIamDisabled = false;
    });
    await admitted(world);
    expect((await dispatch(world, 'preflight', 1)).reply).toMatchObject({ decision: { traffic: [100] } });
  });

  it.each([
    ['with a digest', { digest: digestOf('v1') }, false],
    ['with a tag', { tag: 'v1' }, false],
    ['with neither', {}, true],
  ])('decides whether to build: a request %s', async (_name, wanted, build) => {
    const world = worldWithRelease();
    await establish(world);
    const { request } = await admitted(world);
    const { digest: _none, ...rest } = request;
    await admitted(world, { request: { ...rest, ...wanted } });
    expect((await dispatch(world, 'preflight', 1)).reply).toMatchObject({ decision: { ...named, build } });
  });

  it.each<[string, (world: World) => Promise<unknown>, RegExp]>([
    [
      'a secret that is not there',
      (world) => file(world, withSecret),
      /Secret db:3 for PASSWORD: no such secret/,
    ],
    [
      'a secret that is disabled',
      (world) => {
        world.secrets.versions.set('db:3', 'disabled');
        return file(world, withSecret);
      },
      /version 3 is disabled/,
    ],
    [
      'a secret nobody lets us look at',
      (world) => {
        world.secrets.versions.set('db:3', new Fault('permission-denied', 'answered 403'));
        return file(world, withSecret);
      },
      /answered 403/,
    ],
    [
      'a tag on LATEST',
      async (world) => {
        world.run.edit((service) => service.traffic.push({ type: 'LATEST', percent: 0, tag: 'newest' }));
        await admitted(world);
      },
      /the tag "newest" is on LATEST/,
    ],
    [
      'a variable that the file does not declare',
      async (world) => {
        world.run.edit((service) => {
          const [container] = service.template.containers as Record<string, unknown>[];
          container!.env = [{ name: 'DEBUG', value: '1' }];
        });
        await admitted(world);
      },
      /not in the service file: .*DEBUG/,
    ],
    [
      'an ingress that is not as declared',
      async (world) => {
        world.run.edit((service) => (service.ingress = 'INGRESS_TRAFFIC_INTERNAL_ONLY'));
        await admitted(world);
      },
      /INGRESS_TRAFFIC_INTERNAL_ONLY, expected INGRESS_TRAFFIC_ALL/,
    ],
    [
      'a service that is closed although the file says public',
      async (world) => {
        world.run.edit((service) => (service.isPublic = false));
        await admitted(world);
      },
      /private, expected public/,
    ],
  ])('rejects %s, and nothing was written', async (_name, arrange, reason) => {
    const world = worldWithRelease();
    await establish(world);
    await arrange(world);
    const { reply, record } = await dispatch(world, 'preflight', 1);
    expect(reply).toMatchObject({ status: 'rejected', reason: expect.stringMatching(reason) });
    expect(record.checks.some(({ outcome }) => outcome !== 'pass')).toBe(true);
    expect(world.run.writes).toEqual([]);
  });

  it('names all problems at once', async () => {
    const world = worldWithRelease();
    await establish(world);
    world.run.edit((service) => (service.isPublic = false));
    await file(world, withSecret);
    const { reply } = await dispatch(world, 'preflight', 1);
    expect(reply).toMatchObject({
      reason: expect.stringMatching(/private, expected public.*no such secret/),
    });
  });

  it('is not stopped by what is only advised, and says how many of that did not pass', async () => {
    const world = worldWithRelease();
    world.secrets.versions.set('db:latest', 'enabled');
    await file(world, withSecret.replace('db:3', 'db:latest'));
    const { reply, record } = await dispatch(world, 'preflight', 1);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(record.steps[0]?.summary).toContain('1 advisory one did not');
  });

  it('takes a secret that cannot be looked at for an open question, not for a pass and not for a no', async () => {
    const world = worldWithRelease();
    world.secrets.versions.set('db:3', new Fault('permission-denied', 'answered 403'));
    await file(world, withSecret);
    const { record } = await dispatch(world, 'preflight', 1);
    expect(record.checks).toContainEqual(
      expect.objectContaining({ id: 'PASSWORD', outcome: 'inconclusive' }),
    );
  });

  it.each<[string, (world: World, fault: Fault) => void]>([
    ['Cloud Run', (world, fault) => (world.run.getService = () => Promise.reject(fault))],
    ['Secret Manager', (world, fault) => world.secrets.versions.set('db:3', fault)],
  ])('is a fault to be retried when %s does not answer', async (_name, arrange) => {
    const world = worldWithRelease();
    arrange(world, new Fault('unavailable', 'answered 503'));
    await file(world, withSecret);
    const { reply, record } = await dispatch(world, 'preflight', 1);
    expect(reply).toMatchObject({ status: 'failed', retryable: true });
    // The other answers are on record all the same.
    expect(record.checks.some(({ outcome }) => outcome === 'pass')).toBe(true);
  });

  it('is a fault, and no rejection, when Cloud Run does not let it look', async () => {
    const world = worldWithRelease();
    world.run.getService = () => Promise.reject(new Fault('permission-denied', 'answered 403'));
    await admitted(world);
    expect((await dispatch(world, 'preflight', 1)).reply).toMatchObject({
      status: 'failed',
      code: 'permission-denied',
      retryable: false,
    });
  });

  it('forgets an open question once a retry has its answer', async () => {
    const world = worldWithRelease();
    world.lookUps.faults.set('serviceUsage', new Fault('unavailable', 'answered 503'));
    await admitted(world);
    await dispatch(world, 'preflight', 1);
    world.lookUps.faults.clear();
    const { reply, record } = await dispatch(world, 'preflight', 2);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(record.checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  });
});

describe('build', () => {
  const withBuild = serviceFile('build: { source: gs://slipway/source.tgz }\n');
  const toBuild = async (world: World, text = withBuild) => {
    const { request } = await file(world, text);
    const { digest: _none, ...rest } = request;
    await admitted(world, { request: rest }, text);
  };

  it('starts one build, asks again until it is done, and is answered from it', async () => {
    const world = createWorld();
    await toBuild(world);
    expect((await dispatch(world, 'build', 1)).reply).toMatchObject({ status: 'pending' });
    await world.pass(5);
    expect((await dispatch(world, 'build', 2)).reply).toMatchObject({ status: 'succeeded' });
    expect((await dispatch(world, 'build', 3)).reply).toMatchObject({ status: 'succeeded' });
    expect(world.build.builds).toHaveLength(1);
  });

  it('took as long as Cloud Build says, however late somebody looks', async () => {
    const world = createWorld();
    await toBuild(world);
    const began = world.clock.now();
    await dispatch(world, 'build', 1);
    await world.pass(60);
    const { record } = await dispatch(world, 'build', 2);
    const { checks, steps } = record;
    expect(steps.at(-1)).toMatchObject({ step: 'build', summary: 'build build-1 took 5 s' });
    expect(checks.find(({ id }) => id === 'built')).toMatchObject({
      outcome: 'pass',
      evidence: {
        source: 'Cloud Build, build build-1',
        observed: `SUCCESS, took 5 s, from ${new Date(began).toISOString()} to ${new Date(began + 5000).toISOString()}`,
        durationMs: 5000,
      },
    });
    expect(renderMarkdown(buildReport(record))).toMatch(
      /Build.*succeeded: build build-1 took 5 s; the step took 1 min/,
    );
  });

  it("runs as the account of the project that it builds in, and as nobody's where there is none", async () => {
    const world = createWorld();
    await toBuild(world);
    await dispatch(world, 'build', 1);
    expect(world.build.builds).toMatchObject([
      { serviceAccount: 'slipway-image-build@slipway-local.iam.gserviceaccount.com' },
    ]);

    const other = createWorld();
    other.deps.config = { ...other.deps.config, buildAccount: undefined };
    await toBuild(other);
    expect((await dispatch(other, 'build', 1)).reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('SLIPWAY_BUILD_ACCOUNT is not set') as string,
    });
    expect(other.build.builds).toEqual([]);
  });

  it('finds the build of a dispatch whose answer was lost', async () => {
    const world = createWorld();
    await toBuild(world);
    await world.build.create(
      { project: '', region: '' },
      {
        bucket: '',
        object: '',
        image: '',
        imageTag: '',
        tag: 'd00000000001',
        timeoutSeconds: 1,
        serviceAccount: '',
      },
    );
    const { record } = await dispatch(world, 'build', 1);
    expect(record.buildId).toBe('build-1');
    expect(world.build.builds).toHaveLength(1);
  });

  it('rejects a build that failed, with its reason', async () => {
    const world = createWorld();
    await toBuild(world);
    world.build.ends = { status: 'failed', reason: 'FAILURE: step 0 exited with 1' };
    await dispatch(world, 'build', 1);
    await world.pass(5);
    expect((await dispatch(world, 'build', 2)).reply).toMatchObject({
      status: 'rejected',
      reason: 'build build-1 failed: FAILURE: step 0 exited with 1',
    });
  });

  it('rejects a service without a source', async () => {
    const world = createWorld();
    await toBuild(world, serviceFile());
    expect((await dispatch(world, 'build', 1)).reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('no build.source'),
    });
  });
});

describe('push', () => {
  it.each([
    ['the digest', { digest: digestOf('v1') }],
    ['the tag', { tag: 'v1' }],
    ['its own tag after a build', {}],
  ])('fixes the release to its digest, found by %s', async (_name, wanted) => {
    const world = createWorld();
    const digest = world.release('v1');
    world.registry.images.set('d00000000001', world.registry.images.get('v1')!);
    const { request } = await admitted(world);
    const { digest: _other, ...rest } = request;
    await admitted(world, { request: { ...rest, ...wanted } });
    const { reply, record } = await dispatch(world, 'push', 1);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(record.release).toMatchObject({ digest, source: 'abc1234', platforms: ['linux/amd64'] });
  });

  it.each<[string, string[] | undefined, RegExp]>([
    ['that is not there', undefined, /has no sha256:/],
    ['for another platform only', ['linux/arm64'], /is for linux\/arm64, Cloud Run needs linux\/amd64/],
  ])('rejects an image %s', async (_name, platforms, reason) => {
    const world = createWorld();
    const digest = platforms ? world.release('v1') : digestOf('v1');
    if (platforms) world.registry.images.get(digest)!.platforms = platforms;
    const { request } = await admitted(world);
    await admitted(world, { request: { ...request, digest } });
    const { reply, record } = await dispatch(world, 'push', 1);
    expect(reply).toMatchObject({ status: 'rejected', reason: expect.stringMatching(reason) });
    expect(record.release).toBeUndefined();
    expect(record.checks.at(-1)).toMatchObject({ outcome: 'fail' });
  });

  it('is a fault to be retried when the registry does not answer', async () => {
    const world = createWorld();
    world.registry.resolve = () => Promise.reject(new Fault('timeout', 'no answer'));
    await admitted(world);
    expect((await dispatch(world, 'push', 1)).reply).toMatchObject({
      status: 'failed',
      code: 'timeout',
      retryable: true,
    });
  });
});
