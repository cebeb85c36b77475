import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
  ])('with %s is broken, and where', (_, text, line, problem) => {
    expect(parseTap(text)).toEqual({
      status: 'broken',
      line,
      column: 1,
      problem: expect.stringMatching(problem),
    });
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

  it.each([
    ['cut off', '<testsuite>\n<testcase name="a"/>\n', 3, /unclosed/i],
    ['not closed in order', '<testsuite><testcase></testsuite>', 1, /closing tag|unexpected/i],
    ['of another kind', '<html/>', 1, /^<html> is not/],
    ['JSON', '{}', 1, /text|document/i],
    ['nothing', '', 1, /./],
    ['with a test outside of a suite', '<testsuites><testcase/></testsuites>', 1, /outside/],
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

  it('with entities that multiply is refused at once', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`,
    );
    const text = `<!DOCTYPE x [<!ENTITY e0 "lol">${levels.join('')}]><testsuite name="&e30;"/>`;
    expect(parseJunit(text)).toMatchObject({ status: 'broken', problem: 'it has a DOCTYPE' });
  });
});

describe('whatever a job wrote', () => {
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
