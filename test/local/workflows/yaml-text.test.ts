import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseDocument, stringify } from 'yaml';
import { onOneLine, unmasked } from '#local/workflows/yaml-text.ts';
import { start } from './harness.ts';

/** Strings with the stand-ins taken back. */
const revived = (yaml: string): unknown =>
  parse(yaml, (_key, value: unknown) => (typeof value === 'string' ? unmasked(value) : value));

const word = fc.constantFrom(
  'a',
  'b c',
  "it's",
  'say "x"',
  '# no',
  'x: y',
  '[z]',
  '{',
  '- ',
  'ü😀',
  'back\\',
);
const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
const lines = fc.array(text, { maxLength: 4 }).map((parts) => parts.join('\n'));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    text,
    lines,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(text, tie('tree'), { maxKeys: 3 }),
  ),
}));

describe('onOneLine', () => {
  it.each(['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const)(
    'changes the value of no YAML that has %s texts',
    (defaultStringType) => {
      fc.assert(
        fc.property(
          fc.record({ a: tree, b: tree }),
          fc.constantFrom('any' as const, 'flow' as const, 'block' as const),
          fc.boolean(),
          (value, collectionStyle, defaultFlow) => {
            const yaml = stringify(value, {
              defaultStringType,
              defaultKeyType: defaultFlow ? 'QUOTE_DOUBLE' : 'PLAIN',
              collectionStyle,
              lineWidth: 20,
            });
            // The writer is not without faults.
            fc.pre(parseDocument(yaml).errors.length === 0);
            const flat = onOneLine(yaml) ?? yaml;
            expect(flat).toHaveLength(yaml.length);
            expect(revived(flat)).toEqual(parse(yaml));
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  it('reads flow collections and quoted texts whatever the indentation', () => {
    const style = {
      collectionStyle: 'flow',
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'QUOTE_DOUBLE',
    } as const;
    fc.assert(
      fc.property(tree, fc.constantFrom('', ' ', '\t'), (value, indentation) => {
        const yaml = `main:\n  k: ${stringify([value], { ...style, lineWidth: 20 }).replaceAll('\n', '\n    ')}`;
        fc.pre(parseDocument(yaml).errors.length === 0);
        const moved = yaml.replaceAll(/\n {4,}/g, `\n${indentation}`);
        expect(revived(onOneLine(moved) ?? moved)).toEqual(parse(yaml));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, string, unknown]>([
    [
      'a flow map that ends further out',
      'k: {\n"a": [\n1,\n2\n], # one {\n"b": "}"\n}',
      { k: { a: [1, 2], b: '}' } },
    ],
    ['flow lists in a list', '- [\n1]\n- - [\n 2\n]', [[1], [[2]]]],
    [
      'a text that goes on further out',
      '- k: "one\ntwo\n\nthree \\\n  four\\\\\nfive"',
      [{ k: 'one two\nthree four\\ five' }],
    ],
    ['a text in single quotes', "k:\n    'it''s\n one'", { k: "it's one" }],
    ['CR LF', 'k: "a\r\nb"\r\nl: [\r\n1]', { k: 'a b', l: [1] }],
    [
      'what only looks like one in a block text, a comment or a plain text',
      "a: |\n  [ {\n\n  '\nb: it's [ # {\n# [ '\nc: [\n1]",
      { a: "[ {\n\n'\n", b: "it's [", c: [1] },
    ],
    ['an anchor before it', 'a: &x [\n1]\nb: *x', { a: [1], b: [1] }],
  ])('takes %s', (_what, yaml, expected) => {
    expect(revived(onOneLine(yaml) ?? '')).toEqual(expected);
  });

  it.each(['k: [\na\nb\n]', 'k: [1,', 'k: 1'])('leaves alone %j', (yaml) => {
    expect(onOneLine(yaml)).toBeUndefined();
  });
});

it('runs a workflow with JSON as in an editor, and places its errors as written', async () => {
  const source = (member: string): string =>
    `main:\n  steps:\n    - a:\n        assign:\n          - body: {\n            "list": [\n              1, \${1 + 1}\n            ],\n            "text": "ü\n            \${1}"\n          }\n    - r:\n        return: \${body.${member}}\n`;
  expect(await start(source('list')).outcome).toEqual({ state: 'SUCCEEDED', result: '[1,2]' });
  expect(await start(source('text')).outcome).toEqual({ state: 'SUCCEEDED', result: '"ü ${1}"' });
  expect(await start(source('none')).outcome).toMatchObject({
    error: { context: expect.stringContaining('line: 12') },
  });
});
