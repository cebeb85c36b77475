import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import type { WorkflowHost } from '#local/workflows/host.ts';
import { runWorkflow } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import type { Value } from '#local/workflows/values.ts';
import { result, start } from './harness.ts';

type Case = [name: string, source: string, expected: unknown, argument?: unknown];

async function returns(...[_name, source, expected, argument]: Case): Promise<void> {
  expect(await result(source, { argument })).toEqual(expected);
}

describe('an execution', () => {
  it.each<Case>([
    ['without return ends with null', '- a: {assign: [{x: 1}]}', null],
    ['receives its argument', 'main: {params: [args], steps: [{r: {return: "${args.n + 1}"}}]}', 2, { n: 1 }],
    ['has null for a missing argument', 'main: {params: [args], steps: [{r: {return: "${args}"}}]}', null],
  ])('%s', returns);

  it('counts every executed step, try, switch, entries and loops included', async () => {
    const run = start(`
      - a: {assign: [{x: 1}]}
      - s: {switch: [{condition: true, next: l}]}
      - l: {for: {value: v, in: [1, 2], steps: [{b: {assign: [{x: 2}]}}]}}
      - t:
          try: {call: sys.log, args: {data: x}}
          except: {as: e}
      - r: {return: 1}`);
    await run.outcome;
    expect(run.steps.map(({ step }) => step)).toEqual(['a', 's', 'l', 'b', 'b', 't', 't', 'r']);
    expect(run.billed).toEqual({ internal: 8, external: 0 });
  });

  it('cannot catch the limit of 100000 steps', async () => {
    const source = `
      - t:
          try: {steps: [{a: {next: b}}, {b: {next: a}}]}
          except: {as: e, steps: [{r: {return: caught}}]}`;
    await expect(result(source)).rejects.toThrow('ResourceLimitError');
  });
});

describe('assign', () => {
  it.each<Case>([
    [
      'sees earlier assignments of the same step',
      `
        - a: {assign: [{x: 1}, {y: "\${x + 1}"}]}
        - r: {return: "\${y}"}`,
      2,
    ],
    [
      'assigns deep, creating the last key',
      `
        - a: {assign: [{m: {list: [1, 2]}}, {m.new: 5}, {"m[\\"list\\"][m.list[0]]": 9}]}
        - r: {return: "\${m}"}`,
      { list: [1, 9], new: 5 },
    ],
    [
      'copies on assignment',
      `
        - a: {assign: [{x: {k: [1]}}, {y: "\${x}"}, {"y.k[0]": 2}]}
        - r: {return: ["\${x}", "\${y}"]}`,
      [{ k: [1] }, { k: [2] }],
    ],
  ])('%s', returns);
});

describe('a value in the source', () => {
  it.each<Case>([
    [
      'evaluates map keys',
      `
        - a: {assign: [{k: name}]}
        - r: {return: {"\${k + 1}": 1}}`,
      { name1: 1 },
    ],
    ['does not interpolate inside a string', '- r: {return: "a ${1} b"}', 'a ${1} b'],
    [
      'keeps the type of an expression in folded text',
      `
        - r:
            return: >
              \${1 +
                2}`,
      3,
    ],
    [
      'needs no quotes around an expression inside a flow list or map',
      `
        - a: {assign: [{m: {k: [5, 6]}}, {n: 1}, {key: two}]}
        - r: {return: [\${m.k[n]}, {\${key}: \${m["k"][0] + 1}}, \${list.concat([n], "}, ]")}, "\${n}", plain \${n}]}`,
      [6, { two: 6 }, [1, '}, ]'], 1, 'plain ${n}'],
    ],
    [
      'leaves text alone that only looks like an expression',
      '- r: {return: [\'${a[0]}, {\', "x ${b} {}[],", "\\uF8F0 ${c}"]} # ${[d}',
      ['${a[0]}, {', 'x ${b} {}[],', '{ ${c}'],
    ],
    ['writes null in three ways', '- r: {return: ["${null}", "${Null}", "${NULL}"]}', [null, null, null]],
    [
      'reads aliases as copies of their anchors',
      `
        - a: {assign: [{x: &a {k: [1]}}, {y: *a}, {"y.k[0]": 2}]}
        - r: {return: ["\${x}", "\${y}"]}`,
      [{ k: [1] }, { k: [2] }],
    ],
  ])('%s', returns);
});

describe('a jump', () => {
  it.each<Case>([
    [
      'jumps by next',
      `
        - a: {next: c}
        - b: {return: b}
        - c: {next: b}`,
      'b',
    ],
    [
      'stops at next: end',
      `
        - a: {next: end}
        - b: {return: b}`,
      null,
    ],
    [
      'jumps from a nested block to a step around it',
      `
        - a: {steps: [{inner: {switch: [{condition: true, next: c}]}}]}
        - b: {return: b}
        - c: {return: c}`,
      'c',
    ],
    [
      'takes no notice of next behind return',
      `
        - a: {return: 1, next: end}
        - b: {return: 2}`,
      1,
    ],
  ])('%s', returns);
});

describe('switch', () => {
  it.each<Case>([
    [
      'takes the first true condition',
      `
        - a: {switch: [{condition: "\${1 > 2}", return: 1}, {condition: true, return: 2}, {condition: true, return: 3}]}`,
      2,
    ],
    [
      'falls through to the next of the switch',
      `
        - a: {switch: [{condition: false, next: b}], next: c}
        - b: {return: b}
        - c: {return: c}`,
      'c',
    ],
    [
      'runs any action in a switch entry, then its next',
      `
        - a:
            switch:
              - condition: true
                assign: [{x: 1}]
                next: c
        - b: {return: b}
        - c: {return: "\${x}"}`,
      1,
    ],
  ])('%s', returns);
});

describe('for', () => {
  it.each<Case>([
    [
      'loops over a list with index',
      `
        - a: {assign: [{s: []}]}
        - l: {for: {value: v, index: i, in: [5, 6], steps: [{b: {assign: [{s: "\${list.concat(s, v * 10 + i)}"}]}}]}}
        - r: {return: "\${s}"}`,
      [50, 61],
    ],
    [
      'loops over a range, both ends included',
      `
        - a: {assign: [{s: 0}, {n: 4}]}
        - l: {for: {value: v, range: "\${[1, n]}", steps: [{b: {assign: [{s: "\${s + v}"}]}}]}}
        - r: {return: "\${s}"}`,
      10,
    ],
    [
      'loops over a range of doubles',
      `
        - a: {assign: [{s: []}]}
        - l: {for: {value: v, range: [0.5, 3], steps: [{b: {assign: [{s: "\${list.concat(s, v)}"}]}}]}}
        - r: {return: "\${s}"}`,
      [0.5, 1.5, 2.5],
    ],
    [
      'runs an empty range not at all',
      `
        - a: {assign: [{s: 0}]}
        - l: {for: {value: v, range: [2, 1], steps: [{b: {assign: [{s: 1}]}}]}}
        - r: {return: "\${s}"}`,
      0,
    ],
    [
      'breaks and continues',
      `
        - a: {assign: [{s: []}]}
        - l:
            for:
              value: v
              in: [1, 2, 3, 4]
              steps:
                - c: {switch: [{condition: "\${v == 2}", next: continue}, {condition: "\${v == 4}", next: break}]}
                - b: {assign: [{s: "\${list.concat(s, v)}"}]}
        - r: {return: "\${s}"}`,
      [1, 3],
    ],
    ['returns from inside a loop', '- l: {for: {value: v, in: [1, 2], steps: [{b: {return: "${v}"}}]}}', 1],
    [
      'starts each iteration with fresh variables; one not assigned yet is null',
      `
        - a: {assign: [{seen: []}]}
        - l:
            for:
              value: v
              in: [1, 2]
              steps:
                - b: {switch: [{condition: "\${v == 1}", assign: [{mine: 1}]}]}
                - c: {assign: [{seen: "\${list.concat(seen, mine)}"}]}
        - r: {return: "\${seen}"}`,
      [1, null],
    ],
  ])('%s', returns);
});

describe('a subworkflow', () => {
  it.each<Case>([
    [
      'calls subworkflows by step with defaults',
      `
        main:
          steps:
            - c: {call: greet, args: {name: Ann}, result: x}
            - r: {return: "\${x}"}
        greet:
          params: [name, greeting: Hello]
          steps:
            - r: {return: "\${greeting + \\" \\" + name}"}`,
      'Hello Ann',
    ],
    [
      'keeps an explicit null where there is a default',
      `
        main:
          steps:
            - c: {call: sub, args: {n: null}, result: x}
            - r: {return: "\${x}"}
        sub:
          params: [n: 5]
          steps:
            - r: {return: "\${n}"}`,
      null,
    ],
    [
      'calls subworkflows inside expressions',
      `
        main:
          steps:
            - r: {return: "\${twice(3) + twice(4)}"}
        twice:
          params: [n]
          steps:
            - r: {return: "\${n * 2}"}`,
      14,
    ],
    [
      'takes the arguments of a call step by place, too',
      `
        main:
          steps:
            - c: {call: sub, args: [1, "\${1 + 1}"], result: x}
            - r: {return: "\${x}"}
        sub:
          params: [a, b, c: 3]
          steps:
            - r: {return: ["\${a}", "\${b}", "\${c}"]}`,
      [1, 2, 3],
    ],
    [
      'ends only the subworkflow at its next: end',
      `
        main:
          steps:
            - c: {call: sub}
            - r: {return: on}
        sub:
          steps:
            - e: {next: end}
            - x: {raise: never}`,
      'on',
    ],
  ])('%s', returns);

  it('raises a RecursionError beyond a call depth of 20', async () => {
    const source = (depth: number) => `
      main: {steps: [{r: {return: "\${down(${depth})}"}}]}
      down:
        params: [n]
        steps:
          - s: {switch: [{condition: "\${n == 1}", return: bottom}]}
          - r: {return: "\${down(n - 1)}"}`;
    expect(await result(source(19))).toBe('bottom');
    await expect(result(source(20))).rejects.toThrow('RecursionError');
  });
});

describe('a function of the library', () => {
  it('takes the arguments of a call step by place, too', async () => {
    const run = start(`
      - a: {assign: [{myVar: text}]}
      - l: {call: sys.log, args: ["\${myVar}", ERROR]}`);
    await run.outcome;
    expect(run.logs).toEqual([{ severity: 'ERROR', data: 'text' }]);
  });
});

describe('try, except and raise', () => {
  it.each<Case>([
    [
      'catches what a subworkflow raises',
      `
        main:
          steps:
            - t:
                try: {call: bad}
                except: {as: e, steps: [{r: {return: "\${e.code}"}}]}
        bad:
          steps:
            - x: {raise: {code: 7, own: keys}}`,
      7,
    ],
    [
      'catches a raised string as the string',
      `
        - t:
            try: {steps: [{x: {raise: boom}}]}
            except: {as: e, steps: [{r: {return: "\${e}"}}]}`,
      'boom',
    ],
    [
      'tries a list of steps, and any single step',
      `
        - t:
            try: [{a: {assign: [{x: 1}]}}, {b: {raise: "\${string(x)}"}}]
            except: {as: e}
        - u:
            try: {assign: [{y: "\${1 / 0}"}]}
            except: {as: f, steps: [{r: {return: "\${f.tags[0]}"}}]}`,
      'ZeroDivisionError',
    ],
    [
      'goes on after an except without steps',
      `
        - t:
            try: {steps: [{x: {raise: boom}}]}
            except: {as: e}
        - r: {return: on}`,
      'on',
    ],
    [
      'jumps out of an except block',
      `
        - a: {assign: [{n: 0}]}
        - t:
            try: {steps: [{x: {assign: [{n: "\${n + 1}"}]}}, {y: {switch: [{condition: "\${n < 3}", raise: again}]}}]}
            except: {as: e, steps: [{z: {next: t}}]}
        - r: {return: "\${n}"}`,
      3,
    ],
    [
      'takes no notice of next behind raise',
      `
        - t:
            try: {steps: [{x: {raise: e, next: end}}]}
            except: {as: e, steps: [{z: {return: "\${e}"}}]}`,
      'e',
    ],
    [
      'keeps what an except assigns in place of the failed body',
      `
        - t:
            try: {steps: [{x: {raise: e}}, {y: {assign: [{out: tried}]}}]}
            except: {as: e, steps: [{z: {assign: [{out: caught}, {own: 1}]}}]}
        - r: {return: "\${out}"}`,
      'caught',
    ],
    [
      'keeps what the body of a try assigned before it failed',
      `
        - t:
            try: {steps: [{y: {assign: [{out: tried}]}}, {x: {raise: e}}]}
            except: {as: e}
        - r: {return: "\${out}"}`,
      'tried',
    ],
    [
      'has null for the result of a call that failed',
      `
        - t:
            try: {call: http.get, args: {url: nonsense}, result: answer}
            except: {as: e}
        - r: {return: "\${answer == null}"}`,
      true,
    ],
  ])('%s', returns);
});

describe('the scope of a variable', () => {
  it.each<Case>([
    [
      'writes an outer variable from a loop and an except',
      `
        - a: {assign: [{x: 0}]}
        - l: {for: {value: v, in: [1], steps: [{b: {assign: [{x: 1}]}}]}}
        - t:
            try: {steps: [{y: {raise: e}}]}
            except: {as: e, steps: [{z: {assign: [{x: "\${x + 1}"}]}}]}
        - r: {return: "\${x}"}`,
      2,
    ],
  ])('%s', returns);
});

describe('an error that nothing catches', () => {
  it('says step, routine and line of an uncaught error', async () => {
    const source = `
main:
  steps:
    - outer:
        call: sub
sub:
  steps:
    - fine:
        assign: [{x: {}}]
    - inner:
        return: \${x.absent}`;
    expect(await start(source.trimStart()).outcome).toEqual({
      state: 'FAILED',
      error: {
        payload: '{"message":"key not found: absent","tags":["KeyError"]}',
        context: 'key not found: absent\nin step "inner", routine "sub", line: 9',
        stackTrace: {
          elements: [
            { routine: 'sub', step: 'inner', position: { line: '9', column: '7', length: '0' } },
            { routine: 'main', step: 'outer', position: { line: '3', column: '7', length: '0' } },
          ],
        },
      },
    });
  });

  /** A list so many lists deep, in `deep`. */
  const nested = (depth: number, last: string): string => `
    - a: {assign: [{deep: []}]}
    - l: {for: {value: v, range: [1, ${depth}], steps: [{b: {assign: [{deep: ["\${deep}"]}]}}]}}
    - last: ${last}`;

  it.each([
    ['bytes, which have no JSON form', '- last: {return: ["${json.encode(1)}"]}', /bytes cannot be encoded/],
    ['an infinite number', '- last: {return: {x: .inf}}', /Infinity cannot be encoded/],
    ['what is nested too deep', nested(20_000, '{return: "${deep}"}'), /too large.*ResourceLimitError/],
  ])('comes from the step that returns %s', async (_name, source, message) => {
    expect(await start(source).outcome).toMatchObject({
      error: {
        payload: expect.stringMatching(message),
        context: expect.stringContaining('in step "last", routine "main"'),
        stackTrace: { elements: [{ step: 'last' }] },
      },
    });
  });

  it('is none when a subworkflow returns bytes', async () => {
    const source = `
      main: {steps: [{r: {return: "\${text.decode(sub())}"}}]}
      sub: {steps: [{r: {return: "\${text.encode(\\"x\\")}"}}]}`;
    expect(await result(source)).toBe('x');
  });

  it.each([
    ['bytes', '- last: {raise: {own: "${json.encode(1)}"}}', /^"a value of type bytes cannot be encoded/],
    ['bytes and a message', '- last: {raise: {message: hm, own: "${json.encode(1)}"}}', /^"hm"$/],
    ['what is nested too deep', nested(20_000, '{raise: {own: "${deep}"}}'), /^"a value is too large/],
  ])('has a text as its payload when it holds %s', async (_name, source, payload) => {
    expect(await start(source).outcome).toMatchObject({
      state: 'FAILED',
      error: {
        payload: expect.stringMatching(payload),
        context: expect.stringContaining('in step "last"'),
      },
    });
  });

  it('is a limit when the argument is nested too deep', async () => {
    let argument: Value = null;
    for (let depth = 0; depth < 100_000; depth += 1) argument = [argument];
    const program = parseWorkflow('main: {params: [x], steps: [{r: {return: 1}}]}');
    const nothing = {} as WorkflowHost;
    const host = { ...nothing, clock: createVirtualClock() };
    const { signal } = new AbortController();
    expect(await runWorkflow(program, argument, host, { internal: 0, external: 0 }, signal)).toMatchObject({
      error: { payload: expect.stringContaining('ResourceLimitError') },
    });
  });
});

describe('retry', () => {
  const source = (retry: string): string => `
    main:
      steps:
        - a: {assign: [{n: 0}]}
        - t:
            try:
              steps:
                - log: {call: sys.log, args: {data: "\${sys.now()}"}}
                - x: {raise: {code: 503, tags: [HttpError]}}
            retry: ${retry}
            except: {as: e, steps: [{r: {return: gave up}}]}
    patient:
      params: [e]
      steps:
        - r: {return: "\${e.code == 503}"}`;

  async function waitsOf(retry: string): Promise<number[]> {
    const clock = createVirtualClock();
    const run = start(source(retry), { clock });
    while (await clock.next());
    expect(await run.outcome).toEqual({ state: 'SUCCEEDED', result: '"gave up"' });
    const times = run.logs.map(({ data }) => data as number);
    return times.slice(1).map((time, index) => time - times[index]!);
  }

  it('waits 1, 2, 4, 8, 16, 32, 60, 60 seconds for 8 retries, 1 s, ×2, at most 60 s', async () => {
    const backoff = '{initial_delay: 1, max_delay: 60, multiplier: 2}';
    expect(await waitsOf(`{predicate: "\${patient}", max_retries: 8, backoff: ${backoff}}`)).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60,
    ]);
  });

  it('follows the ready-made policies', async () => {
    const standard = [1, 1.25, 1.5625, 1.953125, 2.44140625];
    const rounded = (times: number[]): number[] => times.map((time) => Math.round(time * 1000) / 1000);
    expect(rounded(await waitsOf('${http.default_retry}'))).toEqual(rounded(standard));
    expect(
      await waitsOf('{predicate: "${retry.never}", max_retries: 5, backoff: "${retry.default_backoff}"}'),
    ).toEqual([]);
  });

  it.each([
    ['1.5', 'max_retries must be an integer of 0 or more, got double'],
    ['-1', 'max_retries must be an integer of 0 or more, got -1'],
    ['"3"', 'max_retries must be an integer of 0 or more, got string'],
  ])('raises a TypeError for max_retries: %s', async (count, message) => {
    const retry = `{predicate: "\${retry.always}", max_retries: ${count}, backoff: "\${retry.default_backoff}"}`;
    await expect(result(source(retry))).rejects.toThrow(message);
  });

  it('bills each retry and each step it runs again', async () => {
    const clock = createVirtualClock();
    const run = start(
      source(
        '{predicate: "${retry.always}", max_retries: 2, backoff: {initial_delay: 1, max_delay: 1, multiplier: 1}}',
      ),
      { clock },
    );
    while (await clock.next());
    await run.outcome;
    // a, t, 3 × (log, x), 2 retries, r
    expect(run.billed.internal).toBe(1 + 1 + 6 + 2 + 1);
  });
});

describe('cancelling', () => {
  it('ends a sleeping workflow at once and runs no except block', async () => {
    const clock = createVirtualClock();
    const source = `
      - t:
          try: {call: sys.sleep, args: {seconds: 1000}}
          except: {as: e, steps: [{r: {return: caught}}]}`;
    const run = start(source, { clock });
    const ended = run.outcome.then(String, String);
    await clock.advance(1000);
    run.cancel();
    expect(await ended).toBe('Error: cancelled by the test');
    expect(run.steps.map(({ step }) => step)).not.toContain('r');
    expect(clock.sleeping).toBe(0);
  });
});
