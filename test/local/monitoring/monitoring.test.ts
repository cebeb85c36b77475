import { expect, test } from 'vitest';
import { createMonitoring } from '#local/monitoring/monitoring.ts';
import { openCloud } from '#test/shared/google/cloud.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { requestOf } from './requests.ts';

const filter = [
  'metric.type="run.googleapis.com/request_count"',
  'resource.type="cloud_run_revision"',
  'resource.labels.service_name="hello"',
  'resource.labels.revision_name="hello-r1"',
].join(' AND ');

async function openMonitoring() {
  const cloud = await openCloud();
  const clock = createVirtualClock();
  const monitoring = createMonitoring({
    clock,
    project: 'slipway-local',
    location: 'us-central1',
    timing: { sampleMs: 60_000, lagMs: 180_000 },
  });
  const origin = await cloud.listen(monitoring.routes);
  const query = {
    filter,
    'interval.startTime': '2026-01-01T00:00:00Z',
    'interval.endTime': '2026-01-01T00:05:00Z',
  };
  const list = async (change: Record<string, string> = {}, project = 'slipway-local') => {
    const parameters = new URLSearchParams({ ...query, ...change }).toString();
    const { status, body } = await cloud.rest.send({
      url: `${origin}/v3/projects/${project}/timeSeries?${parameters}`,
    });
    return {
      status,
      json: JSON.parse(body.toString()) as { timeSeries?: unknown[]; error?: { status: string } },
    };
  };
  return { monitoring, clock, list };
}

test('a series per status, its points newest first, own probes among them', async () => {
  const { monitoring, clock, list } = await openMonitoring();
  monitoring.observe(requestOf());
  monitoring.observe(requestOf({ userAgent: 'Slipway/0.1.0' }));
  monitoring.observe(requestOf({ atMs: clock.now() + 60_000, status: 503 }));
  monitoring.observe(requestOf({ atMs: clock.now() + 120_000 }));
  await clock.advance(600_000);
  const point = (minute: number, int64Value: string) => ({
    interval: {
      startTime: `2026-01-01T00:0${minute}:00.000Z`,
      endTime: `2026-01-01T00:0${minute + 1}:00.000Z`,
    },
    value: { int64Value },
  });
  const { json } = await list();
  expect(json.timeSeries).toMatchObject([
    {
      metric: {
        type: 'run.googleapis.com/request_count',
        labels: { response_code: '200', response_code_class: '2xx' },
      },
      resource: {
        type: 'cloud_run_revision',
        labels: { location: 'us-central1', revision_name: 'hello-r1' },
      },
      metricKind: 'DELTA',
      valueType: 'INT64',
      points: [point(2, '1'), point(0, '2')],
    },
    { metric: { labels: { response_code_class: '5xx' } }, points: [point(1, '1')] },
  ]);
});

test('the timing can be changed while it runs', async () => {
  const { monitoring, clock, list } = await openMonitoring();
  monitoring.configure({ sampleMs: 1000, lagMs: 500 });
  monitoring.observe(requestOf());
  await clock.advance(1499);
  expect((await list()).json).toEqual({});
  await clock.advance(1);
  expect((await list()).json.timeSeries).toHaveLength(1);
});

test.each([
  ['an aggregation', { 'aggregation.perSeriesAligner': 'ALIGN_DELTA' }, 'UNIMPLEMENTED'],
  ['a page size', { pageSize: '10' }, 'UNIMPLEMENTED'],
  ['headers only', { view: 'HEADERS' }, 'INVALID_ARGUMENT'],
  [
    'another metric',
    { filter: filter.replace('request_count', 'container/cpu/utilizations') },
    'UNIMPLEMENTED',
  ],
  [
    'all revisions',
    { filter: filter.replace(/ AND resource.labels.revision_name="hello-r1"/, '') },
    'UNIMPLEMENTED',
  ],
  [
    'all but a revision',
    { filter: filter.replace('resource.labels.rev', 'NOT resource.labels.rev') },
    'UNIMPLEMENTED',
  ],
  ['a label that is not known here', { filter: `${filter} AND metric.labels.route="x"` }, 'UNIMPLEMENTED'],
  ['half a filter', { filter: `${filter} AND` }, 'UNIMPLEMENTED'],
  ['a parameter nobody knows', { colour: 'red' }, 'INVALID_ARGUMENT'],
  ['an interval backwards', { 'interval.endTime': '2025-01-01T00:00:00Z' }, 'INVALID_ARGUMENT'],
  ['a time that is none', { 'interval.endTime': 'now' }, 'INVALID_ARGUMENT'],
])('%s is refused aloud', async (_, change, status) => {
  const { list } = await openMonitoring();
  expect((await list(change)).json.error).toMatchObject({ status });
});

test('another project is not ours to read', async () => {
  const { list } = await openMonitoring();
  expect((await list({}, 'other')).status).toBe(403);
});
