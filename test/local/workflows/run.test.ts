import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { result, start } from './harness.ts';

describe('a workflow', () => {
  it.each<[string, string, unknown, unknown?]>([
    ['without return ends with null', '- a: {assign: [{x: 1}]}', null],
    [
      'sees earlier assignments of the same step',
      '- a: {assign: [{x: 1}, {y: "${x + 1}"}]}\n- r: {return: "${y}"}',
      2,
    ],
    [
      'assigns deep, creating the last key',
      '- a: {assign: [{m: {list: [1, 2]}}, {m.new: 5}, {"m[\\"list\\"][m.list[0]]": 9}]}\n- r: {return: "${m}"}',
      { list: [1, 9], new: 5 },
    ],
    [
      'copies on assignment',
      '- a: {assign: [{x: {k: [1]}}, {y: "${x}"}, {"y.k[0]": 2}]}\n- r: {return: ["${x}", "${y}"]}',
      [{ k: [1] }, { k: [2] }],
    ],
    ['evaluates map keys', '- a: {assign: [{k: name}]}\n- r: {return: {"${k + 1}": 1}}', { name1: 1 }],
    ['does not interpolate inside a string', '- r: {return: "a ${1} b"}', 'a ${1} b'],
    ['keeps the type of an expression in folded text', '- r:\n    return: >\n      ${1 +\n        2}\n', 3],
    ['receives its argument', 'main: {params: [args], steps: [{r: {return: "${args.n + 1}"}}]}', 2, { n: 1 }],
    ['has null for a missing argument', 'main: {params: [args], steps: [{r: {return: "${args}"}}]}', null],
    ['jumps by next', '- a: {next: c}\n- b: {return: b}\n- c: {next: b}', 'b'],
    ['stops at next: end', '- a: {next: end}\n- b: {return: b}', null],
    [
      'takes the first true condition',
      '- a: {switch: [{condition: "${1 > 2}", return: 1}, {condition: true, return: 2}, {condition: true, return: 3}]}',
      2,
    ],
    [
      'falls through to the next of the switch',
      '- a: {switch: [{condition: false, next: b}], next: c}\n- b: {return: b}\n- c: {return: c}',
      'c',
    ],
    [
      'runs any action in a switch entry, then its next',
      '- a:\n    switch:\n      - condition: true\n        assign: [{x: 1}]\n        next: c\n- b: {return: b}\n- c: {return: "${x}"}',
      1,
    ],
    [
      'jumps from a nested block to a step around it',
      '- a: {steps: [{inner: {switch: [{condition: true, next: c}]}}]}\n- b: {return: b}\n- c: {return: c}',
      'c',
    ],
    [
      'loops over a list with index',
      '- a: {assign: [{s: []}]}\n- l: {for: {value: v, index: i, in: [5, 6], steps: [{b: {assign: [{s: "${list.concat(s, v * 10 + i)}"}]}}]}}\n- r: {return: "${s}"}',
      [50, 61],
    ],
    [
      'loops over a range, both ends included',
      '- a: {assign: [{s: 0}, {n: 4}]}\n- l: {for: {value: v, range: "${[1, n]}", steps: [{b: {assign: [{s: "${s + v}"}]}}]}}\n- r: {return: "${s}"}',
      10,
    ],
    [
      'runs an empty range not at all',
      '- a: {assign: [{s: 0}]}\n- l: {for: {value: v, range: [2, 1], steps: [{b: {assign: [{s: 1}]}}]}}\n- r: {return: "${s}"}',
      0,
    ],
    [
      'breaks and continues',
      '- a: {assign: [{s: []}]}\n- l:\n    for:\n      value: v\n      in: [1, 2, 3, 4]\n      steps:\n        - c: {switch: [{condition: "${v == 2}", next: continue}, {condition: "${v == 4}", next: break}]}\n        - b: {assign: [{s: "${list.concat(s, v)}"}]}\n- r: {return: "${s}"}',
      [1, 3],
    ],
    ['returns from inside a loop', '- l: {for: {value: v, in: [1, 2], steps: [{b: {return: "${v}"}}]}}', 1],
    [
      'calls subworkflows by step with defaults',
      'main:\n  steps:\n    - c: {call: greet, args: {name: Ann}, result: x}\n    - r: {return: "${x}"}\ngreet:\n  params: [name, greeting: Hello]\n  steps:\n    - r: {return: "${greeting + \\" \\" + name}"}',
      'Hello Ann',
    ],
    [
      'calls subworkflows inside expressions',
      'main:\n  steps:\n    - r: {return: "${twice(3) + twice(4)}"}\ntwice:\n  params: [n]\n  steps:\n    - r: {return: "${n * 2}"}',
      14,
    ],
    [
      'catches what a subworkflow raises',
      'main:\n  steps:\n    - t:\n        try: {call: bad}\n        except: {as: e, steps: [{r: {return: "${e.code}"}}]}\nbad:\n  steps:\n    - x: {raise: {code: 7, own: keys}}',
      7,
    ],
    [
      'catches a raised string as the string',
      '- t:\n    try: {steps: [{x: {raise: boom}}]}\n    except: {as: e, steps: [{r: {return: "${e}"}}]}',
      'boom',
    ],
    [
      'goes on after an except without steps',
      '- t:\n    try: {steps: [{x: {raise: boom}}]}\n    except: {as: e}\n- r: {return: on}',
      'on',
    ],
    [
      'jumps out of an except block',
      '- a: {assign: [{n: 0}]}\n- t:\n    try: {steps: [{x: {assign: [{n: "${n + 1}"}]}}, {y: {switch: [{condition: "${n < 3}", raise: again}]}}]}\n    except: {as: e, steps: [{z: {next: t}}]}\n- r: {return: "${n}"}',
      3,
    ],
    [
      'keeps what an except assigns in place of the failed body',
      '- t:\n    try: {steps: [{x: {raise: e}}, {y: {assign: [{out: tried}]}}]}\n    except: {as: e, steps: [{z: {assign: [{out: caught}, {own: 1}]}}]}\n- r: {return: "${out}"}',
      'caught',
    ],
    [
      'keeps what the body of a try assigned before it failed',
      '- t:\n    try: {steps: [{y: {assign: [{out: tried}]}}, {x: {raise: e}}]}\n    except: {as: e}\n- r: {return: "${out}"}',
      'tried',
    ],
    ['takes no notice of next behind return', '- a: {return: 1, next: end}\n- b: {return: 2}', 1],
    [
      'takes no notice of next behind raise',
      '- t:\n    try: {steps: [{x: {raise: e, next: end}}]}\n    except: {as: e, steps: [{z: {return: "${e}"}}]}',
      'e',
    ],
    [
      'needs no quotes around an expression inside a flow list or map',
      '- a: {assign: [{m: {k: [5, 6]}}, {n: 1}, {key: two}]}\n- r: {return: [${m.k[n]}, {${key}: ${m["k"][0] + 1}}, ${list.concat([n], "}, ]")}, "${n}", plain ${n}]}',
      [6, { two: 6 }, [1, '}, ]'], 1, 'plain ${n}'],
    ],
    [
      'leaves text alone that only looks like an expression',
      `- r: {return: ['\${a[0]}, {', "x \${b} {}[],", "\\uF8F0 \${c}"]} # \${[d}`,
      ['${a[0]}, {', 'x ${b} {}[],', '{ ${c}'],
    ],
    ['writes null in three ways', '- r: {return: ["${null}", "${Null}", "${NULL}"]}', [null, null, null]],
    [
      'writes an outer variable from a loop and an except',
      '- a: {assign: [{x: 0}]}\n- l: {for: {value: v, in: [1], steps: [{b: {assign: [{x: 1}]}}]}}\n- t:\n    try: {steps: [{y: {raise: e}}]}\n    except: {as: e, steps: [{z: {assign: [{x: "${x + 1}"}]}}]}\n- r: {return: "${x}"}',
      2,
    ],
    [
      'starts each iteration with fresh variables; one not assigned yet is null',
      '- a: {assign: [{seen: []}]}\n- l:\n    for:\n      value: v\n      in: [1, 2]\n      steps:\n        - b: {switch: [{condition: "${v == 1}", assign: [{mine: 1}]}]}\n        - c: {assign: [{seen: "${list.concat(seen, mine)}"}]}\n- r: {return: "${seen}"}',
      [1, null],
    ],
    [
      'has null for the result of a call that failed',
      '- t:\n    try: {call: http.get, args: {url: nonsense}, result: answer}\n    except: {as: e}\n- r: {return: "${answer == null}"}',
      true,
    ],
    [
      'ends only the subworkflow at its next: end',
      'main:\n  steps:\n    - c: {call: sub}\n    - r: {return: on}\nsub:\n  steps:\n    - e: {next: end}\n    - x: {raise: never}',
      'on',
    ],
    [
      'loops over a range of doubles',
      '- a: {assign: [{s: []}]}\n- l: {for: {value: v, range: [0.5, 3], steps: [{b: {assign: [{s: "${list.concat(s, v)}"}]}}]}}\n- r: {return: "${s}"}',
      [0.5, 1.5, 2.5],
    ],
    [
      'tries a list of steps, and any single step',
      '- t:\n    try: [{a: {assign: [{x: 1}]}}, {b: {raise: "${string(x)}"}}]\n    except: {as: e}\n- u:\n    try: {assign: [{y: "${1 / 0}"}]}\n    except: {as: f, steps: [{r: {return: "${f.tags[0]}"}}]}',
      'ZeroDivisionError',
    ],
    [
      'reads aliases as copies of their anchors',
      '- a: {assign: [{x: &a {k: [1]}}, {y: *a}, {"y.k[0]": 2}]}\n- r: {return: ["${x}", "${y}"]}',
      [{ k: [1] }, { k: [2] }],
    ],
    [
      'keeps an explicit null where there is a default',
      'main:\n  steps:\n    - c: {call: sub, args: {n: null}, result: x}\n    - r: {return: "${x}"}\nsub:\n  params: [n: 5]\n  steps:\n    - r: {return: "${n}"}',
      null,
    ],
  ])('%s', async (_name, source, expected, argument) => {
    expect(await result(source, { argument })).toEqual(expected);
  });

  it('says step, routine and line of an uncaught error', async () => {
    const source =
      'main:\n  steps:\n    - outer:\n        call: sub\nsub:\n  steps:\n    - fine:\n        assign: [{x: {}}]\n    - inner:\n        return: ${x.absent}\n';
    expect(await start(source).outcome).toEqual({
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

  it('fails when it returns bytes, which have no JSON form', async () => {
    await expect(result('- r: {return: "${json.encode(1)}"}')).rejects.toThrow(
      /bytes cannot be encoded as JSON/,
    );
  });

  it('raises a RecursionError beyond a call depth of 20', async () => {
    const source = (depth: number) =>
      `main: {steps: [{r: {return: "\${down(${depth})}"}}]}\ndown:\n  params: [n]\n  steps:\n    - s: {switch: [{condition: "\${n == 1}", return: bottom}]}\n    - r: {return: "\${down(n - 1)}"}`;
    expect(await result(source(19))).toBe('bottom');
    await expect(result(source(20))).rejects.toThrow('RecursionError');
  });

  it('cannot catch the limit of 100000 steps', async () => {
    const source =
      '- t:\n    try: {steps: [{a: {next: b}}, {b: {next: a}}]}\n    except: {as: e, steps: [{r: {return: caught}}]}';
    await expect(result(source)).rejects.toThrow('ResourceLimitError');
  });

  it('counts every executed step, try, switch, entries and loops included', async () => {
    const run = start(
      '- a: {assign: [{x: 1}]}\n- s: {switch: [{condition: true, next: l}]}\n- l: {for: {value: v, in: [1, 2], steps: [{b: {assign: [{x: 2}]}}]}}\n- t:\n    try: {call: sys.log, args: {data: x}}\n    except: {as: e}\n- r: {return: 1}',
    );
    await run.outcome;
    expect(run.steps.map(({ step }) => step)).toEqual(['a', 's', 'l', 'b', 'b', 't', 't', 'r']);
    expect(run.billed).toEqual({ internal: 8, external: 0 });
  });
});

describe('retry', () => {
  const source = (retry: string): string =>
    `main:\n  steps:\n    - a: {assign: [{n: 0}]}\n    - t:\n        try:\n          steps:\n            - log: {call: sys.log, args: {data: "\${sys.now()}"}}\n            - x: {raise: {code: 503, tags: [HttpError]}}\n        retry: ${retry}\n        except: {as: e, steps: [{r: {return: gave up}}]}\npatient:\n  params: [e]\n  steps:\n    - r: {return: "\${e.code == 503}"}\n`;

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
    const run = start(
      '- t:\n    try: {call: sys.sleep, args: {seconds: 1000}}\n    except: {as: e, steps: [{r: {return: caught}}]}',
      { clock },
    );
    const ended = run.outcome.then(String, String);
    await clock.advance(1000);
    run.cancel();
    expect(await ended).toBe('Error: cancelled by the test');
    expect(run.steps.map(({ step }) => step)).not.toContain('r');
    expect(clock.sleeping).toBe(0);
  });
});
