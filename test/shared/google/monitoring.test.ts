import { describe, expect, it } from 'vitest';
import { createMonitoring as createLocalMonitoring } from '#local/monitoring/monitoring.ts';
import { percentile } from '#shared/checks/analysis.ts';
import { createMonitoring } from '#shared/google/monitoring.ts';
import { createRest } from '#shared/google/rest.ts';
import { requestOf } from '#test/local/monitoring/requests.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { fixedTokens, openCloud, openServer, type Answer } from './cloud.ts';

const ref = { project: 'slipway-local', region: 'us-central1', name: 'hello' };

async function openMonitoring() {
  const cloud = await openCloud();
  const clock = createVirtualClock();
  const start = clock.now();
  const place = { project: 'slipway-local', location: 'us-central1' };
  const local = createLocalMonitoring({ clock, ...place, timing: { sampleMs: 60_000, lagMs: 180_000 } });
  const endpoint = await cloud.listen(local.routes);
  return { local, clock, start, monitoring: createMonitoring({ endpoint, rest: cloud.rest }) };
}

describe('request figures of a revision', () => {
  it('are its requests, its server errors and its latencies in the window', async () => {
    const { local, clock, start, monitoring } = await openMonitoring();
    for (let second = 0; second < 180; second += 1) {
      const atMs = start + second * 1000;
      local.observe(
        requestOf({ atMs, status: second % 10 === 0 ? 503 : 200, latencyMs: second < 100 ? 20 : 800 }),
      );
      local.observe(requestOf({ atMs, revision: 'hello-r2', status: 500 }));
    }
    await clock.advance(600_000);
    const window = { fromMs: start, toMs: start + 180_000 };
    const stats = await monitoring.requestStats(ref, 'hello-r1', window);
    expect(stats).toMatchObject({ requests: 180, serverErrors: 18, covered: window });
    expect(percentile(stats.latencies, 0.5)).toBeLessThan(30);
    expect(percentile(stats.latencies, 0.95)! / 800).toBeGreaterThan(0.8);
    expect(percentile(stats.latencies, 0.95)! / 800).toBeLessThan(1.25);
  });

  it('are only what was sampled wholly inside the window: before the shift is before the shift', async () => {
    const { local, clock, start, monitoring } = await openMonitoring();
    for (let second = 0; second < 240; second += 1) local.observe(requestOf({ atMs: start + second * 1000 }));
    await clock.advance(600_000);
    const stats = await monitoring.requestStats(ref, 'hello-r1', {
      fromMs: start + 30_000,
      toMs: start + 210_000,
    });
    expect(stats).toMatchObject({
      requests: 120,
      covered: { fromMs: start + 60_000, toMs: start + 180_000 },
    });
  });

  it('are nothing, and cover nothing, while they are not visible yet', async () => {
    const { local, clock, start, monitoring } = await openMonitoring();
    local.observe(requestOf({ atMs: start }));
    const window = { fromMs: start, toMs: start + 60_000 };
    await clock.advance(60_000 + 179_000);
    expect(await monitoring.requestStats(ref, 'hello-r1', window)).toEqual({
      requests: 0,
      serverErrors: 0,
      latencies: [],
      covered: undefined,
    });
    await clock.advance(1000);
    expect(await monitoring.requestStats(ref, 'hello-r1', window)).toMatchObject({ requests: 1 });
  });

  it('of another region are not taken for these', async () => {
    const { local, clock, start, monitoring } = await openMonitoring();
    local.observe(requestOf({ atMs: start }));
    await clock.advance(600_000);
    const window = { fromMs: start, toMs: start + 60_000 };
    const elsewhere = { ...ref, region: 'europe-west1' };
    expect(await monitoring.requestStats(elsewhere, 'hello-r1', window)).toMatchObject({ requests: 0 });
  });
});

describe('Monitoring’s answers', () => {
  const window = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 1, 0, 5) };
  const interval = { startTime: '2026-01-01T00:01:00.000001Z', endTime: '2026-01-01T00:02:00Z' };
  const answered = async (answer: (url: URL) => Answer) => {
    const server = await openServer((seen) => answer(new URL(seen.url, 'http://x')));
    const monitoring = createMonitoring({
      endpoint: server.origin,
      rest: createRest({ tokens: fixedTokens }),
    });
    return { server, monitoring };
  };
  const isCount = (url: URL): boolean => url.searchParams.get('filter')!.includes('request_count');
  const series = (value: unknown, codes = '2xx') => ({
    metric: { labels: { response_code_class: codes } },
    points: [{ interval, value }],
  });

  it('are read to the last page', async () => {
    const { monitoring } = await answered((url) => ({
      body: JSON.stringify(
        !isCount(url)
          ? {}
          : url.searchParams.get('pageToken') === 'more'
            ? { timeSeries: [series({ int64Value: '3' }, '5xx')] }
            : { timeSeries: [series({ int64Value: '7' })], nextPageToken: 'more' },
      ),
    }));
    expect(await monitoring.requestStats(ref, 'hello-r1', window)).toMatchObject({
      requests: 10,
      serverErrors: 3,
    });
  });

  it.each([
    [
      'exponential',
      { exponentialBuckets: { numFiniteBuckets: 2, growthFactor: 2, scale: 10 } },
      [10, 20, 40],
    ],
    ['linear', { linearBuckets: { numFiniteBuckets: 2, width: 10, offset: 5 } }, [5, 15, 25]],
    ['explicit', { explicitBuckets: { bounds: [1, 2, 3] } }, [1, 2, 3]],
  ])('may have %s buckets', async (_, bucketOptions, bounds) => {
    const distributionValue = { bucketOptions, bucketCounts: ['1', '0', '2', '4'] };
    const { monitoring } = await answered((url) => ({
      body: JSON.stringify(isCount(url) ? {} : { timeSeries: [series({ distributionValue })] }),
    }));
    const { latencies } = await monitoring.requestStats(ref, 'hello-r1', window);
    expect(latencies).toEqual([
      { fromMs: 0, toMs: bounds[0], count: 1 },
      { fromMs: bounds[1], toMs: bounds[2], count: 2 },
      { fromMs: bounds[2], toMs: Infinity, count: 4 },
    ]);
  });

  it('that are refused become a fault', async () => {
    const { monitoring } = await answered(() => ({ status: 403, body: '{}' }));
    await expect(monitoring.requestStats(ref, 'hello-r1', window)).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });
});
