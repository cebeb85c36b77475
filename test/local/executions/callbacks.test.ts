import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parent, startServer, until, waits, type TestServer } from './server.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

/** Awaits one endpoint twice; says so when nothing comes for a minute. */
const twice = `
- endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
- show: {call: sys.log, args: {text: "\${callback.url}"}}
- listen:
    try: {call: events.await_callback, args: {callback: "\${callback}", timeout: 60}, result: first}
    except: {as: e, steps: [{late: {return: "\${e.tags}"}}]}
- again: {call: events.await_callback, args: {callback: "\${callback}", timeout: 60}, result: second}
- end_of_it: {return: ["\${first.http_request.body}", "\${second.http_request.query}", "\${first.http_request.method}"]}
`;

/** Waits at a gate, so that a delivery to the other endpoint comes too early. */
const earlyDelivery = `
- endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
- show: {call: sys.log, args: {text: "\${callback.url}"}}
- gate: {call: events.create_callback_endpoint, args: {http_callback_method: PUT}, result: gate_callback}
- show_gate: {call: sys.log, args: {text: "\${gate_callback.url}"}}
- hold: {call: events.await_callback, args: {callback: "\${gate_callback}"}}
- listen: {call: events.await_callback, args: {callback: "\${callback}"}, result: first}
- finish: {return: "\${first.http_request.body}"}
`;

let at: TestServer;
beforeEach(async () => {
  at = await startServer();
});
afterEach(() => at.stop());

describe('a callback endpoint', () => {
  it('hands over what arrives while somebody waits, once and again, and ends with its execution', async () => {
    await at.deploy('w', twice);
    const name = await at.run('w');
    const url = await until(() => at.logs[0]);
    expect(url).toMatch(new RegExp(`^${at.server.origin}/v1/${name}/callbacks/[^/]+$`));
    expect(await at.call('POST', url, { n: 1 })).toEqual({ status: 200, json: {} });
    await until(() => (at.steps.includes('again') ? true : undefined));
    expect((await at.call('GET', `${name}/callbacks`)).json.callbacks).toEqual([
      {
        name: url.replace(`${at.server.origin}/v1/`, ''),
        method: 'POST',
        availablePayloads: [],
        waiters: '1',
      },
    ]);
    expect((await at.call('POST', `${url}?q=x`)).status).toBe(200);
    expect(JSON.parse((await at.ended(name)).result)).toEqual([{ n: 1 }, { q: 'x' }, 'POST']);
    expect((await at.call('POST', url, { n: 3 })).status).toBe(404);
    expect((await at.call('GET', `${name}/callbacks`)).json.callbacks).toEqual([]);
  });

  // An upgrade while a deployment waits: docs/operations.md.
  it('is answered to the revision that its execution began with, also after the workflow was replaced', async () => {
    await at.deploy('w', waits);
    const before = await at.run('w');
    const url = await until(() => at.logs[0]);
    await at.call('PATCH', `${parent}/w`, { sourceContents: '- a: {return: "the new one"}' });
    expect(JSON.parse((await at.ended(await at.run('w'))).result)).toBe('the new one');
    expect((await at.call('POST', url, { n: 1 })).status).toBe(200);
    expect(JSON.parse((await at.ended(before)).result)).toEqual({ n: 1 });
  });

  it('keeps one payload that came early, answers 429 to the next, and takes more once it is read', async () => {
    await at.deploy('w', earlyDelivery);
    const name = await at.run('w');
    await until(() => at.logs[1]);
    const [url, gate] = at.logs as [string, string];
    expect((await at.call('POST', url, { n: 1 })).status).toBe(200);
    expect((await at.call('POST', url, { n: 2 })).status).toBe(429);
    const { callbacks } = (await at.call('GET', `${name}/callbacks`)).json;
    expect(callbacks).toContainEqual(
      expect.objectContaining({ method: 'POST', availablePayloads: ['{"n":1}'], waiters: '0' }),
    );
    expect((await at.call('PUT', gate, {})).status).toBe(200);
    expect((await at.ended(name)).result).toBe('{"n":1}');
  });

  it('takes the next delivery once the early one is read', async () => {
    await at.deploy(
      'w',
      twice.replace('- listen:', '- hold: {call: sys.sleep, args: {seconds: 0.05}}\n- listen:'),
    );
    const name = await at.run('w');
    const url = await until(() => at.logs[0]);
    expect((await at.call('POST', url, { n: 1 })).status).toBe(200);
    await until(async () => ((await at.call('POST', `${url}?q=2`)).status === 200 ? true : undefined));
    expect(JSON.parse((await at.ended(name)).result)).toEqual([{ n: 1 }, { q: '2' }, 'POST']);
  });

  it('takes only its own method', async () => {
    await at.deploy('w', waits);
    const name = await at.run('w');
    const url = await until(() => at.logs[0]);
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      expect((await at.call(method, url)).status).toBe(405);
    }
    expect((await at.call('GET', name)).json.state).toBe('ACTIVE');
  });

  it('times out on the clock it is given', async () => {
    await at.stop();
    const clock = createVirtualClock();
    at = await startServer({ clock });
    await at.deploy('w', twice);
    const name = await at.run('w');
    await until(() => (clock.sleeping > 0 ? true : undefined));
    await clock.advance(59_999);
    expect((await at.call('GET', name)).json.state).toBe('ACTIVE');
    await clock.advance(1);
    expect(await at.ended(name)).toMatchObject({
      state: 'SUCCEEDED',
      result: '["TimeoutError"]',
      duration: '60s',
    });
  });

  it('needs an access token, exists, and belongs to an execution that runs', async () => {
    await at.deploy('w', waits);
    const name = await at.run('w');
    const url = await until(() => at.logs[0]);
    expect((await at.call('POST', url, {}, 'stranger')).status).toBe(401);
    expect((await at.call('POST', `${name}/callbacks/unknown`, {})).status).toBe(404);
    expect((await at.call('POST', url.replace(/executions\/[^/]+/, 'executions/other'), {})).status).toBe(
      404,
    );
    await at.call('POST', `${name}:cancel`);
    expect((await at.call('POST', url, {})).status).toBe(404);
  });

  it('refuses a body that is not what it says it is, and goes on waiting', async () => {
    await at.deploy('w', waits);
    const name = await at.run('w');
    const url = await until(() => at.logs[0]);
    const headers = {
      authorization: `Bearer ${at.identity.accessToken('a@b.c')}`,
      'content-type': 'application/json',
    };
    expect((await fetch(url, { method: 'POST', headers, body: '{' })).status).toBe(400);
    expect((await at.call('POST', url, 'text')).status).toBe(200);
    expect((await at.ended(name)).result).toBe('"text"');
  });

  it('is listed with the others in pages, by id', async () => {
    const endpoint = (n: number): string =>
      `- e${n}: {call: events.create_callback_endpoint, args: {http_callback_method: GET}, result: c${n}}\n`;
    await at.deploy('w', `${[1, 2, 3].map(endpoint).join('')}${waits}`);
    const name = await at.run('w');
    await until(() => at.logs[0]);
    const { callbacks } = (await at.call('GET', `${name}/callbacks`)).json;
    expect(callbacks.map((callback) => callback.name)).toEqual(
      callbacks.map((callback) => callback.name).sort(),
    );
    const page = (await at.call('GET', `${name}/callbacks?pageSize=3`)).json;
    const rest = await at.call('GET', `${name}/callbacks?pageToken=${page.nextPageToken}`);
    expect([...page.callbacks, ...rest.json.callbacks]).toEqual(callbacks);
    expect(callbacks).toHaveLength(4);
    expect((await at.call('GET', `${parent}/w/executions/x/callbacks`)).status).toBe(404);
  });
});
