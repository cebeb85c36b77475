import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runWorkflow } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { defaultLimits, WorkflowSourceError, type SourceProblem } from '#local/workflows/program.ts';

/** Parses a source and, if it is valid, runs it: how that ended. Anything else it throws is a defect. */
async function fate(source: string): Promise<string> {
  try {
    const program = parseWorkflow(source, { ...defaultLimits, steps: 300 });
    const outcome = await runWorkflow(
      program,
      null,
      {
        clock: { now: () => 0, sleep: async () => undefined },
        fetch: async () => Response.json({}),
        newId: () => 'id',
        env: {},
        log: () => undefined,
        accessToken: () => 't',
        idToken: async () => 't',
        connectorOrigin: () => 'http://h',
        callbacks: { create: () => 'http://c', next: async () => undefined },
      },
      { internal: 0, external: 0 },
      new AbortController().signal,
    );
    return outcome.state;
  } catch (error) {
    if (!(error instanceof WorkflowSourceError)) throw error;
    return error.problems.length > 0 && error.problems.every(isPlaced) ? 'refused' : error.message;
  }
}

function isPlaced({ message, position }: SourceProblem): boolean {
  return message !== '' && position.line >= 1 && position.column >= 1;
}

const ends = /^(refused|SUCCEEDED|FAILED)$/;

const deploy = readFileSync(new URL('../../../workflows/deploy.yaml', import.meta.url), 'utf8');
const small = `main:
  params: [args]
  steps:
    - a: {assign: [{x: 1}, {m: {k: [1, 2]}}, {"m.k[0]": "\${x + 1}"}]}
    - b:
        switch:
          - condition: \${x > 0 and "k" in m}
            steps: [{c: {call: sub, args: {n: "\${x}"}, result: x}}]
          - {condition: true, next: end}
    - l: {for: {value: v, index: i, in: "\${m.k}", steps: [{d: {assign: [{x: "\${x + v * i}"}]}}]}}
    - p: {parallel: {shared: [x], branches: [{e: {steps: [{f: {assign: [{x: 2}]}}]}}, {g: {steps: [{h: {call: sys.sleep, args: {seconds: 1}}}]}}]}}
    - t:
        try: {call: http.get, args: {url: http://h}, result: r}
        retry: \${http.default_retry}
        except: {as: e, steps: [{q: {raise: "\${e}"}}]}
    - z: {return: ["\${x}", &anchor {a: 1}, *anchor]}
sub:
  params: [n, d: 5]
  steps:
    - y: {switch: [{condition: "\${n > 3}", return: "\${n}"}]}
    - w: {return: "\${sub(n + 1)}"}
`;

/** A text with a few pieces of it cut out, doubled, moved or replaced. */
const mutated = (source: string): fc.Arbitrary<string> => {
  const place = fc.nat(source.length);
  const piece = fc.oneof(
    fc.constantFrom(
      '${',
      '}',
      '[',
      ']',
      '{',
      ': ',
      '- ',
      '\n',
      '    ',
      '&a ',
      '*a',
      '!t ',
      '? ',
      '|',
      '"',
      '#',
      '%',
      '@',
      'null',
      '~',
      '1e999',
      '-',
      '\t',
      '\u0000',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.tuple(place, fc.nat(40)).map(([from, length]) => source.slice(from, from + length)),
  );
  const edit = fc.tuple(place, fc.nat(30), piece);
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let text = source;
    for (const [at, length, put] of edits) text = text.slice(0, at) + put + text.slice(at + length);
    return text;
  });
};

describe('any source', () => {
  it('unchanged is valid and ends', async () => {
    expect(await fate(small)).toBe('SUCCEEDED');
  });

  it('of any characters is refused at a place or ends', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(text, async (source) => {
        expect(await fate(source)).toMatch(ends);
      }),
    );
  });

  it.each([
    ['a small one', small, 300],
    ['the pipeline', deploy, 50],
  ])('made of a valid one by accident is refused at a place or ends: %s', async (_name, source, numRuns) => {
    await fc.assert(
      fc.asyncProperty(mutated(source), async (text) => {
        expect(await fate(text)).toMatch(ends);
      }),
      { numRuns },
    );
  });

  it.each([
    ['brackets', '['.repeat(60_000)],
    ['braces', '{a: '.repeat(30_000)],
    ['dashes', '- '.repeat(60_000)],
    ['parentheses in an expression', `- a: {return: "\${${'('.repeat(399)}"}`],
    ['minus signs in an expression', `- a: {return: "\${${'-'.repeat(398)}1}"}`],
    ['steps', `${'- a: {steps: ['.repeat(2000)}${']}'.repeat(2000)}`],
    [
      'aliases of aliases',
      `- a: {return: 0}\n- b: {assign: [{x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1]}, ${Array.from({ length: 20 }, (_, i) => `{x${i + 1}: &x${i + 1} [${`*x${i}, `.repeat(8)}]}`).join(', ')}]}`,
    ],
    ['nothing', ''],
    ['a byte order mark', '\uFEFF- a: {return: 1}'],
    ['a NUL', '\u0000'],
  ])('of nothing but %s', async (_name, source) => {
    expect(await fate(source)).toMatch(ends);
  });
});
