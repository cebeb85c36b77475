import { SaxesParser } from 'saxes';
import { messageOf } from '#shared/errors.ts';
import { longestDetail, mostCases, type TestCase, type TestResults } from './test-results.ts';

const suites = new Set(['testsuites', 'testsuite']);
const ends = new Set(['failure', 'error', 'skipped']);

class Broken extends Error {}

/** An element that is open, and when it began; of a suite, how many failed tests came before it, and whether it says itself that some failed. */
interface Open {
  name: string;
  title: string;
  at: string | undefined;
  failedBefore: number;
  saysFailed: boolean;
}

/**
 * JUnit's XML as runners write it: every `testcase`, in suites as deep as they come. Strict: a document that is not well
 * formed, or is no JUnit's, is broken at a position. A DOCTYPE is refused, and with it every entity that is not XML's own.
 * A suite that has failed by its own words while none of its tests did, as one whose set-up broke, is a failed test itself.
 */
export function parseJunit(text: string): TestResults {
  const parser = new SaxesParser();
  const cases: TestCase[] = [];
  const open: Open[] = [];
  let current: TestCase | undefined;
  let detail = '';
  let failed = 0;
  const refuse = (problem: string): never => {
    throw new Broken(problem);
  };
  const add = (one: TestCase): void => {
    if (cases.length === mostCases) refuse(`more than ${mostCases} tests`);
    cases.push(one);
    if (one.outcome === 'fail') failed += 1;
  };
  parser.on('error', (error) => refuse(withoutPosition(messageOf(error))));
  parser.on('doctype', () => refuse('it has a DOCTYPE'));
  parser.on('opentag', ({ name, attributes }) => {
    const parent = open.at(-1);
    if (!parent && !suites.has(name)) refuse(`<${name}> is not the beginning of JUnit's XML`);
    const saysFailed = suites.has(name) && ['failures', 'errors'].some((count) => isSome(attributes[count]));
    const at = timeOf(attributes) ?? parent?.at;
    open.push({ name, title: attributes['name'] ?? '', at, failedBefore: failed, saysFailed });
    if (name === 'testcase') {
      if (!parent || !suites.has(parent.name)) refuse('a testcase outside of a testsuite');
      const title = nameOf(attributes, cases.length + 1);
      current = {
        name: title,
        outcome: 'pass',
        ...secondsOf(attributes),
        ...(at === undefined ? {} : { at }),
      };
      // GoogleTest's word for a test that was left out.
      if (attributes['status'] === 'notrun') current.outcome = 'skipped';
    }
    if (parent && suites.has(parent.name) && (name === 'failure' || name === 'error'))
      parent.saysFailed = true;
    if (!current || parent?.name !== 'testcase') return;
    if (name === 'failure' || name === 'error') current.outcome = 'fail';
    if (name === 'skipped' && current.outcome === 'pass') current.outcome = 'skipped';
    // Node's own runner tells so of a test that is expected to fail for now, beside how it ended.
    if (name === 'skipped' && attributes['type'] === 'todo') current.isTodo = true;
    detail = (attributes['message'] ?? '').slice(0, longestDetail);
  });
  const more = (written: string): void => {
    if (current && ends.has(open.at(-1)?.name ?? '') && detail.length < longestDetail)
      detail += ` ${written.slice(0, longestDetail)}`;
  };
  parser.on('text', more);
  parser.on('cdata', more);
  parser.on('closetag', ({ name }) => {
    const closed = open.pop();
    const words = detail.replace(/\s+/g, ' ').trim();
    if (current && ends.has(name) && words !== '') current.detail ??= words;
    if (closed?.saysFailed && failed === closed.failedBefore) {
      const told = 'it says that something failed, and none of its tests did';
      add({ name: closed.title || name, outcome: 'fail', detail: told });
    }
    if (name !== 'testcase' || !current) return;
    add(current);
    current = undefined;
  });
  try {
    parser.write(text).close();
    return { status: 'read', cases };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const { line, column } = parser;
    return { status: 'broken', line, column: column + 1, problem: error.message };
  }
}

/** The parser puts `line:column: ` before its words. */
const withoutPosition = (message: string): string => message.replace(/^(?:[^:]*:)?\d+:\d+: /, '');

type Attributes = Readonly<Record<string, string>>;

/** What is no number is not nothing. */
const isSome = (count = ''): boolean => Number(count) !== 0;

const nameOf = ({ classname = '', name = '' }: Attributes, number: number): string =>
  [classname, name].filter((part) => part !== '').join(' › ') || `test ${number}`;

/** Many runners name no zone: that is no time for somebody who is elsewhere. */
function timeOf({ timestamp = '' }: Attributes): string | undefined {
  const ms = /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}

function secondsOf({ time = '' }: Attributes): { seconds?: number } {
  const seconds = Number(time);
  return time !== '' && Number.isFinite(seconds) && seconds >= 0 ? { seconds } : {};
}
