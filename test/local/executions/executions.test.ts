import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account, numbered, parent, startServer, until, waits, type TestServer } from './server.ts';

let at: TestServer;
beforeEach(async () => {
  at = await startServer();
});
afterEach(() => at.stop());

const one = '- a: {return: 1}';

describe('executions', () => {
  it('run with argument, environment and labels, and say what they cost', async () => {
    const source = `main:
  params: [args]
  steps:
    - r:
        return:
          - \${args.n + 1}
          - \${sys.get_env("GOOGLE_CLOUD_PROJECT_ID") + sys.get_env("GOOGLE_CLOUD_PROJECT_NUMBER") + sys.get_env("GOOGLE_CLOUD_LOCATION")}
          - \${sys.get_env("GOOGLE_CLOUD_WORKFLOW_ID") + sys.get_env("OWN")}
          - \${sys.get_env("GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME")}
          - \${sys.get_env("GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID")}
`;
    await at.deploy('w', source, { labels: { a: '1', b: '1' }, userEnvVars: { OWN: '!' } });
    const execution = await at.ended(
      await at.run('w', { argument: '{"n": 1}', labels: { b: '2' }, callLogLevel: 2 }),
    );
    const id = execution.name.split('/').at(-1);
    expect(JSON.parse(execution.result)).toEqual([
      2,
      'slipway-local424242424242us-central1',
      'w!',
      account,
      id,
    ]);
    expect(execution).toMatchObject({
      name: `${numbered}/w/executions/${id}`,
      state: 'SUCCEEDED',
      argument: '{"n": 1}',
      labels: { a: '1', b: '2' },
      callLogLevel: 'LOG_ERRORS_ONLY',
      status: { currentSteps: [{ routine: 'main', step: 'r' }] },
      localBilledSteps: { internal: 1, external: 0 },
    });
  });

  it('fail with payload, context and stack trace', async () => {
    await at.deploy('w', '- a: {raise: {code: 3}}');
    expect(await at.ended(await at.run('w'))).toMatchObject({
      state: 'FAILED',
      error: {
        payload: '{"code":3}',
        context: '{"code":3}\nin step "a", routine "main", line: 1',
        stackTrace: { elements: [{ step: 'a', routine: 'main', position: { line: '1', column: '3' } }] },
      },
    });
  });

  it('show name, times, state and revision in the BASIC view only', async () => {
    await at.deploy('w', one);
    const name = await at.run('w', { argument: '1', labels: { a: 'b' } });
    await at.ended(name);
    const { json } = await at.call('GET', `${name}?view=BASIC`);
    expect(Object.keys(json).sort()).toEqual(
      ['duration', 'endTime', 'name', 'startTime', 'state', 'workflowRevisionId'].sort(),
    );
    expect((await at.call('GET', `${name}?view=FULL`)).json).toMatchObject({ argument: '1', result: '1' });
  });

  it('end at once when cancelled, and only once', async () => {
    await at.deploy(
      'w',
      '- t:\n    try: {call: sys.sleep, args: {seconds: 1000}}\n    except: {as: e, steps: [{caught: {return: 1}}]}',
    );
    const name = await at.run('w');
    await until(() => (at.steps.length === 2 ? true : undefined));
    expect((await at.call('POST', `${name}:cancel`, {})).json).toMatchObject({
      state: 'CANCELLED',
      endTime: expect.any(String),
    });
    expect((await at.call('POST', `${name}:cancel`)).status).toBe(400);
    expect((await at.call('GET', name)).json.state).toBe('CANCELLED');
    expect(at.steps).toEqual(['t', 't']);
  });

  it('that ran when the stack stopped are FAILED after a restart', async () => {
    await at.deploy('w', waits);
    const name = await at.run('w');
    await until(() => at.logs[0]);
    await at.stop();
    at = await startServer({ store: at.store });
    expect((await at.call('GET', name)).json).toMatchObject({
      state: 'FAILED',
      error: { context: expect.stringContaining('restarted') },
    });
    await at.call('POST', `${await at.run('w')}:cancel`);
  });

  it('beyond the quota wait as QUEUED and start when there is room', async () => {
    await at.stop();
    at = await startServer({ maxConcurrent: 1 });
    await at.deploy('w', waits);
    await at.deploy('quick', one);
    const running = await at.run('w');
    const cancelled = await at.run('quick');
    const queued = await at.run('quick');
    const { json } = await at.call('GET', queued);
    expect(json.state).toBe('QUEUED');
    expect(json).not.toHaveProperty('startTime');
    const refused = { disableConcurrencyQuotaOverflowBuffering: true };
    expect((await at.call('POST', `${parent}/quick/executions`, refused)).status).toBe(429);
    expect((await at.call('POST', `${cancelled}:cancel`)).json.state).toBe('CANCELLED');
    const list = await at.call('GET', `${parent}/quick/executions?filter=state=QUEUED`);
    expect(list.json.executions.map(({ name }) => name)).toEqual([queued]);
    await at.call('POST', `${running}:cancel`);
    expect(await at.ended(queued)).toMatchObject({ state: 'SUCCEEDED', startTime: expect.any(String) });
    expect(await at.ended(cancelled)).toMatchObject({ state: 'CANCELLED' });
  });

  it.each([
    ['an unknown workflow', 'nothing', {}, 404],
    ['an argument that is no JSON', 'w', { argument: '{' }, 400],
    ['a label in capitals', 'w', { labels: { A: 'b' } }, 400],
    ['an unknown field', 'w', { args: {} }, 400],
    ['a history level that there is not', 'w', { executionHistoryLevel: 'ALL' }, 400],
  ])('are refused for %s', async (_name, workflow, body, status) => {
    await at.deploy('w', one);
    expect((await at.call('POST', `${parent}/${workflow}/executions`, body)).status).toBe(status);
  });

  it('ask for an access token, and for this project', async () => {
    expect((await at.call('GET', `${parent}/w/executions`, undefined, 'stranger')).status).toBe(401);
    expect((await at.call('GET', 'projects/other/locations/us-central1/workflows/w')).status).toBe(403);
  });

  it('cannot be exported, and say so', async () => {
    await at.deploy('w', one);
    const { status, json } = await at.call('GET', `${await at.run('w')}:exportData`);
    expect(status).toBe(501);
    expect(json.error).toMatchObject({ message: expect.stringContaining('exportData') });
  });
});

describe('a list of executions', () => {
  const ids = ({ executions }: { executions: { name: string }[] }): string[] =>
    executions.map(({ name }) => name.split('/').at(-1)!);
  const list = async (query: Record<string, string>) =>
    at.call('GET', `${parent}/w/executions?${new URLSearchParams(query).toString()}`);
  let first = '';
  let second = '';
  let third = '';

  beforeEach(async () => {
    await at.deploy('w', waits);
    const names = [
      await at.run('w', { labels: { deployment: 'd1' } }),
      await at.run('w', { labels: { deployment: 'd1' } }),
      await at.run('w', { labels: { deployment: 'd2' } }),
    ];
    await at.call('POST', `${names[0]}:cancel`);
    await until(async () => {
      const { json } = await list({ filter: 'state="ACTIVE" AND stepName="listen"' });
      return json.executions.length === 2 ? true : undefined;
    });
    [first, second, third] = ids({ executions: names.map((name) => ({ name })) }) as [string, string, string];
  });

  it.each([
    ['everything without a filter', '', () => [third, second, first]],
    ['by label', 'labels.deployment="d1"', () => [second, first]],
    ['by label and state', 'labels.deployment="d1" AND state="ACTIVE"', () => [second]],
    ['by terms side by side', 'labels.deployment="d1" state="ACTIVE"', () => [second]],
    ['by nothing there', 'labels.deployment="d3"', () => []],
    ['by what it is not', 'NOT labels.deployment="d1"', () => [third]],
    ['by what differs', 'labels.deployment!="d1"', () => [third]],
    ['OR before AND', 'state="ACTIVE" AND labels.deployment="d1" OR state="FAILED"', () => [second]],
    ['brackets', '(state="ACTIVE" AND labels.deployment="d1") OR state="CANCELLED"', () => [second, first]],
    ['by id', 'executionId="FIRST"', () => [first]],
    ['by a pattern', 'labels.deployment="*1" AND state:"CANC*"', () => [first]],
    ['by presence', 'endTime:*', () => [first]],
    ['by time', 'startTime>"2023-08-01" AND endTime<"2199-01-01T00:00:00Z"', () => [first]],
    ['by duration', 'duration<"100s"', () => [first]],
    ['by revision', 'workflowRevisionId="000001*"', () => [third, second, first]],
    ['by current step', 'stepName="listen" AND state="ACTIVE"', () => [third, second]],
    ['by a quota wish', 'disableConcurrencyQuotaOverflowBuffering=true', () => []],
  ])('is filtered: %s', async (_name, filter, expected) => {
    const { json } = await list({ filter: filter.replace('FIRST', first) });
    expect(ids(json)).toEqual(expected());
  });

  it.each([
    ['an unknown field', 'colour="red"'],
    ['words alone', 'something'],
    ['a missing value', 'state='],
    ['a missing bracket', '(state="ACTIVE"'],
    ['an open quote', 'state="ACTIVE'],
    ['a time that is none', 'startTime>"yesterday"'],
    ['a bracket too many', 'state="ACTIVE")'],
  ])('refuses a filter with %s', async (_name, filter) => {
    const { status, json } = await list({ filter });
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ status: 'INVALID_ARGUMENT' });
  });

  it('comes in the order asked for', async () => {
    expect(ids((await list({ orderBy: 'state desc, executionId' })).json)).toEqual([
      first,
      ...[second, third].sort(),
    ]);
    expect(ids((await list({ orderBy: 'endTime desc' })).json)[0]).toBe(first);
    expect((await list({ orderBy: 'labels' })).status).toBe(400);
    expect((await list({ orderBy: 'state downwards' })).status).toBe(400);
  });

  it('comes in pages whose token is good for the same list only', async () => {
    const page = (await list({ pageSize: '2' })).json;
    expect(page.executions[0]).not.toHaveProperty('labels');
    const { nextPageToken: pageToken } = page;
    const rest = (await list({ pageSize: '2', pageToken })).json;
    expect([...ids(page), ...ids(rest)]).toEqual([third, second, first]);
    expect(rest).not.toHaveProperty('nextPageToken');
    expect((await list({ view: 'FULL' })).json.executions[0]).toHaveProperty('labels', { deployment: 'd2' });
    expect((await list({ pageSize: '2', pageToken, view: 'FULL' })).status).toBe(400);
    expect((await list({ pageToken: 'x' })).status).toBe(400);
    expect((await list({ pageSize: '-1' })).status).toBe(400);
  });
});

describe('call logging', () => {
  const calls = `
- note: {call: sys.log, args: {text: hello}}
- parse:
    try: {call: json.decode, args: {data: "no json"}, result: x}
    except: {as: e, steps: [{ok: {return: 1}}]}
`;
  const logged = async (workflow: object, execution: object) => {
    await at.deploy('w', calls, workflow);
    await at.ended(await at.run('w', execution));
    return (at.logs as (string | Record<string, string>)[]).map((entry) =>
      typeof entry === 'string' ? entry : `${entry['step']} ${entry['state']}`,
    );
  };

  it.each([
    ['nothing more unless told', {}, {}, ['hello']],
    [
      'every call at LOG_ALL_CALLS',
      {},
      { callLogLevel: 'LOG_ALL_CALLS' },
      ['note BEGUN', 'hello', 'note SUCCEEDED', 'parse BEGUN', 'parse EXCEPTION_RAISED'],
    ],
    ['as the workflow says', { callLogLevel: 'LOG_ERRORS_ONLY' }, {}, ['hello', 'parse EXCEPTION_RAISED']],
    [
      'as the execution says before the workflow',
      { callLogLevel: 'LOG_ALL_CALLS' },
      { callLogLevel: 'LOG_NONE' },
      ['hello'],
    ],
  ])('tells %s', async (_name, workflow, execution, expected) => {
    expect(await logged(workflow, execution)).toEqual(expected);
  });
});

describe('a call that is logged', () => {
  const entriesOf = async (source: string): Promise<Record<string, unknown>[]> => {
    await at.deploy('w', source, { callLogLevel: 'LOG_ALL_CALLS' });
    await at.ended(await at.run('w'));
    return at.logs.filter((entry) => typeof entry !== 'string');
  };
  const time = expect.stringMatching(/^\d{4}-.*Z$/);

  it('says what was called, with what, and what it answered', async () => {
    const [begun, succeeded] = await entriesOf(
      '- a: {call: text.split, args: {source: "a,b", separator: ","}, result: x}',
    );
    const call = {
      '@type': 'type.googleapis.com/google.cloud.workflows.type.EngineCallLog',
      executionId: expect.any(String),
      activityTime: time,
      step: 'a',
      callee: 'text.split',
    };
    expect(begun).toEqual({
      ...call,
      state: 'BEGUN',
      begun: { namedArgs: { source: 'a,b', separator: ',' } },
    });
    expect(succeeded).toEqual({
      ...call,
      state: 'SUCCEEDED',
      succeeded: { callStartTime: time, response: '["a","b"]' },
    });
  });

  it('says with what it failed, and in which step, through every subworkflow', async () => {
    const entries = await entriesOf(`
main: {steps: [{outer: {call: sub, args: {n: 0}}}]}
sub: {params: [n], steps: [{inner: {return: "\${1 / n}"}}]}`);
    expect(entries.at(-1)).toMatchObject({
      state: 'EXCEPTION_RAISED',
      step: 'outer',
      callee: 'sub',
      exceptionRaised: { exception: expect.stringContaining('ZeroDivisionError'), origin: 'inner' },
    });
  });

  it('does not show the Authorization header, and everything else', async () => {
    const headers = '{AUTHORIZATION: Bearer secret, X-Other: seen}';
    const [begun] = await entriesOf(
      `- a: {call: http.post, args: {url: "http://127.0.0.1:9", headers: ${headers}, body: '\${text.encode("raw")}'}}`,
    );
    expect(begun).toMatchObject({
      begun: {
        namedArgs: { headers: { AUTHORIZATION: 'REDACTED', 'X-Other': 'seen' }, body: 'cmF3' },
      },
    });
  });

  it('is one of a step: calls inside expressions are not logged', async () => {
    expect(await entriesOf('- a: {return: "${len([1])}"}')).toEqual([]);
  });
});

describe('a Pub/Sub trigger', () => {
  const message = {
    messageId: '7',
    data: 'aGk=',
    attributes: { a: 'b' },
    publishTime: '2026-01-01T00:00:00Z',
  };
  const subscription = 'projects/slipway-local/subscriptions/eventarc';
  const trigger = (mode: string) =>
    at.call('POST', `${parent}/w:triggerPubsubExecution?__GCP_CloudEventsMode=${encodeURIComponent(mode)}`, {
      message,
      subscription,
    });

  it('starts an execution with the event as its argument', async () => {
    await at.deploy('w', 'main: {params: [event], steps: [{a: {return: "${event.data.message.data}"}}]}');
    const { json } = await trigger('CUSTOM_PUBSUB_projects/slipway-local/topics/t');
    expect(JSON.parse(json.argument)).toEqual({
      id: '7',
      source: '//pubsub.googleapis.com/projects/slipway-local/topics/t',
      specversion: '1.0',
      type: 'google.cloud.pubsub.topic.v1.messagePublished',
      datacontenttype: 'application/json',
      time: '2026-01-01T00:00:00Z',
      data: { message, subscription },
    });
    expect((await at.ended(json.name)).result).toBe('"aGk="');
  });

  it('of another kind of event is refused', async () => {
    await at.deploy('w', one);
    expect((await trigger('CE_PUBSUB_BINDING')).status).toBe(501);
  });
});
