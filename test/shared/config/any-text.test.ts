import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { image, problemsOf } from './hello-file.ts';

describe('any text', () => {
  const positioned = (text: string): void => {
    const parsed = parseServiceFile(text, 'any.yaml');
    if (parsed.status === 'ok') {
      expect(parsed.configs.length).toBeGreaterThan(0);
      return;
    }
    expect(parsed.problems.length).toBeGreaterThan(0);
    const lines = text.split('\n');
    for (const { file: name, line, column, message } of parsed.problems) {
      expect(name).toBe('any.yaml');
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
      expect(message).toMatch(/expected|did you mean/);
      expect(message).not.toContain('\n');
    }
  };

  it('gives a result or positioned problems', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), positioned), { numRuns: 200 });
  });

  it('does so when it looks like YAML', () => {
    const pieces = [
      'service',
      'image',
      'environments',
      'staging',
      'runtime',
      'env',
      ': ',
      ':',
      '\n',
      '\n  ',
      '\n    ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
      '*a',
      '&a ',
      '!t ',
      '<<',
      '? ',
      '|',
      '>',
      '#',
      '%YAML 1.1\n',
      '---',
      '...',
      '\t',
      '\0',
      '__proto__',
      '1',
      'null',
      '.nan',
      '\uFEFF',
      '\r',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(fc.property(text, positioned), { numRuns: 500 });
  });

  it('does so when one character of a good file is changed', () => {
    const good = readFileSync('examples/services/hello.yaml', 'utf8');
    const changed = fc
      .tuple(fc.nat(good.length - 1), fc.string({ unit: 'binary-ascii', maxLength: 2 }))
      .map(([at, piece]) => good.slice(0, at) + piece + good.slice(at + 1));
    fc.assert(fc.property(changed, positioned), { numRuns: 200 });
  });

  it('does so when it holds any JSON at the place of any section', () => {
    const section = fc.constantFrom(
      'runtime',
      'healthProbe',
      'suites',
      'traffic',
      'analysis',
      'migration',
      'policy',
      'slack',
      'build',
      'environments',
    );
    const json = fc.json({ maxDepth: 3 });
    fc.assert(
      fc.property(section, json, (key, value) =>
        positioned(`service: hello\nimage: ${image}\n${key}: ${value}`),
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['an alias', 'a: &x 1\nb: *x', '2:4 b: an alias (*) — expected the value itself'],
    ['a merge key', '<<: { a: 1 }', '1:1 a merge key (<<) — expected the keys themselves'],
    [
      'a key that would be a prototype',
      '__proto__: 1',
      '1:1 __proto__: not allowed as a key — expected another name',
    ],
    ['a map as a key', '? { a: 1 }\n: 2', '1:3 a key that is empty or not a word — expected a plain key'],
    [
      'a second document',
      'a: 1\n---\nb: 1',
      '2:1 not valid YAML: a second document (---) — expected one document',
    ],
    [
      'a tag, without the text that may be a password',
      'a: !hunter2',
      '1:4 not valid YAML: an unknown tag — expected none; text that starts with ! needs quotes',
    ],
    [
      'a date of YAML 1.1',
      '%YAML 1.1\n---\na: 2020-01-01',
      '3:4 a: an unsupported kind of value — expected text, a number, true, false, a list or a map',
    ],
    ['a tab', 'a:\n\tb: 1', '2:1 not valid YAML: a tab as indentation — expected spaces'],
    ['nothing at all', '', '1:1 nothing — expected a map of keys and values'],
    [
      'deep nesting',
      '['.repeat(40) + ']'.repeat(40),
      '1:34 [0][0][0]: nested too deeply — expected at most 32 levels',
    ],
    ['too much text', '#'.repeat(262_145), '1:1 the file has 262145 bytes — expected at most 262144'],
  ])('that holds %s is refused', (_, text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  it.each([
    ['brackets', '['.repeat(250_000)],
    ['dashes', '- '.repeat(120_000)],
    ['quotes', '"'.repeat(250_000)],
    ['unknown keys', Array.from({ length: 25_000 }, (_, index) => `k${index}: 1`).join('\n')],
    [
      'a large map under twenty environments',
      `service: hello\nimage: ${image}\nruntime: { env: { ${Array.from({ length: 10_000 }, (_, index) => `K${index}: x`).join(', ')} } }
environments: { ${Array.from({ length: 20 }, (_, index) => `e${index}: { project: project-${index}, region: us-central1, runtime: { env: { X: x } } }`).join(', ')} }`,
    ],
  ])('as large as allowed, of %s, is answered within the time a test may take', (_, text) => {
    expect(() => positioned(text)).not.toThrow();
  });
});
