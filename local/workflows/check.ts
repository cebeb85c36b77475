import { callStepProblems } from '#local/workflows/check-call.ts';
import { expressionProblems, expressionsIn, type Symbols } from '#local/workflows/check-expression.ts';
import { assignedNames, namedSteps } from '#local/workflows/check-steps.ts';
import { library } from '#local/workflows/library.ts';
import type {
  Loop,
  Name,
  Position,
  Program,
  SourceProblem,
  Step,
  Template,
} from '#local/workflows/program.ts';
import { signatureOf } from '#local/workflows/signature.ts';

const loopTargets = ['break', 'continue'];

const notShared = (name: string): string =>
  `variable '${name}' is written inside a parallel step but not in its list 'shared'`;

/** Where a step stands: the variables and the jump targets it can see. */
interface Place {
  variables: ReadonlySet<string>;
  /** Steps of this block and of the blocks around it, up to the loop, branch or workflow they are in. */
  targets: ReadonlySet<string>;
  /** Variables that steps written above create, here and further out. It grows from step to step. */
  assigned: Set<string>;
  /** Inside a parallel step: variables around it that it does not share. */
  unshared: ReadonlySet<string>;
  inParallel: boolean;
}

/**
 * What a deployment refuses in a well-formed source: unknown symbols and functions, wrong arguments, blocking calls
 * inside expressions, jumps to what cannot be reached, step names used twice, writes of a parallel branch to variables
 * that are not shared. A variable counts as known when it is assigned anywhere in its scope; that it was assigned in
 * time shows at run time only. (For the writes of a branch, what stands above it counts: unverified.)
 */
export function checkProgram(program: Program): SourceProblem[] {
  const problems: SourceProblem[] = [];
  for (const routine of program.routines.values()) {
    if (library.has(routine.name)) {
      const message = `error in workflow ${routine.name}: the standard library has that name`;
      problems.push({ message, position: routine.position });
    }
    checkNames(routine.steps);
    const params = routine.params.map(({ name }) => name);
    const variables = new Set([...params, ...assignedNames(routine.steps)]);
    const outermost = { targets: new Set<string>(), unshared: new Set<string>(), inParallel: false };
    checkBlock(routine.steps, { ...outermost, variables, assigned: new Set(params) });
  }
  return problems;

  function report(step: Step, message: string, position: Position = step.position): void {
    problems.push({ message: `error in step ${step.name}: ${message}`, position });
  }

  /** https://docs.cloud.google.com/workflows/docs/reference/syntax/steps: unique at the level of the subworkflow. */
  function checkNames(steps: readonly Step[]): void {
    const seen = new Set<string>();
    for (const step of namedSteps(steps)) {
      if (seen.has(step.name)) report(step, `the name '${step.name}' is used more than once`);
      seen.add(step.name);
    }
  }

  function checkBlock(steps: readonly Step[], place: Place): void {
    const targets = new Set([...place.targets, ...steps.map(({ name }) => name)]);
    for (const step of steps) checkStep(step, { ...place, targets });
  }

  /** A block with variables of its own, which also sees those around it. */
  function checkInnerScope(steps: readonly Step[], names: readonly (Name | undefined)[], place: Place): void {
    const own = names.flatMap((one) => (one ? [one.name] : []));
    checkBlock(steps, {
      ...place,
      variables: new Set([...place.variables, ...own, ...assignedNames(steps)]),
      assigned: new Set([...place.assigned, ...own]),
      unshared: new Set([...place.unshared].filter((name) => !own.includes(name))),
    });
  }

  function checkStep(step: Step, place: Place): void {
    checkJump(step, place);
    const check = (value: Template, what: string): void => {
      for (const { expression, position } of expressionsIn(value)) {
        for (const problem of expressionProblems(expression, symbolsOf(place))) {
          report(step, `error evaluating ${what}: ${problem}`, position);
        }
      }
    };
    switch (step.kind) {
      case 'assign':
        for (const { variable: name, position, path, value } of step.assignments) {
          for (const expression of [{ kind: 'variable' as const, name }, ...path]) {
            check({ kind: 'expression', expression, position }, 'assignment');
          }
          check(value, 'assignment');
          checkWrite(step, { name, position }, place);
        }
        return;
      case 'call':
        for (const { value } of step.args) check(value, 'args');
        for (const problem of callStepProblems(step, signatureOf(program, step.function.name))) {
          report(step, problem.message, problem.position);
        }
        if (step.result) checkWrite(step, step.result, place);
        return;
      case 'switch':
        for (const { condition, step: inner } of step.entries) {
          check(condition, 'condition');
          checkStep(inner, place);
        }
        return;
      case 'for':
        check(step.over.template, `'${step.over.kind}'`);
        checkLoopNames(step, step, place);
        checkInnerScope(step.steps, [step.value, step.index], { ...place, targets: new Set(loopTargets) });
        return;
      case 'parallel':
        if (step.concurrencyLimit) check(step.concurrencyLimit, "'concurrency_limit'");
        if (step.work.kind === 'for') check(step.work.over.template, `'${step.work.over.kind}'`);
        checkParallel(step, place);
        return;
      case 'steps':
        checkBlock(step.steps, place);
        return;
      case 'try':
        checkBlock(step.body, place);
        if (step.retry) {
          checkPredicate(step.retry.predicate, step);
          const { maxRetries, initialDelay, maxDelay, multiplier } = step.retry;
          for (const value of [maxRetries, initialDelay, maxDelay, multiplier]) check(value, 'retry');
        }
        if (step.except) checkInnerScope(step.except.steps, [step.except.as], place);
        return;
      case 'raise':
      case 'return':
        if (step.kind === 'return' && place.inParallel) report(step, "'return' inside a parallel step");
        check(step.value, step.kind === 'raise' ? 'raised value' : 'return value');
        return;
      case 'jump':
        return;
    }
  }

  /** Branches know their own variables and those around the step, but not each other's. */
  function checkParallel(step: Extract<Step, { kind: 'parallel' }>, place: Place): void {
    for (const { name, position } of step.shared) {
      if (!place.variables.has(name)) {
        report(step, `shared variable '${name}' is not a variable outside the step`, position);
      }
      if (place.unshared.has(name)) report(step, notShared(name), position);
    }
    const shared = step.shared.map(({ name }) => name);
    const unshared = new Set([...place.assigned].filter((name) => !shared.includes(name)));
    const inside = { ...place, unshared, inParallel: true };
    if (step.work.kind === 'for') {
      // That an iteration may not break the others off is unverified.
      const { steps, value, index } = step.work;
      checkLoopNames(step, step.work, place);
      checkInnerScope(steps, [value, index], { ...inside, targets: new Set(['continue']) });
      return;
    }
    for (const { steps } of step.work.branches) checkInnerScope(steps, [], { ...inside, targets: new Set() });
  }

  /** https://docs.cloud.google.com/workflows/docs/reference/syntax/iteration: not used outside of the loop, nor in a nested one. */
  function checkLoopNames(step: Step, { value, index }: Loop, place: Place): void {
    for (const { name, position } of index ? [value, index] : [value]) {
      if (place.variables.has(name)) {
        report(step, `loop variable '${name}' is a variable outside of the loop, too`, position);
      }
    }
    if (index?.name === value.name) {
      report(step, `'value' and 'index' have the same name '${value.name}'`, index.position);
    }
  }

  function checkWrite(step: Step, { name, position }: Name, place: Place): void {
    if (place.unshared.has(name)) report(step, notShared(name), position);
    place.assigned.add(name);
  }

  /** That a branch can neither return nor end the execution is unverified. */
  function checkJump(step: Step, place: Place): void {
    if (!step.next) return;
    const { name, position } = step.next;
    if (place.targets.has(name) || (name === 'end' && !place.inParallel)) return;
    const problem = ['end', ...loopTargets].includes(name)
      ? `'next: ${name}' ${name === 'end' ? 'inside a parallel step' : 'outside a for loop'}`
      : `cannot jump to step '${name}': neither this block nor one around it has it`;
    report(step, problem, position);
  }

  /** Called with the error alone. */
  function checkPredicate({ name, position }: Name, step: Step): void {
    const signature = signatureOf(program, name);
    const [first, ...more] = signature?.params ?? [];
    if (!signature || signature.blocking || !first || more.some(({ required }) => required)) {
      report(step, `'${name}' is not a retry predicate: it must be a function of one argument`, position);
    }
  }

  function symbolsOf(place: Place): Symbols {
    return {
      isVariable: (name) => place.variables.has(name),
      signatureOf: (name) => signatureOf(program, name),
    };
  }
}
