import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { admitted, dispatch, establish, settled } from '#test/support/dispatch.ts';
import { override } from '#test/support/override.ts';
import { createWorld, image, serviceFile, type World } from '#test/support/world.ts';

/** The steps that make the candidate and prove it: deploy, health-probe, validate. */
const candidate = 'hello-d00000000001';
const tag = 'd00000000001';

async function pushedRelease(
  behaviour: Partial<Behaviour> = {},
  options: { first?: boolean; text?: string; change?: Partial<Deployment> } = {},
): Promise<World> {
  const world = createWorld();
  if (!options.first) await establish(world);
  const digest = world.release('v1', behaviour);
  const release = { image, digest, sizeBytes: 1, platforms: ['linux/amd64'] };
  await admitted(world, { release, ...options.change }, options.text);
  return world;
}
const deployed = async (...given: Parameters<typeof pushedRelease>): Promise<World> => {
  const world = await pushedRelease(...given);
  expect((await dispatch(world, 'deploy', 1)).reply).toMatchObject({ status: 'succeeded' });
  return world;
};
const percents = (world: World) =>
  world.run.service()?.traffic.map(({ revision, percent, tag: name }) => [revision, percent, name ?? '']);

describe('deploy', () => {
  it('makes the candidate by digest, at 0 %, under its tag, beside what serves', async () => {
    const world = await pushedRelease();
    const { reply, record } = await dispatch(world, 'deploy', 1);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(percents(world)).toEqual([
      ['hello-stable', 100, ''],
      [candidate, 0, tag],
    ]);
    expect(world.run.service()?.template).toMatchObject({
      containers: [{ image: expect.stringMatching(/@sha256:/) }],
    });
    expect(record).toMatchObject({
      stable: { first: false, targets: [{ revision: 'hello-stable', percent: 100 }] },
      candidate: { revision: candidate, tag, url: expect.stringContaining(`${tag}---`) },
      trafficMoved: false,
    });
    expect(record.trafficWritten).toEqual(record.trafficIntended);
    expect(world.run.exposed.flat().map(({ revision }) => revision)).not.toContain(candidate);
  });

  it('stamps its fence, and keeps the annotations of others', async () => {
    const world = await deployed();
    expect(world.run.service()?.annotations).toEqual({
      'example.com/owner': 'ada',
      'slipway.dev/fence': '1',
      'slipway.dev/deployment': 'd00000000001',
    });
    expect(world.run.writes.map(({ mask }) => mask)).toEqual([['template', 'traffic', 'annotations']]);
  });

  it('makes a service that does not exist closed to the public and marks it unproven', async () => {
    const world = await deployed({}, { first: true });
    expect(world.run.service()).toMatchObject({
      isPublic: false,
      annotations: { 'slipway.dev/proven': 'false', 'slipway.dev/fence': '1' },
    });
    expect(world.run.exposed).toEqual([]);
  });

  it('run again changes nothing', async () => {
    const world = await deployed();
    const before = structuredClone(world.run.service());
    const { reply } = await dispatch(world, 'deploy', 2);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(world.run.service()).toEqual(before);
  });

  it('waits for a slow start by asking again', async () => {
    const world = await pushedRelease({ startMs: 40_000 });
    expect((await dispatch(world, 'deploy', 1)).reply).toMatchObject({ status: 'pending' });
    await world.pass(30);
    expect((await dispatch(world, 'deploy', 2)).reply).toMatchObject({ status: 'succeeded' });
  });

  it('rejects a candidate that fails, by its own condition and with its reason', async () => {
    const world = await pushedRelease({ start: 'fails' });
    const { reply, record } = await dispatch(world, 'deploy', 1);
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: 'HEALTH_CHECK_CONTAINER_ERROR: the container exited',
    });
    expect(record.checks).toMatchObject([{ id: 'ready', outcome: 'fail' }]);
  });

  it('gives up on a candidate that stays pending for ten minutes', async () => {
    const world = await pushedRelease({ start: 'never' });
    await dispatch(world, 'deploy', 1);
    await world.pass(600);
    expect((await dispatch(world, 'deploy', 2)).reply).toMatchObject({ status: 'rejected' });
  });

  it('gives up after ten minutes when a tag of somebody on a broken revision keeps its own from coming', async () => {
    const world = await pushedRelease();
    world.run.edit((service) =>
      service.traffic.push({ type: 'REVISION', revision: 'hello-gone', percent: 0, tag: 'preview' }),
    );
    expect((await dispatch(world, 'deploy', 1)).reply).toMatchObject({ status: 'pending' });
    await world.pass(600);
    expect((await dispatch(world, 'deploy', 2)).reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('its tag has no address'),
    });
  });

  it.each<[string, (world: World) => unknown, object]>([
    [
      'a higher fence',
      (world) => world.run.edit((service) => (service.annotations['slipway.dev/fence'] = '2')),
      { status: 'failed', code: 'fenced', retryable: false },
    ],
    [
      'a field that the file does not declare',
      (world) => world.run.edit((service) => (service.template.serviceMesh = 'mesh')),
      { status: 'rejected', reason: expect.stringContaining('serviceMesh') },
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
  ])('meets %s and makes no candidate', async (_name, arrange, reply) => {
    const world = await pushedRelease();
    arrange(world);
    expect((await dispatch(world, 'deploy', 1)).reply).toMatchObject(reply);
    expect(world.run.service()?.revisions.map(({ name }) => name)).toEqual(['hello-stable']);
  });

  it('puts percent-LATEST on a name in the update that makes the candidate', async () => {
    const world = await pushedRelease();
    world.run.edit(
      (service) => (service.traffic = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }]),
    );
    await dispatch(world, 'deploy', 1);
    expect(percents(world)).toEqual([
      ['hello-stable', 100, ''],
      [candidate, 0, tag],
    ]);
  });

  it('says what is missing when push did not run', async () => {
    const world = createWorld();
    await admitted(world);
    expect((await dispatch(world, 'deploy', 1)).reply).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('push did not run'),
    });
  });
});

const ok = { status: 200, body: 'hello' };
const bad = { status: 503 };
/** Answers /healthz with the next of these each time, the last one for ever. */
const oneAfterAnother = (...answers: ReturnType<Behaviour['answer']>[]): Partial<Behaviour> => {
  let asked = 0;
  return { answer: () => answers[Math.min((asked += 1) - 1, answers.length - 1)] ?? ok };
};
const healthOf = (record: Deployment) => record.checks.find(({ id }) => id === 'healthy');

describe('health-probe before traffic', () => {
  it.each<[string, Partial<Behaviour>, string, string]>([
    ['healthy at once', oneAfterAnother(ok), 'succeeded', '200 ×3'],
    ['healthy after a bad start', oneAfterAnother(bad, bad, ok), 'succeeded', '503 ×2, 200 ×3'],
    ['healthy after a relapse', oneAfterAnother(ok, ok, bad, ok), 'succeeded', '200 ×2, 503 ×1, 200 ×3'],
    ['never healthy', oneAfterAnother(bad), 'rejected', '503 ×11'],
    ['silent', oneAfterAnother('silence'), 'rejected', 'no answer in time ×2'],
    ['answering with a redirect', oneAfterAnother({ status: 302 }), 'rejected', '302 ×11'],
  ])('says of a candidate that is %s what was seen', async (_name, behaviour, status, observed) => {
    const world = await deployed(behaviour);
    const { reply, record } = await dispatch(world, 'health-probe', 2);
    expect(reply).toMatchObject({ status });
    expect(healthOf(record)).toMatchObject({
      outcome: status === 'succeeded' ? 'pass' : 'fail',
      evidence: { observed, expected: '200, 3 times in a row within 10 s' },
    });
  });

  it('asks the tag address alone', async () => {
    const asked: string[] = [];
    const world = await deployed();
    override(world.deps.prober, 'request', (request) => (wanted) => {
      asked.push(new URL(wanted.url).host);
      return request(wanted);
    });
    await dispatch(world, 'health-probe', 2);
    expect(new Set(asked)).toEqual(new Set([`${tag}---hello-424242424242.us-central1.run.app`]));
  });

  it('of a service behind an internal ingress is inconclusive, which is no pass', async () => {
    const text = serviceFile().replace('access: public', 'access: public, ingress: internal');
    const world = await deployed({}, { text });
    const { reply, record } = await dispatch(world, 'health-probe', 2);
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('set probe_vpc_connector in Terraform'),
    });
    expect(healthOf(record)).toMatchObject({ outcome: 'inconclusive' });
  });

  it('sends a token for the service itself when that is private', async () => {
    const text = serviceFile().replace('access: public', 'access: private');
    const world = await deployed({}, { first: true, text });
    expect((await dispatch(world, 'health-probe', 2)).reply).toMatchObject({ status: 'succeeded' });
  });
});

describe('health-probe under traffic', () => {
  it.each<[string, Partial<Behaviour>, string]>([
    ['good all the time', oneAfterAnother(ok), 'succeeded'],
    ['bad once', oneAfterAnother(ok, ok, bad, ok), 'succeeded'],
    ['bad three times in a row', oneAfterAnother(ok, ok, bad), 'rejected'],
  ])('takes a candidate that is %s for what it is', async (_name, behaviour, status) => {
    const world = await deployed(behaviour);
    const { reply } = await dispatch(world, 'health-probe', 2, 'traffic-50');
    expect(reply).toMatchObject({ status });
  });

  it('watches for the whole bake, over several dispatches, with all it saw as evidence', async () => {
    const world = await deployed({}, { text: serviceFile().replace('bake: 2s', 'bake: 40s') });
    let seq = 2;
    let answer = await dispatch(world, 'health-probe', seq, 'traffic-50');
    while (answer.reply?.status === 'pending' && seq < 10) {
      await world.pass(5);
      answer = await dispatch(world, 'health-probe', (seq += 1), 'traffic-50');
    }
    expect(answer.reply).toMatchObject({ status: 'succeeded' });
    const health = healthOf(answer.record);
    expect(health).toMatchObject({ outcome: 'pass', evidence: { observed: '200 ×37' } });
  });

  it('counts failures on over dispatches', async () => {
    const text = serviceFile().replace('interval: 1s', 'interval: 15s').replace('bake: 2s', 'bake: 10m');
    const world = await deployed(oneAfterAnother(bad), { text });
    let seq = 1;
    let answer: Awaited<ReturnType<typeof dispatch>>;
    do {
      answer = await dispatch(world, 'health-probe', (seq += 1), 'traffic-50');
      await world.pass(15);
    } while (answer.reply?.status === 'pending' && seq < 10);
    expect(answer.reply).toMatchObject({ status: 'rejected', reason: expect.stringContaining('503 ×3') });
  });

  it('does not watch for ever what is neither steadily good nor bad', async () => {
    let asked = 0;
    const world = await deployed({ answer: () => ((asked += 1) % 2 === 0 ? ok : bad) });
    let seq = 1;
    let status: string | undefined;
    do {
      status = (await dispatch(world, 'health-probe', (seq += 1), 'traffic-50')).reply?.status;
      await world.pass(5);
    } while (status === 'pending' && seq < 20);
    expect(status).toBe('rejected');
  });
});

describe('validate', () => {
  const outcomes = (record: Deployment) =>
    record.checks.filter(({ step }) => step === 'validate').map(({ outcome }) => outcome);
  it.each<[string, Behaviour['answer'], string, string[]]>([
    ['all is as expected', () => ok, 'succeeded', ['pass', 'pass']],
    ['an advisory check fails', () => ({ ...ok, ms: 300 }), 'succeeded', ['pass', 'fail']],
    ['a required check fails', () => ({ status: 200, body: 'bye' }), 'rejected', ['fail', 'pass']],
    ['nothing answers', () => 'silence', 'rejected', ['fail', 'fail']],
  ])('when %s says so', async (_name, answer, status, expected) => {
    const world = await deployed({ answer });
    const { reply, record } = await dispatch(world, 'validate', 2);
    expect(reply).toMatchObject({ status });
    expect(outcomes(record)).toEqual(expected);
  });

  it('run again replaces its checks', async () => {
    const world = await deployed();
    await dispatch(world, 'validate', 2);
    expect(outcomes((await dispatch(world, 'validate', 3)).record)).toEqual(['pass', 'pass']);
  });

  it('takes a probe that could not be sent for an open question', async () => {
    const world = await deployed();
    world.deps.prober.request = () => Promise.reject(new Fault('permission-denied', 'no token'));
    const { reply, record } = await dispatch(world, 'validate', 2);
    expect(reply).toMatchObject({ status: 'rejected' });
    expect(outcomes(record)).toEqual(['inconclusive', 'inconclusive']);
  });

  it('under all of the traffic asks at the address of the users', async () => {
    const world = await deployed();
    await settled(world);
    const { record } = await dispatch(world, 'validate', 2, 'traffic-100');
    const check = record.checks.find(({ phase }) => phase === 'traffic-100');
    expect(check).toMatchObject({
      evidence: { source: 'GET https://hello-424242424242.us-central1.run.app/' },
    });
  });

  it.each(['health-probe', 'validate'] as const)(
    '%s says what is missing when deploy did not run',
    async (name) => {
      const world = createWorld();
      await admitted(world);
      expect((await dispatch(world, name, 1)).reply).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('deploy did not run'),
      });
    },
  );
});
