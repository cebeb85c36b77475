import { backoffWaits } from '#local/workflows/backoff.ts';
import { assignedNames } from '#local/workflows/check-steps.ts';
import { lastly, repeat, rescued, type Eventual } from '#local/workflows/eventual.ts';
import { fault, WorkflowFault } from '#local/workflows/fault.ts';
import { requireBoolean } from '#local/workflows/operators.ts';
import type { Engine, Flow, Place } from '#local/workflows/place.ts';
import type { RetryPolicy, Step, Template } from '#local/workflows/program.ts';
import { parameterAt } from '#local/workflows/signature.ts';
import { Scope } from '#local/workflows/scope.ts';
import { isNumber, typeName } from '#local/workflows/values.ts';

type Try = Extract<Step, { kind: 'try' }>;

/**
 * Runs a `try`: after an error its whole body again as long as `retry` says so, then `except`. Each retry is billed.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/retrying
 */
export function runTry(engine: Engine, step: Try, place: Place): Eventual<Flow> {
  let retries = 0;
  let waits: Iterator<number> | undefined;

  return repeat<Flow>(() => {
    const again = retries > 0;
    const body = (inside: Place): Eventual<Flow> => engine.runBlock(step.body, inside);
    const part = again ? { type: 'RETRY' as const, iteration: retries - 1 } : { type: 'TRY' as const };
    return rescued<Flow | undefined>(() => engine.journal.part(part, step, place, body), afterError);
  });

  async function afterError(error: unknown): Promise<Flow | undefined> {
    if (!(error instanceof WorkflowFault) || !error.catchable) throw error;
    const seconds = step.retry && (await nextWait(step.retry, error));
    if (seconds !== undefined) {
      await engine.context.wait(seconds, 'retry');
      engine.context.billAgain();
      retries += 1;
      return undefined;
    }
    if (!step.except) throw error;
    const { as, steps } = step.except;
    // What the body assigns lives around the `try` however far it got: a fallback set by the handler is read behind it.
    place.scope.declare(assignedNames(step.body));
    return engine.journal.part({ type: 'EXCEPT' }, step, place, (inside) => {
      const scope = new Scope(engine.memory, place.scope);
      return lastly(
        () => {
          if (as !== undefined) scope.define(as.name, error.value);
          return engine.runBlock(steps, inside.with(scope));
        },
        () => scope.end(),
      );
    });
  }

  /** Undefined when the error is not to be retried, or not any more. The policy is evaluated at the first error. */
  async function nextWait(retry: RetryPolicy, error: WorkflowFault): Promise<number | undefined> {
    waits ??= backoffWaits({
      maxRetries: await count(retry.maxRetries, 'max_retries'),
      initialDelay: await number(retry.initialDelay, 'initial_delay'),
      maxDelay: await number(retry.maxDelay, 'max_delay'),
      multiplier: await number(retry.multiplier, 'multiplier'),
    });
    const predicate = retry.predicate.name;
    const args = new Map([[parameterAt(engine.program, predicate, 0), error.value]]);
    const answer = await engine.callFunction(predicate, args, place);
    if (!requireBoolean(answer, `the answer of predicate '${predicate}'`)) return undefined;
    const { done, value } = waits.next();
    return done === true ? undefined : value;
  }

  /** (What Google makes of half a retry is unverified.) */
  async function count(template: Template, what: string): Promise<number> {
    const value = await engine.evaluate(template, place);
    if (typeof value === 'bigint' && value >= 0n) return Number(value);
    const got = typeof value === 'bigint' ? String(value) : typeName(value);
    throw fault('TypeError', `${what} must be an integer of 0 or more, got ${got}`);
  }

  async function number(template: Template, what: string): Promise<number> {
    const value = await engine.evaluate(template, place);
    if (isNumber(value) && value >= 0) return Number(value);
    throw fault('TypeError', `${what} must be a number of 0 or more, got ${typeName(value)}`);
  }
}
