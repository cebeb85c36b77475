import { describe, expect, it } from 'vitest';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { WorkflowSourceError } from '#local/workflows/program.ts';

function refusal(source: string): string {
  try {
    parseWorkflow(source);
  } catch (error) {
    if (error instanceof WorkflowSourceError) return error.message;
    throw error;
  }
  return 'it builds';
}

const step = (body: string): string => `- s:\n${body.replaceAll(/^/gm, '    ')}`;
const callSteps = (call: string): string => step(`call: ${call}`);

const twoParameters = (params: string, given: string): string =>
  `main: {steps: [{a: {return: "\${sub(${given})}"}}]}\nsub: {params: ${params}, steps: [{b: {return: 1}}]}`;

/** A parallel step after one that assigned `outer`. */
const fork = (parallel: string): string =>
  `- before: {assign: [{outer: {}}]}\n- fork:\n    parallel:\n${parallel.replaceAll(/^/gm, '      ')}`;

describe('a deployment accepts', () => {
  it.each([
    ['a source in JSON', '{"main": {"steps": [{"a": {"return": "${1 + 1}"}}]}}'],
    ['anchors and aliases', '- a: {return: &x {k: 1}}\n- b: {return: *x}'],
    ['a list of steps under try', step('try: [{a: {raise: x}}]\nexcept: {as: e}')],
    ['any single step under try', step('try: {assign: [{x: "${1 / 0}"}]}\nexcept: {as: e}')],
    ['$${ inside a text, which is no expression', step('return: echo $${HOME}')],
    [
      'writes to shared variables, whole and in part',
      fork('shared: [outer]\nfor: {value: x, in: [1], steps: [{a: {assign: [{outer.k: 1}, {outer: 2}]}}]}'),
    ],
    [
      'loops behind each other with the same variable, which they may write',
      `- l: {for: {value: x, in: [1], steps: [{a: {assign: [{x: 2}]}}]}}\n- m: {for: {value: x, in: [1], steps: [{b: {next: break}}]}}`,
    ],
    ['an optional parameter before a required one', twoParameters('[a: 5, b]', '1, 2')],
    ['an optional argument that is missing at the end', twoParameters('[a, b: 5]', '1')],
    ['arguments by place', callSteps('sys.log\nargs: [text, ERROR]')],
    ['a branch named like a step', fork('branches: [{before: {steps: [{a: {assign: [{x: 1}]}}]}}]')],
    ['a text with ${ further on and no }', step('return: costs ${5')],
    ['the merge key in quotes, as any other', step('return: {"<<": 1}')],
    ['words of expressions as keys of a map', step('return: {true: 1, in: 2, "null": 3}')],
    ['a step name of any characters', '- "a-b c!": {return: 1}'],
    [
      'the same name in each branch',
      fork(
        'branches: [{b: {steps: [{a: {assign: [{mine: 1}]}}]}}, {c: {steps: [{d: {assign: [{mine: 2}]}}]}}]',
      ),
    ],
    ['a branch that is one step', fork('branches: [{b: {call: sys.log, args: {data: x}}}]')],
    [
      'break in a loop inside a branch',
      fork('branches: [{b: {steps: [{l: {for: {value: x, in: [1], steps: [{a: {next: break}}]}}}]}}]'),
    ],
    [
      'the helper that reads a secret, inside an expression',
      step('return: ${googleapis.secretmanager.v1.projects.secrets.versions.accessString("s", "1")}'),
    ],
    ['numbers of a range', step('for: {value: x, range: [0.5, 3], steps: [{a: {next: continue}}]}')],
  ])('%s', (_name, source) => {
    expect(refusal(source)).toBe('it builds');
  });
});

describe('a deployment refuses', () => {
  it.each([
    [
      'a symbol that is no variable',
      step('return: ${varC}'),
      "error in step s: error evaluating return value: symbol 'varC' is neither a variable nor a sub-workflow name (line 2, column 13)",
    ],
    [
      'a variable of a loop after it',
      `- l:\n    for:\n      value: x\n      in: [1]\n      steps:\n        - a: {assign: [{y: 1}]}\n- r: {return: "\${y}"}`,
      "symbol 'y' is neither",
    ],
    [
      'a variable of an except block after it',
      `- t:\n    try: {call: sys.log, args: {data: x}}\n    except:\n      as: e\n      steps:\n        - a: {assign: [{y: 1}]}\n- r: {return: "\${e}"}`,
      "symbol 'e' is neither",
    ],
    [
      'a variable of the caller in a subworkflow',
      `main: {steps: [{a: {assign: [{x: 1}]}}, {b: {call: sub}}]}\nsub: {steps: [{c: {return: "\${x}"}}]}`,
      "symbol 'x' is neither",
    ],
    [
      'an unknown function',
      step('return: ${nothing.here(1)}'),
      "'nothing.here' is neither a sub-workflow nor a function",
    ],
    [
      'an unknown connector',
      callSteps('googleapis.run.v9.nothing'),
      "'googleapis.run.v9.nothing' is neither",
    ],
    [
      'a blocking call inside an expression',
      step('return: ${http.get("http://x")}'),
      "'http.get' blocks: only a call step may call it",
    ],
    ['too few arguments', step('return: ${text.split("a")}'), "'text.split' takes 2 arguments, got 1"],
    [
      'too many arguments',
      step('return: ${map.get({}, 1)}'.replace('{}', 'x')) +
        '\n- t: {assign: [{x: 1}]}\n- u: {return: "${len(x, x)}"}',
      "'len' takes 1 argument, got 2",
    ],
    [
      'a missing argument behind an optional one',
      twoParameters('[a: 5, b]', '1'),
      "'sub' takes 2 arguments, got 1",
    ],
    [
      'too many arguments by place',
      callSteps('sys.sleep\nargs: [1, 2, 3]'),
      "'sys.sleep' takes 1 argument, got 3",
    ],
    [
      'too few arguments by place',
      callSteps('text.split\nargs: [a]'),
      "argument 'separator' of text.split is missing",
    ],
    [
      'a subworkflow that is not called',
      'main: {steps: [{a: {return: "${sub}"}}]}\nsub: {steps: [{b: {return: 1}}]}',
      "'sub' is a function: it must be called, as in sub(…)",
    ],
    ['a function that is not called', step('return: ${len}'), "'len' is a function: it must be called"],
    [
      'a loop variable that is assigned before the loop',
      fork('for: {value: outer, in: [1], steps: [{a: {next: continue}}]}'),
      "loop variable 'outer' is a variable outside of the loop, too",
    ],
    [
      'a loop variable that is assigned behind the loop',
      `- l: {for: {value: x, in: [1], steps: [{a: {next: break}}]}}\n- b: {assign: [{x: 1}]}`,
      "loop variable 'x' is a variable outside of the loop, too",
    ],
    [
      'the variable of a loop in the index of one inside it',
      step(
        'for: {value: x, in: [1], steps: [{a: {for: {value: y, index: x, in: [2], steps: [{b: {next: break}}]}}}]}',
      ),
      "loop variable 'x' is a variable outside of the loop, too",
    ],
    [
      'a loop variable named like a parameter',
      'main: {params: [x], steps: [{a: {for: {value: x, in: [1], steps: [{b: {next: break}}]}}}]}',
      "loop variable 'x' is a variable outside of the loop, too",
    ],
    [
      'one name for the value and the index of a loop',
      step('for: {value: x, index: x, in: [1], steps: [{a: {next: break}}]}'),
      "'value' and 'index' have the same name 'x'",
    ],
    [
      'two branches of one name',
      fork('branches: [{b: {steps: [{a: {assign: [{x: 1}]}}]}}, {b: {steps: [{c: {assign: [{x: 1}]}}]}}]'),
      "the branch 'b' is there more than once",
    ],
    [
      'a shared variable twice',
      fork('shared: [outer, outer]\nfor: {value: x, in: [1], steps: [{a: {next: continue}}]}'),
      "the shared variable 'outer' is there more than once",
    ],
    ['an expression without its end', step('return: "${x"'), "the expression '${x' has no '}' at its end"],
    [
      'a condition without its end',
      step('switch: [{condition: "${1 == 1", next: end}]'),
      "the expression '${1 == 1' has no '}' at its end",
    ],
    [
      'a default of the parameter of main',
      'main: {params: [a: 5], steps: [{b: {return: "${a}"}}]}',
      "the parameter 'a' of 'main' cannot have a default",
    ],
    ['the merge key', step('return: {<<: {k: 1}, z: 2}'), "the merge key '<<' is not part of YAML 1.2"],
    [
      'a word of expressions as a result',
      callSteps('sys.now\nresult: "true"'),
      "'result' 'true' is not a valid",
    ],
    [
      'a word of expressions as a loop variable',
      step('for: {value: not, in: [1], steps: [{a: {next: break}}]}'),
      "'value' 'not' is not a valid name",
    ],
    [
      'a word of expressions as a parameter',
      'main: {params: ["null"], steps: [{a: {return: 1}}]}',
      "a parameter 'null' is not a valid name",
    ],
    [
      'a word of expressions as a subworkflow',
      'main: {steps: [{a: {return: 1}}]}\nin: {steps: [{b: {return: 1}}]}',
      "workflow 'in' is not a valid name",
    ],
    [
      'a hyphen in the name of a subworkflow',
      'main: {steps: [{a: {return: 1}}]}\nmy-sub: {steps: [{b: {return: 1}}]}',
      "workflow 'my-sub' is not a valid name",
    ],
    ['a switch entry that does nothing', step('switch: [{condition: true}]'), 'the step does nothing'],
    [
      'parallel directly under try',
      step('try: {parallel: {branches: [{b: {call: sys.now}}]}}\nexcept: {as: e}'),
      'loop step name should not be empty',
    ],
    ['2^63 without a minus sign', step('return: ${1 - 9223372036854775808}'), 'does not fit into 64 bits'],
    ['less than -2^63', step('return: ${-9223372036854775809}'), 'does not fit into 64 bits'],
    [
      'an unknown argument of a call step',
      callSteps('sys.sleep\nargs: {secs: 1}'),
      "unknown or unsupported argument 'secs' of sys.sleep: expected seconds",
    ],
    [
      'a missing argument of a call step',
      callSteps('sys.sleep'),
      "argument 'seconds' of sys.sleep is missing",
    ],
    [
      'an argument that is not supported',
      callSteps('http.get\nargs: {url: "http://x", private_service_name: x}'),
      "argument 'private_service_name' of http.get is not supported here",
    ],
    ['an unknown key of a step', step('asign: [{x: 1}]'), "unexpected key 'asign' in a step"],
    ['two actions in one step', step('assign: [{x: 1}]\nreturn: 1'), 'this one has assign and return'],
    [
      'retry without try',
      step('call: sys.log\nargs: {data: x}\nretry: ${http.default_retry}'),
      "'retry' needs 'try'",
    ],
    ['except without try', step('assign: [{x: 1}]\nexcept: {as: e}'), "'except' needs 'try'"],
    ['result without call', step('assign: [{x: 1}]\nresult: y'), "'result' needs 'call'"],
    [
      'try without retry and except',
      step('try: {call: sys.log, args: {data: x}}'),
      "'try' needs 'retry' or 'except'",
    ],
    [
      'for directly under try',
      step('try: {for: {value: x, in: [1], steps: [{a: {return: 1}}]}}\nexcept: {as: e}'),
      'loop step name should not be empty',
    ],
    [
      'an unknown retry policy',
      step('try: {call: sys.log, args: {data: x}}\nretry: ${http.never_heard}'),
      "'retry' must be a map or one of ${http.default_retry}, ${http.default_retry_non_idempotent}",
    ],
    [
      'half a retry policy',
      step('try: {call: sys.log, args: {data: x}}\nretry: {max_retries: 1}'),
      "'retry' needs 'predicate', 'max_retries' and 'backoff'",
    ],
    [
      'a predicate of two arguments',
      step(
        'try: {call: sys.log, args: {data: x}}\nretry: {predicate: "${text.split}", max_retries: 1, backoff: "${retry.default_backoff}"}',
      ),
      "'text.split' is not a retry predicate",
    ],
    ['a jump to nowhere', step('next: t'), "cannot jump to step 't'"],
    [
      'a jump into a nested block',
      `- a: {next: inner}\n- b: {steps: [{inner: {return: 1}}]}`,
      "cannot jump to step 'inner'",
    ],
    [
      'a jump out of a loop',
      `- l: {for: {value: x, in: [1], steps: [{a: {next: r}}]}}\n- r: {return: 1}`,
      "cannot jump to step 'r'",
    ],
    ['break outside a loop', step('next: break'), "'next: break' outside a for loop"],
    [
      'a step name used twice',
      `- a: {return: 1}\n- b: {steps: [{a: {return: 1}}]}`,
      "the name 'a' is used more than once",
    ],
    ['a reserved step name', '- end: {return: 1}', "'end' cannot be the name of a step"],
    [
      'a condition that is no expression',
      step('switch: [{condition: "yes", next: end}]'),
      "'condition' must be an expression, true or false",
    ],
    [
      'a loop over a constant that is no list',
      step('for: {value: x, in: 5, steps: [{a: {next: end}}]}'),
      "'in' must be a list",
    ],
    [
      'a range of two expressions',
      step('for: {value: x, range: ["${1}", "${2}"], steps: [{a: {next: end}}]}'),
      "'range' must be a list of two numbers or one expression like ${[1, n]}",
    ],
    ['an expression escaped for Terraform', step('return: $${x}'), "'$${' is Terraform's escape"],
    [
      'a default that is an expression',
      'main: {steps: [{a: {call: sub}}]}\nsub: {params: [x: "${1}"], steps: [{b: {return: 1}}]}',
      "default of parameter 'x' must be a constant",
    ],
    [
      'a parameter twice',
      'main: {steps: [{a: {call: sub}}]}\nsub: {params: [x, x], steps: [{b: {return: 1}}]}',
      "workflow sub has the parameter 'x' twice",
    ],
    [
      '11 parameters',
      'main: {steps: [{a: {return: 1}}]}\nsub: {params: [a, b, c, d, e, f, g, h, i, j, k], steps: [{b: {return: 1}}]}',
      'workflow sub has 11 params, the limit is 10',
    ],
    [
      'a subworkflow named like a function',
      'main: {steps: [{a: {return: 1}}]}\nlen: {steps: [{b: {return: 1}}]}',
      'the standard library has that name',
    ],
    [
      'an unknown workflow key',
      'main: {steps: [{a: {return: 1}}], result: x}',
      "unexpected key 'result' in workflow main",
    ],
    [
      'next under try',
      step('try: {call: sys.log, args: {data: x}, next: end}\nexcept: {as: e}'),
      "'next' belongs behind 'try'",
    ],
    ['an empty list of steps', step('steps: []'), 'step s has no steps'],
    [
      'an unknown connector argument',
      callSteps('googleapis.pubsub.v1.projects.topics.get\nargs: {topic: t, tpoic: u}'),
      "unknown or unsupported argument 'tpoic'",
    ],
    [
      'a missing connector argument',
      callSteps('googleapis.storage.v1.objects.get\nargs: {bucket: b}'),
      "argument 'object' of googleapis.storage.v1.objects.get is missing",
    ],
    [
      'a connector inside an expression',
      step('return: ${googleapis.pubsub.v1.projects.topics.get("t")}'),
      'blocks: only a call step may call it',
    ],
    [
      'parallel without branches and for',
      step('parallel: {shared: []}'),
      "'parallel' needs either 'branches' or 'for'",
    ],
    [
      '11 branches',
      step(
        `parallel: {branches: [${Array.from({ length: 11 }, (_, i) => `{b${i}: {steps: [{s${i}: {call: sys.log, args: {data: x}}}]}}`).join(', ')}]}`,
      ),
      "'branches' has 11 entries: expected 1 to 10",
    ],
    [
      'an unknown exception policy',
      fork('exception_policy: stop\nfor: {value: x, in: [1], steps: [{a: {next: continue}}]}'),
      "'exception_policy' must be continueAll",
    ],
    [
      'a concurrency limit of zero',
      fork('concurrency_limit: 0\nfor: {value: x, in: [1], steps: [{a: {next: continue}}]}'),
      "'concurrency_limit' must be a positive integer",
    ],
    [
      'a write to a variable that is not shared',
      fork('for: {value: x, in: [1], steps: [{a: {assign: [{outer: 1}]}}]}'),
      "variable 'outer' is written inside a parallel step but not in its list 'shared'",
    ],
    [
      'a write into a map that is not shared',
      fork('for: {value: x, in: [1], steps: [{a: {assign: [{outer.k: 1}]}}]}'),
      "variable 'outer' is written",
    ],
    [
      'a result that is not shared',
      fork('branches: [{b: {steps: [{a: {call: uuid.generate, result: outer}}]}}]'),
      "variable 'outer' is written",
    ],
    [
      'a write to what only the outer parallel step shares',
      fork(
        'shared: [outer]\nbranches: [{b: {steps: [{f: {parallel: {for: {value: x, in: [1], steps: [{a: {assign: [{outer: 1}]}}]}}}}]}}]',
      ),
      "variable 'outer' is written",
    ],
    [
      'sharing what the outer parallel step does not',
      fork(
        'branches: [{b: {steps: [{f: {parallel: {shared: [outer], for: {value: x, in: [1], steps: [{a: {next: continue}}]}}}}]}}]',
      ),
      "variable 'outer' is written",
    ],
    [
      'sharing what is no variable',
      fork('shared: [other]\nfor: {value: x, in: [1], steps: [{a: {next: continue}}]}'),
      "shared variable 'other' is not a variable outside the step",
    ],
    [
      'reading the variable of a sibling',
      fork(
        'branches: [{b: {steps: [{a: {assign: [{mine: 1}]}}]}}, {c: {steps: [{d: {call: sys.log, args: {data: "${mine}"}}}]}}]',
      ),
      "symbol 'mine' is neither",
    ],
    [
      'reading the variable of a branch afterwards',
      `${fork('branches: [{b: {steps: [{a: {assign: [{mine: 1}]}}]}}]')}\n- r: {return: "\${mine}"}`,
      "symbol 'mine' is neither",
    ],
    [
      'a jump out of a branch',
      `${fork('branches: [{b: {steps: [{a: {next: r}}]}}]')}\n- r: {return: 1}`,
      "cannot jump to step 'r'",
    ],
    [
      'breaking off a parallel loop',
      fork('for: {value: x, in: [1], steps: [{a: {next: break}}]}'),
      "'next: break' outside a for loop",
    ],
    [
      'the end inside a branch',
      fork('branches: [{b: {steps: [{a: {next: end}}]}}]'),
      "'next: end' inside a parallel step",
    ],
    [
      'return inside a branch',
      fork('branches: [{b: {steps: [{a: {return: 1}}]}}]'),
      "'return' inside a parallel step",
    ],
    ['a switch entry without condition', step('switch: [{next: end}]'), "a switch entry needs a 'condition'"],
    [
      'a loop over both in and range',
      step('for: {value: x, in: [1], range: [1, 2], steps: [{a: {return: 1}}]}'),
      "either 'in' or 'range'",
    ],
    [
      'index with range',
      step('for: {value: x, index: i, range: [1, 2], steps: [{a: {return: 1}}]}'),
      "'index' goes with 'in' only",
    ],
    ['an assignment to something else', step('assign: [{"1 + 1": 2}]'), 'cannot be assigned to'],
    ['a bad variable name', step('assign: [{"a-b": 2}]'), 'cannot be assigned to'],
    [
      'an expression that does not parse',
      step('return: ${1 +}'),
      "invalid expression '1 +': expected a value, found the end at character 4",
    ],
    ['two expressions in one value', step('return: ${a} and ${b}'), 'invalid expression'],
    ['an expression over 400 characters', step(`return: \${"${'x'.repeat(400)}"}`), 'the limit is 400'],
    [
      '51 assignments',
      step(`assign: [${Array.from({ length: 51 }, (_, i) => `{v${i}: 1}`).join(', ')}]`),
      'has 51 entries: expected 1 to 50',
    ],
    [
      '51 conditions',
      step(`switch: [${'{condition: true, next: end}, '.repeat(51)}]`),
      'has 51 entries: expected 1 to 50',
    ],
    ['a source over 128 KB', `# ${'x'.repeat(131_073)}\n- a: {return: 1}`, 'the limit is 131072'],
    ['a source without main', 'sub: {steps: [{a: {return: 1}}]}', "there is no 'main' workflow"],
    [
      'main with two parameters',
      'main: {params: [a, b], steps: [{c: {return: 1}}]}',
      "'main' takes at most one parameter",
    ],
    ['broken YAML', '- a: [1', 'line'],
    ['duplicate keys', step('return: 1\nreturn: 2'), 'unique'],
    ['an alias without anchor', '- a: {return: *x}', 'alias'],
    ['an alias inside its own anchor', '- a: {return: &x [*x]}', 'nested deeper than 100 levels'],
    ['two documents', '- a: {return: 1}\n---\n- a: {return: 2}', 'more than one YAML document'],
    ['a tag of one’s own', '- a: {return: !mine 1}', 'Unresolved tag'],
    ['a map as a key', '- a: {return: {? {x: 1} : 2}}', 'a map key must be a string'],
    ['an integer beyond 64 bits', step('return: 9223372036854775808'), 'does not fit into 64 bits'],
  ])('%s', (_name, source, message) => {
    expect(refusal(source)).toContain(message);
    expect(refusal(source)).toMatch(/^failed to build: .*\(line \d+, column \d+\)$/s);
  });

  it('everything at once, each with its place', () => {
    const error = refusal('- a: {return: "${x}"}\n- b: {next: nowhere}\n- c: {call: no.such}');
    expect(error.split('\n')).toHaveLength(3);
    expect(error).toMatch(/step a.*line 1[\s\S]*step b.*line 2[\s\S]*step c.*line 3/);
  });

  /** The problem is where the arrow is. */
  it.each([
    [
      'the left side of an assignment',
      `
        - a:
            assign:
              - x: 1
              - x[q]: 2
        #       ↑`,
    ],
    [
      'an argument',
      `
        - a:
            call: http.get
            args:
              url: http://x
              bogus: 1
        #     ↑`,
    ],
    [
      'one argument of a list too many',
      `
        - a:
            call: sys.sleep
            args:
              - 1
              - 2
        #       ↑`,
    ],
    [
      'an unknown function',
      `
        - a:
            call: foo.bar
        #         ↑`,
    ],
    [
      'a call that lacks an argument',
      `
        - a:
            result: x
            call: sys.sleep
        #         ↑`,
    ],
    [
      'a jump',
      `
        - a:
            assign:
              - x: 1
            next: nowhere
        #         ↑`,
    ],
    [
      'a predicate',
      `
        - a:
            try:
              call: sys.now
            retry:
              max_retries: 1
              predicate: \${nope}
        #                ↑
              backoff: \${retry.default_backoff}`,
    ],
    [
      'a write to what is not shared',
      `
        - before: {assign: [{x: 1}]}
        - fork:
            parallel:
              branches:
                - b:
                    steps:
                      - s:
                          assign:
                            - fine: 1
                            - x: 2
        #                     ↑`,
    ],
    [
      'a result that is not shared',
      `
        - before: {assign: [{x: 1}]}
        - fork:
            parallel:
              branches:
                - b:
                    call: sys.now
                    result: x
        #                   ↑`,
    ],
    [
      'a shared variable that is none',
      `
        - before: {assign: [{x: 1}]}
        - fork:
            parallel:
              shared:
                - x
                - other
        #         ↑
              branches:
                - b: {call: sys.now}`,
    ],
    [
      'a subworkflow named like a function',
      `
        main: {steps: [{a: {return: 1}}]}
        len:
        ↑
          steps: [{b: {return: 1}}]`,
    ],
    [
      'a loop variable',
      `
        - before: {assign: [{x: 1}]}
        - l:
            for:
              in: [1]
              value: x
        #            ↑
              steps: [{a: {next: break}}]`,
    ],
  ])('%s, and shows the very place', (_name, drawing) => {
    const lines = drawing.split('\n');
    const line = lines.findIndex((text) => text.includes('↑'));
    const column = lines[line]!.indexOf('↑') + 1;
    expect(refusal(lines.with(line, '').join('\n'))).toMatch(
      new RegExp(`^failed to build: .*\\(line ${line}, column ${column}\\)$`),
    );
  });
});
