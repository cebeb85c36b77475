import { longestDetail, mostCases, type TestCase, type TestResults } from './test-results.ts';

const point = /^(not )?ok\b(?:[ \t]+(\d+))?(?:[ \t]*-)?[ \t]*(.*)$/;
const plan = /^1\.\.(\d+)(?:[ \t]*#[ \t]*(.*))?$/;
const directive = /[ \t]#[ \t]*(skip|todo)\b\S*[ \t]*(.*)$/i;

/**
 * The Test Anything Protocol, 12 to 14 (https://testanything.org/tap-version-14-specification.html): test points and
 * plan of the top level. What is indented belongs to a point that sums it up; other lines are no part of it.
 */
export function parseTap(text: string): TestResults {
  const cases: TestCase[] = [];
  let planned: { count: number; line: number } | undefined;
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const broken = (line: number, problem: string): TestResults => ({
    status: 'broken',
    line,
    column: 1,
    problem,
  });
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const planMatch = plan.exec(line);
    if (planMatch) {
      if (planned) return broken(number, `a second plan, after the one in line ${planned.line}`);
      planned = { count: Number(planMatch[1]), line: number };
      continue;
    }
    if (line.startsWith('Bail out!')) {
      const detail = line.slice('Bail out!'.length).trim();
      cases.push({ name: 'Bail out!', outcome: 'fail', detail: detail.slice(0, longestDetail) });
      return { status: 'read', cases };
    }
    const match = point.exec(line);
    if (!match) continue;
    const [, not, id, rest = ''] = match;
    if (id !== undefined && Number(id) !== cases.length + 1)
      return broken(number, `test ${id} where test ${cases.length + 1} was expected`);
    if (cases.length === mostCases) return broken(number, `more than ${mostCases} tests`);
    cases.push(caseOf(not !== undefined, rest, cases.length + 1));
  }
  if (!planned) return broken(lines.length, 'no plan such as 1..3: it may have been cut off');
  if (planned.count !== cases.length)
    return broken(planned.line, `${planned.count} tests are planned, ${cases.length} are there`);
  return { status: 'read', cases };
}

function caseOf(failed: boolean, rest: string, number: number): TestCase {
  const [written, kind = '', reason = ''] = directive.exec(` ${rest}`) ?? [''];
  const name = rest
    .slice(0, rest.length + 1 - written.length)
    .replaceAll('\\#', '#')
    .trim();
  const base = {
    name: name || `test ${number}`,
    ...(reason === '' ? {} : { detail: reason.slice(0, longestDetail) }),
  };
  if (kind.toLowerCase() === 'skip') return { ...base, outcome: 'skipped' };
  const isTodo = kind.toLowerCase() === 'todo' ? { isTodo: true } : {};
  return { ...base, outcome: failed ? 'fail' : 'pass', ...isTodo };
}
