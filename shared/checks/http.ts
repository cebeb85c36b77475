import type { HttpCheck } from '#shared/domain/service/checks.ts';
import type { ProbeAnswer } from '#shared/ports.ts';

/** An answer held against what a check expects; every difference is named. */
export function judgeAnswer(
  expect: HttpCheck['expect'],
  answer: ProbeAnswer,
): { pass: boolean; observed: string; expected: string } {
  const problems: string[] = [];
  const expected = [`status ${expect.status}`];
  if (answer.status !== expect.status) problems.push(`status ${answer.status}`);
  if (expect.contains !== undefined) {
    expected.push(`a body with ${JSON.stringify(expect.contains)}`);
    if (!answer.body.includes(expect.contains)) problems.push(`body ${excerpt(answer.body)}`);
  }
  for (const [field, value] of Object.entries(expect.json ?? {})) {
    expected.push(`${field} = ${JSON.stringify(value)}`);
    const seen = fieldOf(answer.body, field);
    if (seen !== value)
      problems.push(`${field} = ${seen === undefined ? 'missing' : excerpt(JSON.stringify(seen))}`);
  }
  if (expect.maximumLatency !== undefined) {
    const limit = Math.round(expect.maximumLatency * 1000);
    expected.push(`within ${limit} ms`);
    if (answer.durationMs > limit) problems.push(`took ${Math.ceil(answer.durationMs)} ms`);
  }
  const observed =
    problems.length === 0
      ? `status ${answer.status} in ${Math.round(answer.durationMs)} ms`
      : problems.join(', ');
  return { pass: problems.length === 0, observed, expected: expected.join(', ') };
}

function fieldOf(body: string, field: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, field)
      ? (parsed as Record<string, unknown>)[field]
      : undefined;
  } catch {
    // A body that is not JSON has no fields.
    return undefined;
  }
}

/** One line, short enough for a message. */
function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 80)}…` : line || '(empty)';
}
