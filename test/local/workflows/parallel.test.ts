import { describe, expect, it } from 'vitest';
import { createVirtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';
import { result, start, type Run } from './harness.ts';

async function finish(run: Run, clock: VirtualClock): Promise<unknown> {
  while (await clock.next());
  const outcome = await run.outcome;
  return outcome.state === 'SUCCEEDED' ? JSON.parse(outcome.result) : outcome.error;
}

/** A workflow that runs `parallel` and returns `seen`, a list that its branches share. */
const workflow = (parallel: string): string =>
  `main:
  steps:
    - begin: {assign: [{seen: []}, {total: 0}, {slow: 3}]}
    - fork:
        parallel:
          shared: [seen, total]
${parallel.replaceAll(/^/gm, '          ')}
    - answer: {return: {seen: "\${seen}", total: "\${total}"}}
`;

const branch = (name: string, seconds: number): string =>
  `- ${name}: {steps: [{wait_${name}: {call: sys.sleep, args: {seconds: ${seconds}}}}, {add_${name}: {assign: [{seen: "\${list.concat(seen, \\"${name}\\")}"}, {total: "\${total + 1}"}]}}]}`;

const iteration = `for:
  value: n
  in: [3, 1, 2]
  steps:
    - wait: {call: sys.sleep, args: {seconds: "\${n}"}}
    - add: {assign: [{seen: "\${list.concat(seen, n)}"}, {total: "\${total + n}"}]}`;

describe('parallel', () => {
  it.each([
    [
      'runs branches at the same time',
      `branches:\n${branch('a', 3)}\n${branch('b', 1)}`,
      { seen: ['b', 'a'], total: 2 },
      3,
    ],
    ['runs iterations at the same time', iteration, { seen: [1, 2, 3], total: 6 }, 3],
    [
      'runs as many as concurrency_limit at a time',
      `concurrency_limit: 1\n${iteration}`,
      { seen: [3, 1, 2], total: 6 },
      6,
    ],
    [
      'takes the limit from an expression',
      `concurrency_limit: \${slow - 1}\n${iteration}`,
      { seen: [1, 3, 2], total: 6 },
      3,
    ],
    [
      'has at most 20 at a time in one execution',
      iteration.replace('in: [3, 1, 2]', 'range: [1, 40]').replace('"${n}"', '1'),
      { seen: expect.any(Array), total: 820 },
      2,
    ],
    [
      'goes on with the next iteration at continue',
      `for:
  value: n
  index: i
  in: [1, 2]
  steps:
    - skip: {switch: [{condition: "\${n == 1}", next: continue}]}
    - add: {assign: [{seen: "\${list.concat(seen, i)}"}]}`,
      { seen: [1], total: 0 },
      0,
    ],
    [
      'nests, and a branch that waits for its own takes no place of theirs',
      `for:
  value: outer
  range: [1, 20]
  steps:
    - inside:
        parallel:
          shared: [total]
          for: {value: inner, range: [1, 2], steps: [{wait: {call: sys.sleep, args: {seconds: 1}}}, {add: {assign: [{total: "\${total + 1}"}]}}]}`,
      { seen: [], total: 40 },
      2,
    ],
    [
      'runs an empty list',
      'for: {value: n, in: [], steps: [{a: {next: continue}}]}',
      { seen: [], total: 0 },
      0,
    ],
  ])('%s', async (_name, parallel, expected, seconds) => {
    const clock = createVirtualClock(0);
    expect(await finish(start(workflow(parallel), { clock }), clock)).toEqual(expected);
    expect(clock.now()).toBe(seconds * 1000);
  });

  it('keeps the variables of each branch to itself', async () => {
    const source = `main:
  steps:
    - begin: {assign: [{out: {}}]}
    - fork:
        parallel:
          shared: [out]
          for:
            value: n
            in: [1, 2]
            steps:
              - own: {assign: [{mine: "\${n}"}]}
              - wait: {call: sys.sleep, args: {seconds: "\${3 - n}"}}
              - tell: {assign: [{"out[string(n)]": "\${mine}"}]}
    - answer: {return: "\${out}"}`;
    const clock = createVirtualClock(0);
    expect(await finish(start(source, { clock }), clock)).toEqual({ 1: 1, 2: 2 });
  });

  it('lets all branches end, then names those that failed', async () => {
    const source = `main:
  steps:
    - begin: {assign: [{total: 0}]}
    - guard:
        try:
          steps:
            - fork:
                parallel:
                  shared: [total]
                  branches:
                    - good: {steps: [{wait: {call: sys.sleep, args: {seconds: 5}}}, {add: {assign: [{total: 1}]}}]}
                    - bad: {steps: [{boom: {raise: boom}}]}
                    - worse: {steps: [{wrong: {raise: {code: 7}}}]}
        except: {as: e, steps: [{tell: {return: {error: "\${e}", total: "\${total}"}}}]}`;
    const clock = createVirtualClock(0);
    expect(await finish(start(source, { clock }), clock)).toEqual({
      total: 1,
      error: {
        tags: ['UnhandledBranchError'],
        message: expect.stringContaining('unhandled runtime error'),
        truncated: false,
        branches: [
          {
            id: '1',
            error: { context: 'boom\nin step "boom", routine "main", line: 12', payload: '"boom"' },
          },
          { id: '2', error: { context: expect.stringContaining('step "wrong"'), payload: '{"code":7}' } },
        ],
      },
    });
  });

  it('lists the errors of 100 iterations at most', async () => {
    const source = `- fork: {parallel: {for: {value: n, range: [1, 120], steps: [{boom: {raise: "\${string(n)}"}}]}}}`;
    const outcome = await start(source).outcome;
    if (outcome.state !== 'FAILED') throw new Error('it succeeded');
    const error = JSON.parse(outcome.error.payload) as { branches: unknown[]; truncated: boolean };
    expect(error.branches).toHaveLength(100);
    expect(error.truncated).toBe(true);
  });

  it('raises a ParallelNestingError beyond two levels, also through subworkflows', async () => {
    const source = `main:
  steps:
    - one: {parallel: {branches: [{a: {steps: [{two: {parallel: {branches: [{b: {steps: [{three: {call: deeper}}]}}]}}}]}}]}}
deeper:
  steps:
    - fork: {parallel: {branches: [{c: {steps: [{d: {assign: [{x: 1}]}}]}}]}}`;
    await expect(result(source)).rejects.toThrow('ParallelNestingError');
    expect(
      await result(
        source.replace(
          'two: {parallel: {branches: [{b: {steps: [{three: {call: deeper}}]}}]}}',
          'two: {call: deeper}',
        ),
      ),
    ).toBe(null);
  });

  it.each([
    ['concurrency_limit: "${0 * slow}"', 'concurrency_limit must be positive, got 0'],
    ['concurrency_limit: "${\'two\'}"', 'concurrency_limit must be an integer, got string'],
  ])('refuses %s', async (limit, message) => {
    await expect(result(workflow(`${limit}\n${iteration}`))).rejects.toThrow(message);
  });

  it('ends every branch at once when one reaches a limit of the engine', async () => {
    const clock = createVirtualClock();
    const source = `- fork:
    parallel:
      branches:
        - waits: {steps: [{long: {call: sys.sleep, args: {seconds: 1000}}}]}
        - runs: {steps: [{a: {next: b}}, {b: {next: a}}]}`;
    const run = start(source, { clock, limits: { steps: 50 } });
    expect(await run.outcome).toMatchObject({
      error: { payload: expect.stringContaining('ResourceLimitError') },
    });
    expect(clock.sleeping).toBe(0);
  });
});
