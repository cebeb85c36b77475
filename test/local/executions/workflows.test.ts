import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account, numbered, parent, startServer, type TestServer } from './server.ts';

let at: TestServer;
beforeEach(async () => {
  at = await startServer();
});
afterEach(() => at.stop());

const one = '- a: {return: 1}';
const two = '- a: {return: 2}';

describe('workflows', () => {
  it('are created, read, listed, changed and deleted by operations that are done', async () => {
    const created = await at.deploy('w', one, { labels: { team: 'x' }, callLogLevel: 'LOG_NONE' });
    expect(created.json).toMatchObject({
      name: expect.stringMatching(/^projects\/slipway-local\/locations\/us-central1\/operations\/workflow-/),
      done: true,
      metadata: { verb: 'create', target: `${parent}/w` },
      response: {
        '@type': 'type.googleapis.com/google.cloud.workflows.v1.Workflow',
        name: `${parent}/w`,
        state: 'ACTIVE',
        revisionId: expect.stringMatching(/^000001-[0-9a-f]{3}$/),
        serviceAccount: account,
        callLogLevel: 'LOG_NONE',
      },
    });
    expect((await at.call('GET', created.json.name)).json).toEqual(created.json);
    expect((await at.call('GET', `${created.json.name}x`)).status).toBe(404);
    expect((await at.call('GET', `${numbered}/w`)).json).toMatchObject({
      name: `${parent}/w`,
      labels: { team: 'x' },
    });
    expect((await at.call('GET', parent)).json.workflows).toHaveLength(1);
    await at.call('PATCH', `${parent}/w?updateMask=source_contents`, { sourceContents: two });
    expect((await at.call('GET', `${parent}/w`)).json).toMatchObject({
      revisionId: expect.stringMatching(/^000002-/),
      labels: { team: 'x' },
    });
    expect(await at.ended(await at.run('w'))).toMatchObject({ result: '2' });
    expect((await at.call('DELETE', `${parent}/w`)).json).toMatchObject({ done: true });
    expect((await at.call('GET', `${parent}/w`)).status).toBe(404);
  });

  it('keep their revisions, newest first, each readable on its own', async () => {
    await at.deploy('w', one);
    await at.deploy('other', one);
    await at.call('PATCH', `${parent}/w`, { description: 'no new revision' });
    await at.call('PATCH', `${parent}/w`, { sourceContents: two });
    await at.call('PATCH', `${parent}/w?updateMask=userEnvVars`, { userEnvVars: { A: 'b' } });
    const { workflows } = (await at.call('GET', `${parent}/w:listRevisions`)).json;
    expect(workflows.map(({ revisionId }) => revisionId.slice(0, 6))).toEqual(['000003', '000002', '000001']);
    const page = (await at.call('GET', `${parent}/w:listRevisions?pageSize=2`)).json;
    const rest = await at.call('GET', `${parent}/w:listRevisions?pageSize=2&pageToken=${page.nextPageToken}`);
    expect([...page.workflows, ...rest.json.workflows]).toEqual(workflows);
    const first = workflows[2]?.revisionId;
    expect((await at.call('GET', `${parent}/w?revisionId=${first}`)).json).toMatchObject({
      sourceContents: one,
      revisionId: first,
    });
    expect((await at.call('GET', `${parent}/w?revisionId=000009-abc`)).status).toBe(404);
    await at.call('DELETE', `${parent}/w`);
    await at.deploy('w', two);
    expect((await at.call('GET', `${parent}/w:listRevisions`)).json.workflows).toHaveLength(1);
  });

  it('are listed by filter, in the order asked for, in pages', async () => {
    for (const id of ['a', 'b', 'c']) {
      await at.deploy(id, one, { description: `the ${id}`, labels: id === 'b' ? { team: 'x' } : {} });
    }
    const names = async (query: Record<string, string>): Promise<string[]> => {
      const { json } = await at.call('GET', `${parent}?${new URLSearchParams(query).toString()}`);
      return json.workflows.map(({ name }) => name.slice(-1));
    };
    expect(await names({ filter: 'labels.team="x"' })).toEqual(['b']);
    expect(await names({ orderBy: 'description desc' })).toEqual(['c', 'b', 'a']);
    expect(await names({ pageSize: '2' })).toEqual(['a', 'b']);
    const { nextPageToken } = (await at.call('GET', `${parent}?pageSize=2`)).json;
    expect(await names({ pageSize: '2', pageToken: nextPageToken })).toEqual(['c']);
    const changed = `${parent}?pageSize=2&filter=revisionId:*&pageToken=${nextPageToken}`;
    expect((await at.call('GET', changed)).status).toBe(400);
  });

  it('that do not build are refused with every problem', async () => {
    const { status, json } = await at.deploy('w', '- a: {return: "${x}"}\n- b: {next: c}');
    expect(status).toBe(400);
    expect(json.error).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^failed to build: .*step a.*\n.*step b/),
    });
    expect((await at.call('GET', `${parent}/w`)).status).toBe(404);
  });

  it('take back what the API itself answered', async () => {
    await at.deploy('w', one);
    const { json } = await at.call('GET', `${parent}/w`);
    const { status } = await at.call('PATCH', `${parent}/w?updateMask=description`, {
      ...json,
      description: 'new',
    });
    expect(status).toBe(200);
    expect((await at.call('GET', `${parent}/w`)).json).toMatchObject({
      description: 'new',
      revisionId: json.revisionId,
    });
  });

  it.each([
    ['a taken id', 'taken', {}, 409],
    ['a bad id', 'Not-Good', {}, 400],
    ['an unknown field', 'w', { colour: 'red' }, 400],
    ['a variable of a reserved name', 'w', { userEnvVars: { GOOGLE_X: '1' } }, 400],
    ['a log level that there is not', 'w', { callLogLevel: 'ALL' }, 400],
    ['no source', 'w', { sourceContents: '' }, 400],
    ['a key of one’s own, which is not supported', 'w', { cryptoKeyName: 'projects/p/k' }, 501],
    ['tags, which are not supported', 'w', { tags: { a: 'b' } }, 501],
    ['a history level that there is not', 'w', { executionHistoryLevel: 'ALL' }, 400],
  ])('are refused for %s', async (_name, id, more, status) => {
    await at.deploy('taken', one);
    expect((await at.deploy(id, one, more)).status).toBe(status);
  });

  it.each([
    ['an unknown path in the mask', 'PATCH', '?updateMask=colour'],
    ['an unknown parameter', 'GET', '?colour=red'],
  ])('refuse %s', async (_name, method, query) => {
    await at.deploy('w', one);
    expect((await at.call(method, `${parent}/w${query}`, method === 'GET' ? undefined : {})).status).toBe(
      400,
    );
  });
});
