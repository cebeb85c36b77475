import { expect, test } from 'vitest';
import { createLogging } from '#local/logging/logging.ts';
import { parseFilter } from '#local/logging/filter.ts';
import type { RequestEvent } from '#local/run/request-event.ts';
import { requestOf } from '#test/local/monitoring/requests.ts';
import { parent, serviceOf, startCloud } from '#test/local/run/support.ts';
import { openCloud } from '#test/shared/google/cloud.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const revision = 'resource.labels.service_name="hello" AND resource.labels.revision_name=hello-r1';

async function openLogging() {
  const cloud = await openCloud();
  const clock = createVirtualClock();
  const logging = createLogging({
    clock,
    project: 'slipway-local',
    location: 'us-central1',
    output: () => [{ time: new Date(clock.now() - 5000).toISOString(), stream: 'stderr', text: 'oh' }],
    lagMs: 0,
  });
  const origin = await cloud.listen(logging.routes);
  const list = async (body: object) => {
    const answer = await cloud.rest.send({
      url: `${origin}/v2/entries:list`,
      method: 'POST',
      body: JSON.stringify({ resourceNames: ['projects/slipway-local'], ...body }),
    });
    return JSON.parse(answer.body.toString()) as {
      entries?: { logName: string; httpRequest?: { status: number } }[];
      nextPageToken?: string;
      error?: { status: string };
    };
  };
  for (const status of [200, 404, 500]) logging.observe(requestOf({ atMs: clock.now() - status, status }));
  return { list };
}

test.each([
  ['httpRequest.status>=400', [500, 404]],
  ['httpRequest.status=404', [404]],
  ['NOT httpRequest.status=404', [undefined, 500, 200]],
  ['severity>=WARNING', [500, 404]],
  ['httpRequest.userAgent:"BROWSER"', [500, 404, 200]],
  ['logName="projects/slipway-local/logs/run.googleapis.com%2Fstderr"', [undefined]],
  ['logName=("a" OR "projects/slipway-local/logs/run.googleapis.com%2Frequests")', [500, 404, 200]],
  ['timestamp<"2025-12-31T23:59:59.550Z"', [undefined, 500]],
  ['resource.labels.location="europe-west1"', undefined],
])('%s finds %j', async (term, statuses) => {
  const { list } = await openLogging();
  const { entries } = await list({ filter: `${revision} AND ${term}` });
  expect(entries?.map(({ httpRequest }) => httpRequest?.status)).toEqual(statuses);
});

test('the newest come first when asked for so, and a page ends where it should', async () => {
  const { list } = await openLogging();
  const answer = await list({ filter: revision, orderBy: 'timestamp desc', pageSize: 2 });
  expect(answer.entries?.map(({ httpRequest }) => httpRequest?.status)).toEqual([200, 404]);
  expect(answer.nextPageToken).toBe('2');
});

test.each([
  ['a filter without a revision', { filter: 'resource.labels.service_name="hello"' }, 'UNIMPLEMENTED'],
  ['no filter', {}, 'UNIMPLEMENTED'],
  ['a field that is not known here', { filter: `${revision} AND labels.instanceId="x"` }, 'UNIMPLEMENTED'],
  ['free text', { filter: `${revision} AND "error"` }, 'UNIMPLEMENTED'],
  ['OR between comparisons', { filter: `${revision} OR severity=ERROR` }, 'UNIMPLEMENTED'],
  ['a regular expression', { filter: `${revision} AND httpRequest.userAgent=~"x"` }, 'UNIMPLEMENTED'],
  ['a number that is none', { filter: `${revision} AND httpRequest.status>=many` }, 'INVALID_ARGUMENT'],
  ['a severity that is none', { filter: `${revision} AND severity>=BAD` }, 'INVALID_ARGUMENT'],
  ['a later page', { filter: revision, pageToken: '2' }, 'UNIMPLEMENTED'],
  ['another order', { filter: revision, orderBy: 'severity' }, 'INVALID_ARGUMENT'],
  ['an unknown field', { filter: revision, colour: 'red' }, 'INVALID_ARGUMENT'],
  ['another project', { filter: revision, resourceNames: ['projects/other'] }, 'PERMISSION_DENIED'],
])('%s is refused aloud', async (_, body, status) => {
  const { list } = await openLogging();
  expect((await list(body)).error).toMatchObject({ status });
});

test('a quoted value may hold what would end it', () => {
  expect(parseFilter(String.raw`logName="a\" AND b"`, ['logName'])).toEqual([
    { field: 'logName', operator: '=', values: ['a" AND b'], negated: false },
  ]);
});

test('Cloud Run tells of every request that a revision answered', async () => {
  const events: RequestEvent[] = [];
  const cloud = await startCloud({ onRequest: (event) => void events.push(event) });
  const { response } = await cloud.settle(
    'POST',
    `${parent}/services?serviceId=hello`,
    serviceOf('v1', { revision: 'hello-r1' }),
  );
  const traceId = 'abcdef0123456789abcdef0123456789';
  const headers = { 'user-agent': 'Slipway/1', traceparent: `00-${traceId}-0123456789abcdef-01` };
  await (await fetch(`${response.uri}/slow?ms=60`, { headers })).text();
  await (await fetch(`${response.uri}/crash`, { method: 'POST' })).text();
  await expect.poll(() => events.length).toBe(2);
  expect(events).toEqual([
    {
      service: 'hello',
      revision: 'hello-r1',
      atMs: expect.any(Number),
      latencyMs: expect.any(Number),
      status: 200,
      method: 'GET',
      url: `${response.uri}/slow?ms=60`,
      userAgent: 'Slipway/1',
      traceId,
    },
    expect.objectContaining({
      status: 503,
      method: 'POST',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    }),
  ]);
  expect(events[0]!.latencyMs).toBeGreaterThanOrEqual(55);
});
