import { capture, hide, inBody, inPath, inText, type Values } from '#shared/checks/capture.ts';
import { expectedOf, judgeAnswer } from '#shared/checks/http.ts';
import type { Check } from '#shared/domain/check.ts';
import type { HttpCheck } from '#shared/domain/service/checks.ts';
import type { ProbeAnswer } from '#shared/ports/prober.ts';
import { checkOf, lookOfFault, targetOf, withRetries, type Asking, type Look } from './asking.ts';

const none: Values = new Map();

/**
 * One HTTP check.
 * @param values of earlier checks, for `${name}`; what is told of the answer does not show them
 * @returns `values`: what this answer gives to later checks
 */
export async function askHttp(
  asking: Asking,
  wanted: HttpCheck,
  values: Values = none,
): Promise<{ check: Check; values: Values }> {
  const { context, address } = asking;
  const { clock } = context.deps;
  const startedMs = clock.now();
  let gained = none;
  const told = await withRetries(context, wanted.retries, async (): Promise<Look> => {
    const attemptMs = clock.now();
    try {
      const answer = await context.deps.prober.request({
        ...targetOf(asking, inPath(wanted.path, values), wanted.timeout),
        method: wanted.method,
        headers: Object.fromEntries(
          Object.entries(wanted.headers).map(([name, text]) => [name, inText(text, values)]),
        ),
        ...(wanted.body === undefined ? {} : { body: inBody(wanted.body, values) }),
        ...(wanted.followRedirects ? { followRedirects: true } : {}),
      });
      const captured = capture(wanted.capture, answer);
      gained = captured.values;
      return judged(wanted, answer, captured.problems, new Map([...values, ...gained]));
    } catch (error) {
      const look = lookOfFault(context, error, expectedOf(wanted.expect), clock.now() - attemptMs);
      return { ...look, observed: hide(look.observed, values) };
    }
  });
  const source = `${wanted.method} ${address}${wanted.path}`;
  return { check: checkOf(asking, wanted, source, startedMs, told), values: gained };
}

function judged(wanted: HttpCheck, answer: ProbeAnswer, missing: readonly string[], secret: Values): Look {
  const { pass, expected, ...seen } = judgeAnswer(wanted.expect, answer);
  // Excerpts are taken from what shows no value: half of one could not be found any more.
  const shown = judgeAnswer(wanted.expect, { ...answer, body: hide(answer.body, secret) });
  const words = pass ? seen.observed : shown.pass ? 'the body is not as expected' : shown.observed;
  return {
    outcome: pass && missing.length === 0 ? 'pass' : 'fail',
    observed: hide([words, ...missing].join(', '), secret),
    expected,
    durationMs: answer.durationMs,
  };
}
