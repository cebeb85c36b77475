import { SaxesParser } from 'saxes';
import { messageOf } from '#shared/errors.ts';
import { mostCases, type TestCase, type TestResults } from './test-results.ts';

const suites = new Set(['testsuites', 'testsuite']);
/** Of one message; the rest of it is dropped. */
const longestDetail = 2000;

class Broken extends Error {}

/**
 * JUnit's XML as runners write it: every `testcase`, in suites as deep as they come. Strict: a document that is not well
 * formed, or is no JUnit's, is broken at a position. A DOCTYPE is refused, and with it every entity that is not XML's own.
 */
export function parseJunit(text: string): TestResults {
  const parser = new SaxesParser();
  const cases: TestCase[] = [];
  const open: string[] = [];
  let current: TestCase | undefined;
  let detail = '';
  const refuse = (problem: string): never => {
    throw new Broken(problem);
  };
  parser.on('error', (error) => refuse(withoutPosition(messageOf(error))));
  parser.on('doctype', () => refuse('it has a DOCTYPE'));
  parser.on('opentag', ({ name, attributes }) => {
    const parent = open.at(-1);
    if (parent === undefined && !suites.has(name)) refuse(`<${name}> is not the beginning of JUnit's XML`);
    open.push(name);
    if (name === 'testcase') {
      if (parent !== 'testsuite') refuse('a testcase outside of a testsuite');
      if (cases.length === mostCases) refuse(`more than ${mostCases} tests`);
      current = { name: nameOf(attributes, cases.length + 1), outcome: 'pass', ...secondsOf(attributes) };
    }
    if (!current || parent !== 'testcase') return;
    if (name === 'failure' || name === 'error') current.outcome = 'fail';
    if (name === 'skipped' && current.outcome === 'pass') current.outcome = 'skipped';
    detail = attributes['message'] ?? '';
  });
  const more = (written: string): void => {
    const isTold = current && ['failure', 'error', 'skipped'].includes(open.at(-1) ?? '');
    if (isTold && detail.length < longestDetail) detail += ` ${written.slice(0, longestDetail)}`;
  };
  parser.on('text', more);
  parser.on('cdata', more);
  parser.on('closetag', ({ name }) => {
    open.pop();
    const words = detail.replace(/\s+/g, ' ').trim();
    const isTold = current && ['failure', 'error', 'skipped'].includes(name);
    if (current && isTold && words !== '') current.detail ??= words;
    if (name !== 'testcase' || !current) return;
    cases.push(current);
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

const nameOf = ({ classname = '', name = '' }: Attributes, number: number): string =>
  [classname, name].filter((part) => part !== '').join(' › ') || `test ${number}`;

function secondsOf({ time = '' }: Attributes): { seconds?: number } {
  const seconds = Number(time);
  return time !== '' && Number.isFinite(seconds) && seconds >= 0 ? { seconds } : {};
}
