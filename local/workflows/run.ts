import { setMaxListeners } from 'node:events';
import { runTry } from '#local/workflows/attempt.ts';
import { evaluate, evaluateTemplate, withElement } from '#local/workflows/evaluate.ts';
import { lastly, mapInTurn, repeat, after, type Eventual } from '#local/workflows/eventual.ts';
import { fault, faultOf, limitFault, raisedFault, WorkflowFault } from '#local/workflows/fault.ts';
import type { BilledSteps, WorkflowHost } from '#local/workflows/host.ts';
import { Journal } from '#local/workflows/journal.ts';
import { formatJson } from '#local/workflows/json.ts';
import { Args, type CallContext } from '#local/workflows/library/function.ts';
import { library } from '#local/workflows/library.ts';
import { runLoop } from '#local/workflows/loop.ts';
import { Memory } from '#local/workflows/memory.ts';
import { requireBoolean } from '#local/workflows/operators.ts';
import { runParallel } from '#local/workflows/parallel.ts';
import { done, Place, type Engine, type Flow, type Frame } from '#local/workflows/place.ts';
import type { Assignment, Program, Routine, Step } from '#local/workflows/program.ts';
import { Scope } from '#local/workflows/scope.ts';
import { parameterAt } from '#local/workflows/signature.ts';
import { Slots } from '#local/workflows/slots.ts';
import type { Value } from '#local/workflows/values.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

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
  const { limits } = program;
  const main = program.routines.get('main');
  if (!main) throw new Error("the program has no 'main'");
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  // Every branch that waits listens to it; Node takes more than ten listeners for a leak.
  setMaxListeners(0, ended);
  const began = host.clock.now();
  let executed = 0;
  const context: CallContext = {
    host,
    limits,
    signal: ended,
    secondsLeft,
    async wait(seconds, why) {
      host.observer?.onWait?.(seconds, why);
      await host.clock.sleep(Math.min(seconds, secondsLeft()) * 1000, ended);
      secondsLeft();
    },
    billExternal() {
      billed.internal -= 1;
      bill('external');
    },
    billAgain: () => bill('internal'),
  };
  const engine: Engine = {
    program,
    context,
    memory: new Memory(limits),
    journal: new Journal(host.observer),
    slots: new Slots(limits.concurrency),
    stop: (reason) => stop.abort(reason),
    runBlock,
    evaluate: evaluateTemplate,
    callFunction,
  };
  const [parameter] = main.params;
  const args = new Map(parameter ? [[parameter.name, argument]] : []);
  return callRoutine(main, args, { depth: 0, parallels: 0, threadId: '', entry: undefined });

  /** Looked at where time passes: before and after a wait. (How Google ends such an execution is unverified.) */
  function secondsLeft(): number {
    const seconds = (began - host.clock.now()) / 1000 + limits.executionSeconds;
    if (seconds > 0) return seconds;
    throw limitFault(`the execution lasted longer than ${limits.executionSeconds} seconds`);
  }

  function bill(kind: keyof BilledSteps): void {
    billed[kind] += 1;
    host.observer?.onBilled?.(kind);
  }

  function callRoutine(
    routine: Routine,
    values: ReadonlyMap<string, Value>,
    caller: Omit<Frame, 'routine'>,
  ): Eventual<Value> {
    const depth = caller.depth + 1;
    if (depth > limits.callDepth) {
      throw fault('RecursionError', `call depth exceeds ${limits.callDepth} in '${routine.name}'`);
    }
    const scope = new Scope(engine.memory);
    const place = new Place(engine, scope, { ...caller, routine, depth });
    const flow = lastly<Flow>(
      () => {
        for (const { name, defaultValue } of routine.params) {
          const given = values.get(name);
          scope.define(name, given === undefined ? defaultValue : given);
        }
        return runBlock(routine.steps, place);
      },
      () => scope.end(),
    );
    // `next: end` in a subworkflow ends that subworkflow only, as Google's sample workflows-kubernetes-engine needs.
    return after(flow, (end) => (end.kind === 'return' ? end.value : null));
  }

  function runBlock(steps: readonly Step[], place: Place): Eventual<Flow> {
    let at = 0;
    return repeat<Flow>(() => {
      const step = steps[at];
      if (!step) return done;
      return after(runStep(step, place), (flow) => {
        if (flow.kind === 'return') return flow;
        at = flow.kind === 'done' ? at + 1 : steps.findIndex(({ name }) => name === flow.target);
        return at < 0 ? flow : undefined;
      });
    });
  }

  function runStep(step: Step, place: Place): Eventual<Flow> {
    ended.throwIfAborted();
    executed += 1;
    bill('internal');
    const finished = (flow: Flow): Flow =>
      flow.kind === 'done' && step.next !== undefined ? { kind: 'jump', target: step.next.name } : flow;
    try {
      if (executed > limits.steps) throw limitFault(`the execution ran more than ${limits.steps} steps`);
      const flow = engine.journal.step(step, place, (inside) => perform(step, inside));
      if (!(flow instanceof Promise)) return finished(flow);
      return flow.then(finished, (error: unknown) => {
        throw failed(error, step, place);
      });
    } catch (error) {
      throw failed(error, step, place);
    }
  }

  function failed(error: unknown, step: Step, { frame }: Place): unknown {
    const known = faultOf(error);
    if (known instanceof WorkflowFault) {
      known.passed({ routine: frame.routine.name, step: step.name, position: step.position }, frame.depth);
    }
    return known;
  }

  function perform(step: Step, place: Place): Eventual<Flow> {
    switch (step.kind) {
      case 'assign':
        return after(
          mapInTurn(step.assignments, (assignment) => assign(assignment, place)),
          () => done,
        );
      case 'call':
        return after(call(step, place), (result) => {
          if (step.result !== undefined) place.scope.write(step.result.name, result);
          return done;
        });
      case 'switch':
        return choose(step.entries, place);
      case 'for':
        return runLoop(engine, step, place);
      case 'parallel':
        return runParallel(engine, step, place);
      case 'steps':
        return runBlock(step.steps, place);
      case 'try':
        return runTry(engine, step, place);
      case 'raise':
        return after(evaluateTemplate(step.value, place), (value) => {
          throw raisedFault(value);
        });
      case 'return':
        return after(evaluateTemplate(step.value, place), (value): Flow => {
          // The answer of an execution is JSON. What has no such form fails in the step that returns it.
          if (place.frame.depth === 1) formatJson(value);
          return { kind: 'return', value };
        });
      case 'jump':
        return done;
      default:
        throw unreachable(step);
    }
  }

  function assign({ variable, path, value }: Assignment, place: Place): Eventual<null> {
    const keys = mapInTurn(path, (key) => evaluate(key, place));
    return after(keys, (found) =>
      after(evaluateTemplate(value, place), (made) => {
        const { scope } = place;
        scope.write(variable, found.length === 0 ? made : withElement(scope.read(variable), found, made));
        return null;
      }),
    );
  }

  /** The first entry whose condition is true. */
  function choose(entries: Extract<Step, { kind: 'switch' }>['entries'], place: Place): Eventual<Flow> {
    const [entry, ...others] = entries;
    if (!entry) return done;
    return after(evaluateTemplate(entry.condition, place), (condition) => {
      if (!requireBoolean(condition, 'a condition')) return choose(others, place);
      const { step } = entry;
      // A jump alone is part of the switch step; anything else in the entry is a step of its own.
      return step.kind === 'jump' ? { kind: 'jump', target: step.next?.name ?? 'end' } : runStep(step, place);
    });
  }

  function call(step: Extract<Step, { kind: 'call' }>, place: Place): Eventual<Value> {
    const callee = step.function.name;
    const named = mapInTurn(step.args, ({ name, value: template }) =>
      after(evaluateTemplate(template, place), (value): [string, Value] => [
        typeof name === 'string' ? name : parameterAt(program, callee, name),
        value,
      ]),
    );
    return after(named, (values) => {
      const args = new Map(values);
      return engine.journal.call(step, args, () => callFunction(callee, args, place));
    });
  }

  function callFunction(name: string, values: ReadonlyMap<string, Value>, place: Place): Eventual<Value> {
    const routine = program.routines.get(name);
    if (routine) return callRoutine(routine, values, place.frame);
    const known = library.get(name);
    if (!known) throw new Error(`function '${name}' passed the check but is not known`);
    return known.run(new Args(name, values), context);
  }
}
