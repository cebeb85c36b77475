import { backoffWaits } from '#local/workflows/backoff.ts';
import { evaluate, evaluateTemplate, withElement, type Reach } from '#local/workflows/evaluate.ts';
import { fault, limitFault, raisedFault, WorkflowFault } from '#local/workflows/fault.ts';
import type { BilledSteps, WorkflowHost } from '#local/workflows/host.ts';
import { Args, type CallContext } from '#local/workflows/library/function.ts';
import { library } from '#local/workflows/library.ts';
import { loopItems } from '#local/workflows/loop-items.ts';
import { requireBoolean } from '#local/workflows/operators.ts';
import {
  limits,
  type Assignment,
  type Program,
  type Routine,
  type Step,
  type Template,
} from '#local/workflows/program.ts';
import { Scope } from '#local/workflows/scope.ts';
import { isNumber, typeName, type Value } from '#local/workflows/values.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

/** What a block of steps ends with. */
type Flow = { kind: 'done' } | { kind: 'jump'; target: string } | { kind: 'return'; value: Value };
type Call = Extract<Step, { kind: 'call' }>;
type For = Extract<Step, { kind: 'for' }>;
type Try = Extract<Step, { kind: 'try' }>;

/** One call of a workflow or subworkflow. */
interface Frame {
  routine: Routine;
  depth: number;
}

const done: Flow = { kind: 'done' };

/**
 * Runs `main` to its end and answers what it returned.
 * @param billed counted up while it runs. Each executed step is one, also under `try` and in a switch entry, and so is each retry (how Google counts the last two is unverified).
 * @param signal ends the run at once: no `except` sees it, the promise rejects with the signal's reason
 * @throws WorkflowFault when an error was not caught
 */
export async function interpret(
  program: Program,
  argument: Value,
  host: WorkflowHost,
  billed: BilledSteps,
  signal: AbortSignal,
): Promise<Value> {
  let executed = 0;
  const main = program.routines.get('main');
  if (!main) throw new Error("the program has no 'main'");
  const [parameter] = main.params;
  const context: CallContext = {
    host,
    signal,
    billExternal: () => {
      billed.internal -= 1;
      billed.external += 1;
    },
    billAgain: () => {
      billed.internal += 1;
    },
  };
  return callRoutine(main, parameter ? new Map([[parameter.name, argument]]) : new Map(), 1);

  async function callRoutine(
    routine: Routine,
    args: ReadonlyMap<string, Value>,
    depth: number,
  ): Promise<Value> {
    if (depth > limits.callDepth) {
      throw fault('RecursionError', `call depth exceeds ${limits.callDepth} in '${routine.name}'`);
    }
    const frame: Frame = { routine, depth };
    const scope = new Scope(undefined);
    for (const { name, defaultValue } of routine.params) {
      const value = args.get(name);
      scope.write(
        name,
        value ?? (defaultValue ? await evaluateTemplate(defaultValue, reachOf(scope, frame)) : null),
      );
    }
    const flow = await runBlock(routine.steps, scope, frame);
    // `next: end` in a subworkflow ends that subworkflow (unverified).
    return flow.kind === 'return' ? flow.value : null;
  }

  async function runBlock(steps: readonly Step[], scope: Scope, frame: Frame): Promise<Flow> {
    for (let at = 0; ;) {
      const step = steps[at];
      if (!step) return done;
      const flow = await runStep(step, scope, frame);
      if (flow.kind === 'done') at += 1;
      else if (flow.kind === 'return') return flow;
      else {
        at = steps.findIndex(({ name }) => name === flow.target);
        if (at < 0) return flow;
      }
    }
  }

  async function runStep(step: Step, scope: Scope, frame: Frame): Promise<Flow> {
    signal.throwIfAborted();
    executed += 1;
    billed.internal += 1;
    host.onStep?.({ routine: frame.routine.name, step: step.name, kind: step.kind });
    try {
      if (executed > limits.steps) throw limitFault(`the execution ran more than ${limits.steps} steps`);
      const flow = await perform(step, scope, frame);
      return flow.kind === 'done' && step.next !== undefined ? { kind: 'jump', target: step.next } : flow;
    } catch (error) {
      if (error instanceof WorkflowFault) {
        error.passed({ routine: frame.routine.name, step: step.name, position: step.position }, frame.depth);
      }
      throw error;
    }
  }

  async function perform(step: Step, scope: Scope, frame: Frame): Promise<Flow> {
    const reach = reachOf(scope, frame);
    switch (step.kind) {
      case 'assign':
        for (const assignment of step.assignments) await assign(assignment, scope, reach);
        return done;
      case 'call': {
        const result = await call(step, reach, frame);
        if (step.result !== undefined) scope.write(step.result, result);
        return done;
      }
      case 'switch':
        for (const { condition, step: inner } of step.entries) {
          if (requireBoolean(await evaluateTemplate(condition, reach), 'a condition')) {
            // A jump alone is part of the switch step; anything else in the entry is a step of its own.
            return inner.kind === 'jump'
              ? { kind: 'jump', target: inner.next ?? 'end' }
              : runStep(inner, scope, frame);
          }
        }
        return done;
      case 'for':
        return loop(step, scope, frame);
      case 'steps':
        return runBlock(step.steps, scope, frame);
      case 'try':
        return attempt(step, scope, frame);
      case 'raise':
        throw raisedFault(await evaluateTemplate(step.value, reach));
      case 'return':
        return { kind: 'return', value: await evaluateTemplate(step.value, reach) };
      case 'jump':
        return done;
      default:
        throw unreachable(step);
    }
  }

  async function assign({ variable, path, value }: Assignment, scope: Scope, reach: Reach): Promise<void> {
    const keys: Value[] = [];
    for (const key of path) keys.push(await evaluate(key, reach));
    const made = await evaluateTemplate(value, reach);
    scope.write(variable, keys.length === 0 ? made : withElement(scope.read(variable), keys, made));
  }

  async function call(step: Call, reach: Reach, frame: Frame): Promise<Value> {
    const args = new Map<string, Value>();
    for (const [name, template] of step.args) args.set(name, await evaluateTemplate(template, reach));
    return callFunction(step.function, args, frame);
  }

  async function callFunction(name: string, args: ReadonlyMap<string, Value>, frame: Frame): Promise<Value> {
    const routine = program.routines.get(name);
    if (routine) return callRoutine(routine, args, frame.depth + 1);
    const known = library.get(name);
    if (!known) throw new Error(`function '${name}' passed the check but is not known`);
    return known.run(new Args(name, args), context);
  }

  async function loop(step: For, scope: Scope, frame: Frame): Promise<Flow> {
    const over = await evaluateTemplate(step.over.template, reachOf(scope, frame));
    let index = 0n;
    for (const item of loopItems(step.over.kind, over)) {
      const variables: [string, Value][] = [[step.value, item]];
      if (step.index !== undefined) variables.push([step.index, index]);
      index += 1n;
      const flow = await runBlock(step.steps, new Scope(scope, variables), frame);
      if (flow.kind === 'jump' && flow.target === 'break') break;
      if (flow.kind === 'return' || (flow.kind === 'jump' && flow.target !== 'continue')) return flow;
    }
    return done;
  }

  async function attempt(step: Try, scope: Scope, frame: Frame): Promise<Flow> {
    let waits: Generator<number, undefined> | undefined;
    for (;;) {
      try {
        return await runBlock(step.body, scope, frame);
      } catch (error) {
        if (!(error instanceof WorkflowFault) || !error.catchable) throw error;
        waits ??= await waitsOf(step, scope, frame);
        const seconds = (await isRetried(step, error, frame)) ? waits.next().value : undefined;
        if (seconds !== undefined) {
          await host.clock.sleep(seconds * 1000, signal);
          billed.internal += 1;
          continue;
        }
        if (!step.except) throw error;
        const { as, steps } = step.except;
        return await runBlock(steps, new Scope(scope, as === undefined ? [] : [[as, error.value]]), frame);
      }
    }
  }

  async function isRetried(step: Try, error: WorkflowFault, frame: Frame): Promise<boolean> {
    if (!step.retry) return false;
    const { predicate } = step.retry;
    const [parameter] = program.routines.get(predicate)?.params ?? library.get(predicate)?.params ?? [];
    const args = new Map(parameter ? [[parameter.name, error.value]] : []);
    return requireBoolean(
      await callFunction(predicate, args, frame),
      `the answer of predicate '${predicate}'`,
    );
  }

  async function waitsOf(step: Try, scope: Scope, frame: Frame): Promise<Generator<number, undefined>> {
    const number = async (template: Template, what: string): Promise<number> => {
      const value = await evaluateTemplate(template, reachOf(scope, frame));
      if (isNumber(value) && value >= 0) return Number(value);
      throw fault('TypeError', `${what} must be a number of 0 or more, got ${typeName(value)}`);
    };
    const { retry } = step;
    if (!retry) return backoffWaits({ maxRetries: 0, initialDelay: 0, maxDelay: 0, multiplier: 1 });
    return backoffWaits({
      maxRetries: await number(retry.maxRetries, 'max_retries'),
      initialDelay: await number(retry.initialDelay, 'initial_delay'),
      maxDelay: await number(retry.maxDelay, 'max_delay'),
      multiplier: await number(retry.multiplier, 'multiplier'),
    });
  }

  function reachOf(scope: Scope, frame: Frame): Reach {
    return {
      read: (name) => scope.read(name),
      call: (name, args) => {
        const params = program.routines.get(name)?.params ?? library.get(name)?.params ?? [];
        const named = args.map((value, index): [string, Value] => [params[index]?.name ?? '', value]);
        return callFunction(name, new Map(named), frame);
      },
    };
  }
}
