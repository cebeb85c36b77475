import { causeOf } from '#shared/checks/cause.ts';
import type { Deployment, Failure } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { placeOf } from '#functions/steps/place.ts';
import type { StepResult } from '#functions/steps/step.ts';

/**
 * Why the forward way ends, if this is where, and what is behind it; a retryable fault stands only until a retry succeeds.
 * @param stopped a person said stop: there is nothing to look for
 */
export function failureOf(
  result: StepResult | Fault,
  stopped: boolean,
  { step, phase }: StepMessage,
  deployment: Deployment,
  nowMs: number,
): Failure | undefined {
  if (step === 'rollback' || step === 'report') return undefined;
  const at = new Date(nowMs).toISOString();
  const facts = { step, config: deployment.config, ...placeOf(deployment), ...buildOf(deployment) };
  if (result instanceof Fault) {
    const { code, message } = result;
    const cause = causeOf({ ...facts, code, message, lines: [], failed: [] });
    return { ending: 'fault', step, phase, code, message, at, cause };
  }
  if (result.status !== 'rejected') return undefined;
  const { reason: message, condition, lastLines = [], patch } = result;
  const ending = stopped ? 'cancelled' : 'rejected';
  const failure: Failure = { ending, step, phase, code: ending, message, at };
  if (stopped) return failure;
  const failed = (patch?.checks ?? []).filter(
    ({ severity, outcome }) => severity === 'required' && outcome !== 'pass',
  );
  const seen = { code: 'rejected', message, lines: lastLines, failed, ...(condition && { condition }) };
  return {
    ...failure,
    cause: causeOf({ ...facts, ...seen }),
    ...(lastLines.length === 0 ? {} : { lastLines }),
  };
}

const buildOf = ({ buildId }: Deployment): { buildId?: string } => (buildId === undefined ? {} : { buildId });
