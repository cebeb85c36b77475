import type { HttpCheck } from '#shared/domain/service/checks.ts';
import type { ProbeAnswer } from '#shared/ports/prober.ts';
import { excerpt, fieldOf, says, seenField } from './body.ts';

/** What is wanted of a body, of whatever kind the answer is. */
interface BodyExpectation {
  contains?: string | undefined;
  json?: HttpCheck['expect']['json'];
}

/** An answer held against what a check expects; every difference is named. */
export function judgeAnswer(
  expect: HttpCheck['expect'],
  answer: ProbeAnswer,
): { pass: boolean; observed: string; expected: string } {
  const problems: string[] = [];
  if (answer.status !== expect.status) problems.push(`status ${answer.status}${leadsTo(answer)}`);
  problems.push(...problemsOfBody(expect, answer.body));
  if (answer.truncated && problems.length > 0) problems.push('only the beginning of the body was read');
  if (expect.maximumLatency !== undefined && answer.durationMs > expect.maximumLatency * 1000)
    problems.push(`took ${Math.ceil(answer.durationMs)} ms`);
  const observed =
    problems.length === 0
      ? `status ${answer.status} in ${Math.round(answer.durationMs)} ms`
      : problems.join(', ');
  return { pass: problems.length === 0, observed, expected: expectedOf(expect) };
}

/** What a check expects, in words. */
export function expectedOf({ status, maximumLatency, ...body }: HttpCheck['expect']): string {
  const latency = maximumLatency === undefined ? [] : [`within ${Math.round(maximumLatency * 1000)} ms`];
  return [`status ${status}`, ...expectedOfBody(body), ...latency].join(', ');
}

/** Every difference between a body and what is expected of it. */
export function problemsOfBody({ contains, json }: BodyExpectation, body: string): string[] {
  const wrong = Object.entries(json ?? {}).flatMap(([field, value]) => {
    const seen = fieldOf(body, field);
    return seen === value ? [] : [`${field} = ${seenField(seen)}`];
  });
  return [...(contains === undefined || says(body, contains) ? [] : [`body ${excerpt(body)}`]), ...wrong];
}

export const expectedOfBody = ({ contains, json }: BodyExpectation): string[] => [
  ...(contains === undefined ? [] : [`a body with ${JSON.stringify(contains)}`]),
  ...Object.entries(json ?? {}).map(([field, value]) => `${field} = ${JSON.stringify(value)}`),
];

/** Where a redirect leads, without what may be secret in it. */
function leadsTo({ status, headers }: ProbeAnswer): string {
  const location = headers['location'];
  return status < 300 || status > 399 || location === undefined
    ? ''
    : ` to ${excerpt(location.replace(/[?#].*$/s, ''))}`;
}
