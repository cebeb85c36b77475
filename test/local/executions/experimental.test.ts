import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServer, waits, type TestServer } from './server.ts';

let at: TestServer;
beforeEach(async () => {
  at = await startServer();
  await at.deploy('half', 'main: {params: [n], steps: [{a: {return: "${10 / n}"}}]}');
  await at.deploy('waits', waits);
});
afterEach(() => at.stop());

/** What a workflow returns that calls `experimental.executions.NAME`, or the tags of the error. */
async function called(name: string, args: string): Promise<unknown> {
  await at.deploy(
    'caller',
    `
- t:
    try: {call: experimental.executions.${name}, args: ${args}, result: x}
    except: {as: e, steps: [{failed: {return: "\${e.tags}"}}]}
- done: {return: "\${x}"}`,
  );
  return JSON.parse((await at.ended(await at.run('caller'))).result);
}

describe('experimental.executions', () => {
  it.each([
    ['run answers what the execution returned', 'run', '{workflow_id: half, argument: 4}', 2.5],
    [
      'run raises ExecutionError when it failed',
      'run',
      '{workflow_id: half, argument: 0}',
      ['ExecutionError'],
    ],
    ['run needs a workflow that exists', 'run', '{workflow_id: nothing}', ['HttpError']],
    [
      'run takes what has a JSON form',
      'run',
      `{workflow_id: half, argument: '\${text.encode("4")}'}`,
      ['TypeError'],
    ],
    [
      'map answers a list, in the order of the arguments',
      'map',
      '{workflow_id: half, arguments: [1, 2, 4]}',
      [10, 5, 2.5],
    ],
    [
      'map raises ExecutionError when one of them failed',
      'map',
      '{workflow_id: half, arguments: [1, 0]}',
      ['ExecutionError'],
    ],
    [
      'map raises TimeoutError when one does not end in time',
      'map',
      '{workflow_id: waits, arguments: [null], timeout: 0.5}',
      ['TimeoutError'],
    ],
    ['map needs a list', 'map', '{workflow_id: half, arguments: 1}', ['TypeError']],
  ])('.%s', async (_name, name, args, expected) => {
    expect(await called(name, args)).toEqual(expected);
  });
});
