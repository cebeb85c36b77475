import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '#local/workflows/program.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { result, start } from './harness.ts';

/** Doubles a string or list until `until` elements. */
const growing = (seed: string, grow: string): string =>
  `main:
  steps:
    - begin: {assign: [{x: ${seed}}]}
    - t:
        try: {steps: [{grow: {assign: [{x: "${grow}"}], next: grow}}]}
        except: {as: e, steps: [{caught: {return: caught}}]}`;

describe('the limits', () => {
  const page = readFileSync('docs/workflows.md', 'utf8');

  it.each(Object.entries(defaultLimits))('are in docs/workflows.md: %s, %d', (_name, limit) => {
    expect(page).toMatch(new RegExp(`\\| ${limit.toLocaleString('en')}( \\w+)? \\|`));
  });
});

describe('a limit of the engine', () => {
  it.each([
    ['a string of 256 KB', growing('abcd', '${x + x}'), 'a string has 524288 bytes, the limit is 262144'],
    [
      'variables of 512 KB together, each copy counted in full',
      growing('[1, 2, 3]', '${[x, x]}'),
      'the variables hold',
    ],
    ['a list 100 000 steps deep', growing('[]', '${[x]}'), /the variables hold|ran more than 100000 steps/],
    ['100 000 steps', growing('1', '${x}'), 'ran more than 100000 steps'],
  ])('cannot be caught: %s', async (_name, source, message) => {
    const outcome = await start(source).outcome;
    expect(outcome).toMatchObject({
      state: 'FAILED',
      error: {
        payload: expect.stringContaining('ResourceLimitError'),
        context: expect.stringMatching(message),
      },
    });
  });

  it.each([
    ['sleeps', 'call: sys.sleep\nargs: {seconds: 31536001}'],
    [
      'waits for a callback',
      'call: events.await_callback\nargs: {callback: {url: "http://c"}, timeout: 1.0e9}',
    ],
  ])('is a year, also for one that %s longer', async (_name, step) => {
    const clock = createVirtualClock(0);
    const callbacks = {
      create: () => 'http://c',
      next: async (_url: string, ms: number): Promise<undefined> => {
        await clock.sleep(ms);
      },
    };
    const tried = `- a:\n    try: {${step.replace('\n', ', ')}}\n    except: {as: e, steps: [{b: {return: caught}}]}`;
    const run = start(tried, { clock, host: { callbacks } });
    while (await clock.next());
    expect(await run.outcome).toMatchObject({
      state: 'FAILED',
      error: { context: expect.stringContaining('the execution lasted longer than 31536000 seconds') },
    });
    expect(clock.now()).toBe(31_536_000_000);
  });

  it('counts the variables of all calls around, and not those that ended', async () => {
    const source = (deep: boolean): string => `main:
  steps:
    - begin: {assign: [{n: 0}]}
    - again: {call: hold, args: {n: 10}}
    - more: {assign: [{n: "\${n + 1}"}]}
    - check: {switch: [{condition: "\${n < 5}", next: again}]}
hold:
  params: [n]
  steps:
    - mine: {assign: [{text: "0123456789"}]}
    - deeper: {switch: [{condition: "\${n > 0 and ${deep}}", call: hold, args: {n: "\${n - 1}"}}]}`;
    expect(await result(source(true), { limits: { memoryBytes: 400 } })).toBe(null);
    await expect(result(source(true), { limits: { memoryBytes: 200 } })).rejects.toThrow(
      'the variables hold',
    );
    expect(await result(source(false), { limits: { memoryBytes: 60 } })).toBe(null);
  });

  it('gives back what a loop body, an except block and a branch held', async () => {
    const body = '[{a: {assign: [{text: "0123456789"}]}}]';
    const source = `main:
  steps:
    - l: {for: {value: n, range: [1, 50], steps: ${body.replace('a:', 'b:')}}}
    - p: {parallel: {for: {value: n, range: [1, 50], steps: ${body}}, concurrency_limit: 1}}
    - e: {for: {value: n, range: [1, 50], steps: [{t: {try: {raise: x}, except: {as: e, steps: ${body.replace('a:', 'c:')}}}}]}}`;
    expect(await result(source, { limits: { memoryBytes: 100 } })).toBe(null);
  });

  it.each([
    ['steps', 2, 'ran more than 2 steps'],
    ['stringBytes', 3, 'a string has 4 bytes, the limit is 3'],
    ['memoryBytes', 10, 'the variables hold'],
    ['expressionCharacters', 3, 'the expression has 5 characters, the limit is 3'],
    ['sourceBytes', 20, 'the limit is 20'],
    ['assignments', 1, "'assign' has 2 entries: expected 1 to 1"],
  ])('can be set: %s', async (name, limit, message) => {
    const source = '- a: {assign: [{x: abcd}, {y: "${1 + 1}"}]}\n- b: {next: c}\n- c: {return: "${x}"}';
    const run = async (): Promise<unknown> => result(source, { limits: { [name]: limit } });
    await expect(run()).rejects.toThrow(message);
  });
});
