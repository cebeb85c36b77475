import { faultOf, WorkflowFault } from '#local/workflows/fault.ts';
import type { BilledSteps, WorkflowHost } from '#local/workflows/host.ts';
import { formatJson } from '#local/workflows/json.ts';
import { contextOf, payloadOf } from '#local/workflows/outcome-text.ts';
import type { Program } from '#local/workflows/program.ts';
import { interpret } from '#local/workflows/run.ts';
import type { Value } from '#local/workflows/values.ts';

/** `result` and `error.payload` are JSON texts, int64s of a position are strings: as in the Executions API. */
export type Outcome = { state: 'SUCCEEDED'; result: string } | { state: 'FAILED'; error: OutcomeError };

export interface OutcomeError {
  payload: string;
  context: string;
  stackTrace: {
    elements: {
      routine: string;
      step: string;
      position: { line: string; column: string; length: string };
    }[];
  };
}

/**
 * Runs a program to its end.
 * @param argument the decoded argument of the execution; null without one
 * @param billed counted up while it runs, so that it can be read at any time
 * @param signal ends the run at once, without any `except`: the promise rejects with the signal's reason
 */
export async function runWorkflow(
  program: Program,
  argument: Value,
  host: WorkflowHost,
  billed: BilledSteps,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const value = await interpret(program, argument, host, billed, signal);
    return { state: 'SUCCEEDED', result: formatJson(value) };
  } catch (error) {
    const known = faultOf(error);
    if (known instanceof WorkflowFault) return { state: 'FAILED', error: describe(known) };
    throw known;
  }
}

function describe(fault: WorkflowFault): OutcomeError {
  const elements = fault.trace.map(({ routine, step, position }) => ({
    routine,
    step,
    // The length of the step is not known here.
    position: { line: String(position.line), column: String(position.column), length: '0' },
  }));
  return { payload: payloadOf(fault), context: contextOf(fault), stackTrace: { elements } };
}
