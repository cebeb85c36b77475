import type { Step } from '#local/workflows/program.ts';

/** The steps directly inside a step that share its variables; bodies of loops and handlers have a scope of their own. */
function sharedBodies(step: Step): readonly Step[] {
  switch (step.kind) {
    case 'switch':
      return step.entries.map(({ step }) => step);
    case 'steps':
      return step.steps;
    case 'try':
      return step.body;
    default:
      return [];
  }
}

/** Variables that these steps create in the scope they stand in. Assigning to an element creates none. */
export function assignedNames(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'assign'
      ? step.assignments.filter(({ path }) => path.length === 0).map(({ variable }) => variable)
      : []),
    ...(step.kind === 'call' && step.result !== undefined ? [step.result.name] : []),
    ...assignedNames(sharedBodies(step)),
  ]);
}

/** Every step with a name of its own at any depth; one inside a switch entry or directly under `try` carries that of its owner. */
export function namedSteps(steps: readonly Step[]): Step[] {
  const inside = (step: Step): readonly Step[] => {
    switch (step.kind) {
      case 'for':
      case 'steps':
        return step.steps;
      case 'try':
        return [...step.body.filter(({ name }) => name !== step.name), ...(step.except?.steps ?? [])];
      case 'switch':
        return step.entries.flatMap((entry) => inside(entry.step));
      case 'parallel':
        return step.work.kind === 'for'
          ? step.work.steps
          : step.work.branches.flatMap((branch) => branch.steps);
      default:
        return [];
    }
  };
  return steps.flatMap((step) => [step, ...namedSteps(inside(step))]);
}
