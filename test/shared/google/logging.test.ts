import { describe, expect, it } from 'vitest';
import { createLogging as createLocalLogging } from '#local/logging/logging.ts';
import type { LogLine } from '#local/run/logs.ts';
import { createLogging } from '#shared/google/logging.ts';
import { createRest } from '#shared/google/rest.ts';
import { requestOf } from '#test/local/monitoring/requests.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { fixedTokens, openCloud, openServer } from './cloud.ts';

const ref = { project: 'slipway-local', region: 'us-central1', name: 'hello' };

async function openLogging(lines: LogLine[] = []) {
  const cloud = await openCloud();
  const clock = createVirtualClock();
  const local = createLocalLogging({
    clock,
    project: 'slipway-local',
    location: 'us-central1',
    output: (service, revision) => (service === 'hello' && revision === 'hello-r1' ? lines : []),
    lagMs: 2000,
  });
  const endpoint = await cloud.listen(local.routes);
  return { local, clock, start: clock.now(), logging: createLogging({ endpoint, rest: cloud.rest }) };
}

describe('server errors of a revision', () => {
  it('are users’ requests answered with 5xx, newest last', async () => {
    const { local, clock, start, logging } = await openLogging();
    const statuses = [200, 500, 404, 503, 302];
    for (const [second, status] of statuses.entries())
      local.observe(
        requestOf({ atMs: start + second * 1000, status, url: `http://127.0.0.1/${status}?token=secret` }),
      );
    local.observe(requestOf({ atMs: start + 500, status: 500, userAgent: 'Slipway/0.1.0' }));
    local.observe(requestOf({ atMs: start + 500, status: 500, revision: 'hello-r2' }));
    local.observe(requestOf({ atMs: start - 1, status: 500 }));
    await clock.advance(60_000);
    const entries = await logging.entries(ref, 'hello-r1', {
      fromMs: start,
      kind: 'server-errors',
      limit: 10,
    });
    expect(entries).toEqual([
      {
        at: '2026-01-01T00:00:01.000Z',
        severity: 'ERROR',
        text: 'GET http://127.0.0.1/500 answered 500',
        status: 500,
        userAgent: 'a browser',
        traceId: '0123456789abcdef0123456789abcdef',
      },
      expect.objectContaining({ status: 503 }),
    ]);
  });

  it('are the newest when there are more than asked for, and end where the query ends', async () => {
    const { local, clock, start, logging } = await openLogging();
    for (let second = 0; second < 5; second += 1)
      local.observe(requestOf({ atMs: start + second * 1000, status: 500, url: String(second) }));
    await clock.advance(60_000);
    const texts = async (toMs?: number) => {
      const query = { fromMs: start, kind: 'server-errors' as const, limit: 2 };
      const entries = await logging.entries(ref, 'hello-r1', toMs === undefined ? query : { ...query, toMs });
      return entries.map(({ text }) => text);
    };
    expect(await texts()).toEqual(['GET 3 answered 500', 'GET 4 answered 500']);
    expect(await texts(start + 2000)).toEqual(['GET 0 answered 500', 'GET 1 answered 500']);
  });

  it('are there some time after the request is over', async () => {
    const { local, clock, start, logging } = await openLogging();
    local.observe(requestOf({ atMs: start, latencyMs: 1000, status: 500 }));
    const query = { fromMs: start, kind: 'server-errors' as const, limit: 2 };
    await clock.advance(2999);
    expect(await logging.entries(ref, 'hello-r1', query)).toEqual([]);
    await clock.advance(1);
    expect(await logging.entries(ref, 'hello-r1', query)).toHaveLength(1);
  });
});

describe('what a container wrote', () => {
  it('is its output and what Cloud Run says of it, or the latter alone, without its requests', async () => {
    const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const { local, clock, start, logging } = await openLogging([
      { time: at(1), stream: 'stdout', text: 'starting' },
      { time: at(2), stream: 'stdout', text: '{"severity":"ERROR","message":"no database","port":5432}' },
      { time: at(3), stream: 'stderr', text: '{"port":5432}' },
      { time: at(4), stream: 'stderr', text: '{ is not JSON' },
      { time: at(5), stream: 'system', text: 'Container called exit(1).' },
    ]);
    local.observe(requestOf({ status: 500 }));
    await clock.advance(60_000);
    const entries = await logging.entries(ref, 'hello-r1', { fromMs: start, kind: 'container', limit: 10 });
    expect(entries.map(({ severity, text }) => `${severity} ${text}`)).toEqual([
      'DEFAULT starting',
      'ERROR no database',
      'DEFAULT {"port":5432}',
      'DEFAULT { is not JSON',
      'WARNING Container called exit(1).',
    ]);
    expect(
      await logging.entries(ref, 'hello-r1', { fromMs: start, kind: 'system', limit: 10 }),
    ).toMatchObject([{ text: 'Container called exit(1).' }]);
    expect(await logging.entries(ref, 'hello-r2', { fromMs: start, kind: 'container', limit: 10 })).toEqual(
      [],
    );
  });
});

describe('a search in parts', () => {
  const entry = { timestamp: '2026-01-01T00:00:00Z', textPayload: 'line' };
  const searched = async (answer: (page: number) => object) => {
    const server = await openServer(() => ({ body: JSON.stringify(answer(server.requests.length)) }));
    const logging = createLogging({ endpoint: server.origin, rest: createRest({ tokens: fixedTokens }) });
    const entries = logging.entries(ref, 'hello-r1', { fromMs: 0, kind: 'container', limit: 2 });
    return { server, entries };
  };

  it('is followed until there is enough', async () => {
    const { server, entries } = await searched((page) => ({
      entries: page === 1 ? [] : [entry],
      nextPageToken: 'more',
    }));
    expect(await entries).toHaveLength(2);
    expect(server.requests).toHaveLength(3);
    expect(server.requests.map(({ body }) => (JSON.parse(body) as { pageToken?: string }).pageToken)).toEqual(
      [undefined, 'more', 'more'],
    );
  });

  it('that does not end is given up, so that it does not use up the quota', async () => {
    const { server, entries } = await searched(() => ({ nextPageToken: 'more' }));
    await expect(entries).rejects.toMatchObject({ code: 'unavailable' });
    expect(server.requests).toHaveLength(5);
  });
});
