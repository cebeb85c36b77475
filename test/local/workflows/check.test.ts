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
      "'len' takes 1 arguments, got 2",
    ],
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
      callSteps('http.get\nargs: {url: "http://x", ca_certificate: x}'),
      "unsupported argument 'ca_certificate'",
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
    ['parallel', step('parallel: {branches: []}'), "'parallel' is not supported by the local runtime"],
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
    ['a source over 128 KB', `# ${'x'.repeat(131_073)}\n- a: {return: 1}`, 'the limit is 131072'],
    ['a source without main', 'sub: {steps: [{a: {return: 1}}]}', "there is no 'main' workflow"],
    [
      'main with two parameters',
      'main: {params: [a, b], steps: [{c: {return: 1}}]}',
      "'main' takes at most one parameter",
    ],
    ['broken YAML', '- a: [1', 'line'],
    ['duplicate keys', step('return: 1\nreturn: 2'), 'unique'],
    ['YAML aliases', '- a: {return: &x 1}\n- b: {return: *x}', 'aliases are not supported'],
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
});
