import { excerpt } from '#shared/checks/body.ts';
import { parseJunit } from '#shared/checks/junit.ts';
import { redact } from '#shared/checks/redact.ts';
import { parseTap } from '#shared/checks/tap.ts';
import { longestResults, type TestCase } from '#shared/checks/test-results.ts';
import type { Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { JobCheck } from '#shared/domain/service/checks.ts';
import type { StepContext } from '#functions/steps/step.ts';
import { base, type Asking } from './asking.ts';

/** Every check is part of the record, which has a limit; failures come first, the rest is summed up. */
const mostChecks = 200;
const longestTitle = 120;
const clockMs = 60_000;

export interface Told {
  outcome: 'pass' | 'fail' | 'inconclusive';
  words: string;
  checks: Check[];
}

/** Where in our bucket the results of this check are expected; undefined when none are. */
export function resultsOf(
  { deployment, message }: StepContext,
  suite: string,
  wanted: JobCheck,
): string | undefined {
  if (wanted.results === undefined) return undefined;
  const number = deployment.config.suites.findIndex(({ title }) => title === suite) + 1;
  const type = wanted.results === 'junit' ? 'xml' : 'tap';
  return `results/${deployment.id}/${message.phase}/${number}-${wanted.name}.${type}`;
}

/** The execution that wrote them. */
interface Execution {
  source: string;
  /** ISO 8601 */
  endedAt: string;
  logUri: string | undefined;
}

/** What the job wrote, one check per test. What is missing or broken says nothing. */
export async function casesOf(
  asking: Asking,
  wanted: JobCheck,
  execution: Execution,
): Promise<Told | undefined> {
  const { context, suite } = asking;
  const object = resultsOf(context, suite.title, wanted);
  if (object === undefined) return undefined;
  const unknown = (words: string): Told => ({ outcome: 'inconclusive', words, checks: [] });
  const place = `gs://${context.deps.config.bucket}/${object}`;
  const stored = await readResults(context, object);
  if (stored instanceof Fault) return unknown(`no results: ${stored.message}`);
  if (!stored) return unknown(`no results in ${place}`);
  const { text } = stored;
  const results = wanted.results === 'junit' ? parseJunit(text) : parseTap(text);
  if (results.status === 'broken')
    return unknown(`broken results in ${place}:${results.line}:${results.column}: ${results.problem}`);
  const { cases } = results;
  if (cases.length === 0) return unknown(`no test in ${place}`);
  const failed = cases.filter(isBad).length;
  const skipped = cases.filter(({ outcome }) => outcome === 'skipped').length;
  const passed = cases.filter(({ outcome }) => outcome === 'pass').length;
  const words = `${passed} of ${cases.length} tests passed, ${failed} failed, ${skipped} skipped`;
  // Where every test was left out nothing was tested.
  const outcome = failed > 0 ? 'fail' : passed > 0 ? 'pass' : 'inconclusive';
  return { outcome, words, checks: checksOf(asking, wanted, execution, cases) };
}

/** What a retry can mend is the step's; of anything else the job's own end is told all the same. */
async function readResults({ deps, signal }: StepContext, object: string) {
  try {
    return await deps.objects.read(object, { maximumBytes: longestResults });
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault) || error.retryable) throw error;
    return error;
  }
}

const isBad = ({ outcome, isTodo }: TestCase): boolean => outcome === 'fail' && !isTodo;

function checksOf(
  asking: Asking,
  wanted: JobCheck,
  execution: Execution,
  cases: readonly TestCase[],
): Check[] {
  const ordered = [...cases.filter(isBad), ...cases.filter((one) => !isBad(one))];
  const shown = ordered.length > mostChecks ? ordered.slice(0, mostChecks - 1) : ordered;
  const rest = ordered.slice(shown.length);
  const ids = new Map<string, number>();
  const checks = shown.map((one) => {
    const count = (ids.get(one.name) ?? 0) + 1;
    ids.set(one.name, count);
    // Tests of one name are told apart.
    return checkOfCase(asking, wanted, execution, {
      ...one,
      name: count === 1 ? one.name : `${one.name} (${count})`,
    });
  });
  if (rest.length === 0) return checks;
  const bad = rest.filter(isBad).length;
  const sum: TestCase = {
    name: `${rest.length} more tests`,
    outcome: bad > 0 ? 'fail' : 'pass',
    detail: `${bad} of them failed`,
  };
  return [...checks, checkOfCase(asking, wanted, execution, sum)];
}

function checkOfCase(asking: Asking, wanted: JobCheck, execution: Execution, one: TestCase): Check {
  const { deployment, startedMs } = asking.context;
  const { source, endedAt, logUri } = execution;
  const clean = (text: string): string =>
    redact([text], Object.keys(deployment.config.runtime.secrets)).join(' ');
  const title = excerpt(clean(one.name.slice(0, longestTitle * 4)), longestTitle);
  const detail = one.detail === undefined ? undefined : excerpt(clean(one.detail), 300);
  const check = { ...base(asking, wanted), id: `${wanted.name}/${title}`, title };
  // What its author left out, or does not expect to pass yet, holds nobody up.
  const advisory = { ...check, severity: 'advisory' } as const;
  if (one.outcome === 'skipped')
    return { ...advisory, outcome: 'not-run', reason: detail ?? 'it was skipped' };
  return {
    ...(one.isTodo && one.outcome === 'fail' ? advisory : check),
    outcome: one.outcome,
    evidence: {
      source,
      asked: title,
      observed: one.outcome === 'pass' ? 'passed' : (detail ?? 'failed'),
      expected: 'passes',
      at: isWithin(one.at, startedMs, Date.parse(endedAt)) ? one.at : endedAt,
      ...(logUri === undefined ? {} : { logUri }),
      ...(one.seconds === undefined ? {} : { durationMs: Math.round(one.seconds * 1000) }),
    },
  };
}

/** Clocks differ a little; a time that is far from the execution is not the tests'. */
const isWithin = (at: string | undefined, fromMs: number, toMs: number): at is string =>
  at !== undefined && Date.parse(at) >= fromMs - clockMs && Date.parse(at) <= toMs + clockMs;
