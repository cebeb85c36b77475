import type { Clock } from '#shared/clock.ts';
import type { Check, Recommendation, Severity } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { withMethodNames } from './method-names.ts';

/** What one check asks, before it is asked. */
export interface Question {
  suite: string;
  id: string;
  title: string;
  /** `required` unless told otherwise. */
  severity?: Severity;
  /** Who is asked. */
  source: string;
  asked: string;
  expected: string;
  /**
   * What it counts when there is no answer to be had, because of a missing grant or an API that is off. `advisory` where
   * Cloud Run or the probes find out in any case before a user can meet it; else as `severity` says.
   */
  unanswered?: Severity;
  /** The role that lets it be answered. */
  grant?: string;
  ask(): Promise<Answer>;
}

export type Answer =
  /** `pass: undefined`: it was looked at, and does not tell. */
  | {
      pass: boolean | undefined;
      observed: string;
      recommendation?: Recommendation;
      /** Instead of the question's. */
      severity?: Severity;
    }
  | { notRun: string; severity?: Severity };

export interface Answered {
  check: Check;
  /** Why there is no answer, when that was a fault. */
  fault?: Fault;
}

const preflight = { step: 'preflight', phase: 'candidate' };

/** The check of a question that was not asked. It is told of, and holds nobody up: the reason has a check of its own. */
export const notAsked = ({ id, title, suite }: Question, reason: string): Answered => ({
  check: { id, title, suite, severity: 'advisory', ...preflight, outcome: 'not-run', reason },
});

/**
 * A question's check. A fault makes it `inconclusive`, with the fault as evidence, never a pass; one that may be gone the
 * next time leaves it as important as it is.
 */
export async function answered(question: Question, clock: Clock): Promise<Answered> {
  const { suite, id, title, source, asked, expected, severity = 'required' } = question;
  const startedMs = clock.now();
  const base = { id, title, suite, severity, ...preflight };
  const evidence = (observed: string) => {
    const now = clock.now();
    return {
      source,
      asked,
      observed: withMethodNames(observed),
      expected,
      at: new Date(now).toISOString(),
      durationMs: now - startedMs,
    };
  };
  const unanswered = question.unanswered ?? severity;
  try {
    const answer = await question.ask();
    if ('notRun' in answer) {
      const { notRun: reason, severity: own = severity } = answer;
      return { check: { ...base, severity: own, outcome: 'not-run', reason } };
    }
    const { pass, observed, recommendation, severity: own = severity } = answer;
    const seen = { ...base, severity: own, evidence: evidence(observed) };
    if (pass === undefined)
      return { check: { ...seen, severity: answer.severity ?? unanswered, outcome: 'inconclusive' } };
    if (pass) return { check: { ...seen, outcome: 'pass' } };
    return { check: { ...seen, outcome: 'fail', ...(recommendation && { recommendation }) } };
  } catch (error) {
    // Anything else is a mistake of our own, and no answer about the outside world.
    if (!(error instanceof Fault)) throw error;
    const fault = error;
    const grant = question.grant === undefined ? '' : ` To let it be looked at, grant ${question.grant}.`;
    const observed = fault.retryable ? fault.message : `${fault.message}.${grant}`;
    const weight = fault.retryable ? severity : unanswered;
    return {
      check: { ...base, severity: weight, outcome: 'inconclusive', evidence: evidence(observed) },
      fault,
    };
  }
}
