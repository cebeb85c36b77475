import { afterEach, describe, expect, it } from 'vitest';
import { GoogleError } from '#local/google-error.ts';
import { serve, type LocalServer } from '#local/http.ts';
import { createScheduler, type LocalScheduler } from '#local/scheduler/scheduler.ts';
import { openStore } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const parent = 'projects/slipway-local/locations/us-central1';
const name = `${parent}/jobs/tick`;
const pubsubTarget = {
  topicName: 'projects/slipway-local/topics/ticks',
  data: Buffer.from('{}').toString('base64'),
  attributes: { from: 'job' },
};
const minutely = { name, schedule: '* * * * *', pubsubTarget };
const minute = 60_000;

const opened: { server: LocalServer; scheduler: LocalScheduler }[] = [];
afterEach(async () => {
  for (const { server, scheduler } of opened.splice(0)) {
    await scheduler.stop();
    await server.close();
  }
});

/** The clock starts 20 seconds after a full minute; topics whose name has "missing" in it do not exist. */
async function setUp({
  store = openStore(':memory:'),
  clock = createVirtualClock(Date.UTC(2026, 0, 1, 0, 0, 20)),
} = {}) {
  const published: string[] = [];
  const errors: unknown[] = [];
  const scheduler = createScheduler({
    store,
    clock,
    publish(topic, { data, attributes }) {
      if (topic.includes('missing')) throw new GoogleError('NOT_FOUND', `Resource not found: ${topic}`);
      const at = new Date(clock.now()).toISOString().slice(11, 19);
      published.push(`${at} ${topic.split('/')[3]} ${data.toString()} ${JSON.stringify(attributes)}`);
    },
    onError: (error) => errors.push(error),
  });
  const server = await serve({ routes: scheduler.routes, authenticate: (token) => token });
  opened.push({ server, scheduler });
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.origin}/v1/${path}`, {
      method,
      headers: { authorization: 'Bearer somebody' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const create = (job: unknown = minutely) => call('POST', `${parent}/jobs`, job);
  return { store, clock, scheduler, published, errors, call, create };
}

describe('Cloud Scheduler', () => {
  it('publishes at every minute that the schedule names, and tells when it did and will', async () => {
    const { clock, create, call, published } = await setUp();
    const created = await create();
    expect(created.body).toEqual({
      ...minutely,
      timeZone: 'Etc/UTC',
      state: 'ENABLED',
      userUpdateTime: '2026-01-01T00:00:20.000Z',
      scheduleTime: '2026-01-01T00:01:00.000Z',
    });
    await clock.advance(39_999);
    expect(published).toEqual([]);
    await clock.advance(2 * minute);
    expect(published).toEqual(['00:01:00 ticks {} {"from":"job"}', '00:02:00 ticks {} {"from":"job"}']);
    expect((await call('GET', name)).body).toMatchObject({
      scheduleTime: '2026-01-01T00:03:00.000Z',
      lastAttemptTime: '2026-01-01T00:02:00.000Z',
      status: {},
    });
  });

  it('does not run while paused, and goes on with the next run after being resumed', async () => {
    const { clock, create, call, published } = await setUp();
    await create();
    expect((await call('POST', `${name}:resume`)).status).toBe(400);
    expect((await call('POST', `${name}:pause`, {})).body).toMatchObject({ state: 'PAUSED' });
    expect((await call('POST', `${name}:pause`)).body).toMatchObject({
      error: { status: 'FAILED_PRECONDITION' },
    });
    expect((await call('PATCH', `${name}?updateMask=schedule`, { schedule: 'often' })).status).toBe(400);
    await clock.advance(5 * minute);
    expect(published).toEqual([]);
    expect((await call('POST', `${name}:resume`)).body).toMatchObject({
      state: 'ENABLED',
      scheduleTime: '2026-01-01T00:06:00.000Z',
    });
    await clock.advance(minute);
    expect(published).toHaveLength(1);
  });

  it('runs at once when told to, without a change to the schedule', async () => {
    const { create, call, published } = await setUp();
    await create();
    expect((await call('POST', `${name}:run`, {})).body).toMatchObject({
      lastAttemptTime: '2026-01-01T00:00:20.000Z',
      scheduleTime: '2026-01-01T00:01:00.000Z',
    });
    expect(published).toEqual(['00:00:20 ticks {} {"from":"job"}']);
    expect((await call('POST', `${parent}/jobs/other:run`)).status).toBe(404);
  });

  it('keeps running after a failed attempt, whose error it shows', async () => {
    const { clock, create, call, errors } = await setUp();
    const topicName = 'projects/slipway-local/topics/missing';
    await create({ ...minutely, pubsubTarget: { ...pubsubTarget, topicName } });
    await clock.advance(2 * minute);
    expect(errors).toHaveLength(2);
    expect((await call('GET', name)).body).toMatchObject({
      status: { code: 5, message: `Resource not found: ${topicName}` },
    });
  });

  it('runs every job at its own times, in its time zone', async () => {
    const { clock, create, published } = await setUp();
    const target = { ...pubsubTarget, topicName: 'projects/slipway-local/topics/daily' };
    const daily = { schedule: '30 2 * * thu', timeZone: 'Europe/Berlin', pubsubTarget: target };
    const created = await create({ ...daily, name: `${parent}/jobs/daily` });
    expect(created.body['scheduleTime']).toBe('2026-01-01T01:30:00.000Z');
    await create({ ...minutely, schedule: '0 */1 * * *' });
    await clock.advance(150 * minute);
    expect(published.map((line) => line.slice(0, 14).trim())).toEqual([
      '01:00:00 ticks',
      '01:30:00 daily',
      '02:00:00 ticks',
    ]);
  });

  it('updates the fields that the mask names, and moves the next run with them', async () => {
    const { clock, create, call, published } = await setUp();
    await create();
    const update = { schedule: '30 * * * *', description: 'not named' };
    const patched = await call('PATCH', `${name}?updateMask=schedule`, update);
    expect(patched.body).toMatchObject({ schedule: '30 * * * *', scheduleTime: '2026-01-01T00:30:00.000Z' });
    expect(patched.body['description']).toBeUndefined();
    await clock.advance(31 * minute);
    expect(published).toEqual(['00:30:00 ticks {} {"from":"job"}']);
    expect((await call('PATCH', `${name}?updateMask=state`, { state: 'PAUSED' })).status).toBe(400);
    expect((await call('PATCH', `${name}?updateMask=schedule`, {})).status).toBe(400);
    expect((await call('PATCH', `${name}?updateMask=schedule`, { schedule: 'often' })).status).toBe(400);
    expect((await call('GET', name)).body['schedule']).toBe('30 * * * *');
  });

  it('lists the jobs of a location, and forgets one that is deleted', async () => {
    const { clock, create, call, published } = await setUp();
    await create();
    expect((await create()).body).toMatchObject({ error: { status: 'ALREADY_EXISTS' } });
    expect((await call('GET', `${parent}/jobs`)).body).toMatchObject({ jobs: [{ name }] });
    expect((await call('GET', 'projects/slipway-local/locations/europe-west1/jobs')).body).toEqual({
      jobs: [],
    });
    expect((await call('DELETE', name)).status).toBe(200);
    expect((await call('GET', name)).status).toBe(404);
    await clock.advance(2 * minute);
    expect(published).toEqual([]);
  });

  it('keeps its jobs over a restart, and does not make up for the runs in between', async () => {
    const first = await setUp();
    await first.create();
    await first.scheduler.stop();
    await first.clock.advance(10 * minute);
    const second = await setUp({ store: first.store, clock: first.clock });
    await second.clock.advance(minute);
    expect(first.published).toEqual([]);
    expect(second.published).toEqual(['00:11:00 ticks {} {"from":"job"}']);
  });

  it.each([
    { refuses: 'an HTTP target', job: { httpTarget: { uri: 'https://a.test' } }, status: 'UNIMPLEMENTED' },
    { refuses: 'an App Engine target', job: { appEngineHttpTarget: {} }, status: 'UNIMPLEMENTED' },
    { refuses: 'an unknown field', job: { colour: 'red' }, says: 'Unknown name "colour"' },
    { refuses: 'a name elsewhere', job: { name: 'projects/p/locations/l/jobs/j' }, says: 'Job name' },
    { refuses: 'a name with more segments', job: { name: `${name}/x` }, says: 'Job name' },
    { refuses: 'six fields', job: { schedule: '0 * * * * *' }, says: 'five unix-cron fields' },
    { refuses: 'what only croner knows', job: { schedule: '0 0 L * *' }, says: 'five unix-cron fields' },
    { refuses: 'a minute that does not exist', job: { schedule: '61 * * * *' }, says: '"61 * * * *"' },
    { refuses: 'a month that does not exist', job: { schedule: '0 0 1 foo *' }, says: '"0 0 1 foo *"' },
    { refuses: 'a day that never comes', job: { schedule: '0 0 31 2 *' }, says: 'never comes' },
    { refuses: 'an unknown time zone', job: { timeZone: 'Mars/Base' }, says: 'Mars/Base' },
    {
      refuses: 'a topic of another project',
      job: { pubsubTarget: { ...pubsubTarget, topicName: 'projects/other/topics/ticks' } },
      says: 'own project',
    },
    {
      refuses: 'an empty message',
      job: { pubsubTarget: { topicName: pubsubTarget.topicName } },
      says: 'at least one attribute',
    },
  ])('refuses $refuses', async ({ job, status = 'INVALID_ARGUMENT', says = 'does not support' }) => {
    const { create, call } = await setUp();
    const { body } = await create({ ...minutely, ...job });
    expect(body).toMatchObject({ error: { status, message: expect.stringContaining(says) as unknown } });
    expect((await call('GET', `${parent}/jobs`)).body).toEqual({ jobs: [] });
  });
});
