import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseJunit } from '#shared/checks/junit.ts';
import { parseTap } from '#shared/checks/tap.ts';

describe('TAP', () => {
  it('is read with skipped tests, those to do, and what belongs to a test', () => {
    const text = `TAP version 14
# a comment
ok 1 - starts
not ok 2 - answers # with a hash
  ---
  message: 'expected 200'
  ...
    ok 1 - inside of a subtest
    1..1
ok - has no number
ok 4 - is left out # SKIP no database
not ok 5 - will come # TODO later
not ok 6
1..6
`;
    expect(parseTap(text)).toEqual({
      status: 'read',
      cases: [
        { name: 'starts', outcome: 'pass' },
        { name: 'answers # with a hash', outcome: 'fail' },
        { name: 'has no number', outcome: 'pass' },
        { name: 'is left out', outcome: 'skipped', detail: 'no database' },
        { name: 'will come', outcome: 'fail', isTodo: true, detail: 'later' },
        { name: 'test 6', outcome: 'fail' },
      ],
    });
  });

  it.each([
    ['no plan', 'ok 1\nok 2\n', 3, /no plan/],
    ['a plan for more', '1..3\nok 1\n', 1, /^3 tests are planned, 1 are there$/],
    ['two plans', '1..1\nok 1\n1..1\n', 3, /second plan/],
    ['a test that is missing', '1..2\nok 1\nok 3\n', 3, /^test 3 where test 2 was expected$/],
    ['nothing', '', 1, /no plan/],
    [
      'a test that goes on where its neighbour ended',
      '1..2\nok 1 - aok 2 - b\n',
      1,
      /^2 tests are planned, 1 /,
    ],
    ['only a part that is indented', '    ok 1\n    1..1\n', 3, /no plan/],
  ])('with %s is broken, and where', (_, text, line, problem) => {
    expect(parseTap(text)).toEqual({
      status: 'broken',
      line,
      column: 1,
      problem: expect.stringMatching(problem),
    });
  });

  it.each([
    [
      'with a mark of its encoding and lines of Windows',
      '\uFEFFTAP version 13\r\n1..1\r\nok 1 - a\r\n',
      ['a'],
    ],
    ['that leaves all out', '1..0 # SKIP no database\n', []],
  ])('%s is read', (_, text, names) => {
    const results = parseTap(text);
    expect(results.status === 'read' ? results.cases.map(({ name }) => name) : results).toEqual(names);
  });

  it('that bails out has failed', () => {
    expect(parseTap('1..3\nok 1\nBail out! no database\n')).toEqual({
      status: 'read',
      cases: [
        { name: 'test 1', outcome: 'pass' },
        { name: 'Bail out!', outcome: 'fail', detail: 'no database' },
      ],
    });
  });
});

describe('JUnit', () => {
  it('is read from suites as deep as they come', () => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="a" tests="5">
  <properties><property name="x" value="y"/></properties>
  <testcase classname="Db" name="connects" time="0.25"/>
  <testcase name="writes"><failure message="expected &lt;1&gt;">at
    line 3</failure></testcase>
  <testsuite name="b">
    <testcase name="reads"><error><![CDATA[boom]]></error><system-out>noise</system-out></testcase>
    <testcase name="waits"><skipped message="no time"/></testcase>
    <testcase/>
  </testsuite>
</testsuite></testsuites>`;
    expect(parseJunit(text)).toEqual({
      status: 'read',
      cases: [
        { name: 'Db › connects', outcome: 'pass', seconds: 0.25 },
        { name: 'writes', outcome: 'fail', detail: 'expected <1> at line 3' },
        { name: 'reads', outcome: 'fail', detail: 'boom' },
        { name: 'waits', outcome: 'skipped', detail: 'no time' },
        { name: 'test 5', outcome: 'pass' },
      ],
    });
  });

  it('names when a test or its suite began, where it names a zone', () => {
    const text = `<testsuites timestamp="2026-01-01T00:00:00Z">
  <testsuite timestamp="2026-01-01T02:00:00.5+01:00"><testcase name="as its suite"/></testsuite>
  <testsuite><testcase name="as all"/><testcase name="its own" timestamp="2026-01-01T00:00:09Z"/></testsuite>
  <testsuite timestamp="2026-01-01T05:00:00"><testcase name="wherever that was"/></testsuite>
</testsuites>`;
    const results = parseJunit(text);
    expect(results.status === 'read' && results.cases.map(({ name, at }) => [name, at])).toEqual([
      ['as its suite', '2026-01-01T01:00:00.500Z'],
      ['as all', '2026-01-01T00:00:00.000Z'],
      ['its own', '2026-01-01T00:00:09.000Z'],
      ['wherever that was', '2026-01-01T00:00:00.000Z'],
    ]);
  });

  it.each([
    ['cut off', '<testsuite>\n<testcase name="a"/>\n', 3, /unclosed/i],
    ['not closed in order', '<testsuite><testcase></testsuite>', 1, /closing tag|unexpected/i],
    ['of another kind', '<html/>', 1, /^<html> is not/],
    ['JSON', '{}', 1, /text|document/i],
    ['nothing', '', 1, /./],
    ['with a test inside of a test', '<testsuite><testcase><testcase/></testcase></testsuite>', 1, /outside/],
    ['UTF-16', Buffer.from('<testsuite/>', 'utf16le').toString('utf8'), 1, /./],
    ['with an entity of its own', '<testsuite name="&secret;"/>', 1, /entity/],
    ['with a DOCTYPE', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<testsuite/>', 1, /DOCTYPE/],
  ])('that is %s is broken, and where', (_, text, line, problem) => {
    expect(parseJunit(text)).toEqual({
      status: 'broken',
      line,
      column: expect.any(Number),
      problem: expect.stringMatching(problem),
    });
  });

  it.each([
    ['counts a failure', '<testsuite name="Db" failures="1"><testcase name="a"/></testsuite>'],
    ['counts an error', '<testsuite name="Db" errors="2"><testcase name="a"/></testsuite>'],
    ['counts what is no number', '<testsuite name="Db" failures="some"><testcase name="a"/></testsuite>'],
    ['holds one', '<testsuite name="Db"><error>no database</error><testcase name="a"/></testsuite>'],
    [
      'counts it all over',
      '<testsuites failures="1"><testsuite name="Db" failures="1"><testcase name="a"/></testsuite></testsuites>',
    ],
  ])('with a suite that %s and no failed test is no pass', (_, text) => {
    expect(parseJunit(text)).toEqual({
      status: 'read',
      cases: [
        { name: 'a', outcome: 'pass' },
        {
          name: 'Db',
          outcome: 'fail',
          detail: 'it says that something failed, and none of its tests did',
        },
      ],
    });
  });

  it('of a suite whose counts fit counts nothing twice', () => {
    const text =
      '<testsuites tests="9" failures="1" errors="0"><testsuite failures="1"><testcase name="a"><failure/></testcase></testsuite><testsuite failures="0"/></testsuites>';
    expect(parseJunit(text)).toEqual({ status: 'read', cases: [{ name: 'a', outcome: 'fail' }] });
  });

  it('by GoogleTest of a test that was left out is no pass', () => {
    const text = '<testsuites><testsuite><testcase name="a" status="notrun"/></testsuite></testsuites>';
    expect(parseJunit(text)).toEqual({ status: 'read', cases: [{ name: 'a', outcome: 'skipped' }] });
  });

  it('with entities that multiply is refused at once', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`,
    );
    const text = `<!DOCTYPE x [<!ENTITY e0 "lol">${levels.join('')}]><testsuite name="&e30;"/>`;
    expect(parseJunit(text)).toMatchObject({ status: 'broken', problem: 'it has a DOCTYPE' });
  });
});

/** What a real runner writes, so that nobody's idea of the formats stands between: Node's own. */
describe("a run of Node's test runner", () => {
  const tests = `
    const { test, describe, it } = require('node:test');
    test('top', () => {});
    test('bad', () => { throw new Error('no'); });
    test('left out', { skip: 'no time' }, () => {});
    test('to do', { todo: 'later' }, () => { throw new Error('not yet'); });
    describe('suite', () => { it('in', () => {}); describe('deep', () => it('deep bad', () => { throw new Error('no'); })); });
  `;
  const written = (reporter: string): string => {
    const directory = mkdtempSync(join(tmpdir(), 'slipway-runner-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'a.test.cjs');
    writeFileSync(file, tests);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    return spawnSync(process.execPath, ['--test', `--test-reporter=${reporter}`, file], {
      encoding: 'utf8',
      env,
    }).stdout;
  };
  const told = (results: ReturnType<typeof parseTap>) =>
    results.status === 'read'
      ? results.cases.map(({ name, outcome, isTodo = false }) => [name, outcome, isTodo])
      : results;

  it('is read from JUnit', () => {
    expect(told(parseJunit(written('junit')))).toEqual([
      ['test › top', 'pass', false],
      ['test › bad', 'fail', false],
      ['test › left out', 'skipped', false],
      ['test › to do', 'fail', true],
      ['suite › in', 'pass', false],
      ['suite.deep › deep bad', 'fail', false],
    ]);
  });

  it('is read from TAP', () => {
    expect(told(parseTap(written('tap')))).toEqual([
      ['top', 'pass', false],
      ['bad', 'fail', false],
      ['left out', 'skipped', false],
      ['to do', 'fail', true],
      ['suite', 'fail', false],
    ]);
  });
});

describe('whatever a job wrote', () => {
  it.each([
    ['suites without end', parseJunit, '<testsuite>'.repeat(150_000)],
    ['a name without end', parseJunit, `<testsuite><testcase name="${'x '.repeat(1_000_000)}"/></testsuite>`],
    [
      'a failure in pieces',
      parseJunit,
      `<testsuite><testcase><failure>${'x<![CDATA[y]]>'.repeat(150_000)}</failure></testcase></testsuite>`,
    ],
    ['hashes', parseTap, `ok 1 -${' #'.repeat(1_000_000)}\n1..1`],
    ['spaces', parseTap, `ok 1 x #${' '.repeat(2_000_000)}\n1..1`],
    ['lines', parseTap, '\n'.repeat(2_000_000)],
    ['a plan without end', parseTap, `1..${'9'.repeat(2_000_000)}`],
  ])('is gone through in seconds: %s', (_, parse, text) => {
    const started = performance.now();
    const results = parse(text);
    expect(performance.now() - started).toBeLessThan(8000);
    const longest =
      results.status === 'read' ? Math.max(0, ...results.cases.map(({ detail = '' }) => detail.length)) : 0;
    expect(longest).toBeLessThan(5000);
  });

  it('is read or broken at a place', () => {
    const pieces = fc.constantFrom(
      '<testsuite>',
      '</testsuite>',
      '<testcase name="a">',
      '</testcase>',
      '<',
      '&',
      'x',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (written) => {
        for (const parse of [parseJunit, parseTap])
          expect(['read', 'broken']).toContain(parse(written).status);
      }),
    );
  });
});
