import { describe, expect, it } from 'vitest';
import { raisedBy, start, value } from './harness.ts';

describe('an expression', () => {
  it.each([
    // Google's own check of operator precedence: workflows.md §2.2
    ['27 * 9/5 + 32', 80.6],
    ['7 // 2', 3],
    ['-7 // 2', -4],
    ['7 % 3', 1],
    ['1 + 2.5', 3.5],
    ['2 * (3 + 4)', 14],
    ['- 2 + 5', 3],
    ['"a" + 1', 'a1'],
    ['1.5 + "a"', '1.5a'],
    ['true + "!"', 'true!'],
    ['"single" + \'quotes\'', 'singlequotes'],
    ['"tab\\t\\"quoted\\" \\u00e9"', 'tab\t"quoted" é'],
    ['1 < 2 and "a" < "b"', true],
    // By characters: in UTF-16, 😀 begins with a smaller number than U+FFFF
    ['"\\uFFFF" < "😀"', true],
    ['"😀" >= "\\uFFFF" and "ab" > "a" and "a" <= "a"', true],
    ['"b" < "ab"', false],
    ['string(-9223372036854775808)', '-9223372036854775808'],
    ['string(1 + -9223372036854775808)', '-9223372036854775807'],
    ['not true or TRUE', true],
    ['NOT False AND True OR False', true],
    // `not` binds tighter than comparison
    ['not true == false', true],
    ['not (1 == 2)', true],
    ['"a" in ["a", "b"]', true],
    ['not ("c" in ["a", "b"])', true],
    ['"k" in m', true],
    ['m.k', 1],
    ['m["k"] + m.list[1]', 21],
    ['m.list[m.k]', 20],
    ['m.inner.deep', 'x'],
    ['[1, [2], m.k]', [1, [2], 1]],
    ['[]', []],
    ['1 == 1.0', true],
    ['1 == "1"', false],
    ['null == null', true],
    ['[Null, NULL]', [null, null]],
    ['[1, 2] == [1, 2]', true],
    ['m == m.inner', false],
    ['if(1 > 2, "yes", "no")', 'no'],
    ['if(null, "yes", "no")', 'no'],
    ['default(null, 3)', 3],
    ['default(map.get(m, "missing"), "else")', 'else'],
    ['false and missing.key', false],
  ])('%s is %j', async (expression, expected) => {
    const variables = { m: { k: 1, list: [10, 20], inner: { deep: 'x' } }, missing: null };
    expect(await value(expression, variables)).toEqual(expected);
  });

  it.each([
    ['1 / 0', 'ZeroDivisionError', /division by zero/],
    ['1 // 0', 'ZeroDivisionError', /division by zero/],
    ['1.5 % 0', 'ZeroDivisionError', /division by zero/],
    ['m.absent', 'KeyError', /key not found: absent/],
    ['m.list[2]', 'IndexError', /index out of range: 2/],
    ['m.list[-1]', 'IndexError', /index out of range: -1/],
    ['m.list["0"]', 'TypeError', /list index must be an integer, got string/],
    ['m.k.x', 'TypeError', /integer has no elements/],
    ['"x" in "xyz"', 'TypeError', /The argument of 'in' must be a dict or an array; got: string/],
    ['"x" in nothing', 'TypeError', /got: null/],
    ['1 and true', 'TypeError', /must be a boolean, got integer/],
    ['not "x"', 'TypeError', /must be a boolean, got string/],
    ['true + true', 'TypeError', /'\+' is not defined for boolean and boolean/],
    ['true + 1', 'TypeError', /boolean and integer/],
    ['"a" + nothing', 'TypeError', /string and null/],
    ['[1] + [2]', 'TypeError', /list and list/],
    ['"a" < 1', 'TypeError', /string and integer/],
    ['9223372036854775807 + 1', 'ValueError', /integer overflow/],
    ['default(m.absent, 1)', 'KeyError', /absent/],
    ['int("x")', 'ValueError', /is not an integer: "x"/],
    ['len(5)', 'TypeError', /needs a string, list or map, got integer/],
  ])('%s raises %s', async (expression, tag, message) => {
    const found = await raisedBy(expression, { m: { k: 1, list: [10, 20] }, nothing: null });
    expect(found).toEqual({ tags: [tag], message: expect.stringMatching(message) });
  });

  it('keeps int64 beyond the precision of a double', async () => {
    const source = JSON.stringify([{ a: { return: '${9007199254740993 + 0}' } }]);
    expect(await start(source).outcome).toEqual({ state: 'SUCCEEDED', result: '9007199254740993' });
  });
});
