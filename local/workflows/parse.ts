import { checkProgram } from '#local/workflows/check.ts';
import { checkedName, entriesOf, fieldsOf, itemsOf, variableAt } from '#local/workflows/fields.ts';
import {
  WorkflowSourceError,
  type Parameter,
  type Program,
  type Routine,
  type SourceProblem,
} from '#local/workflows/program.ts';
import { readSource, type SourceEntry, type SourceNode } from '#local/workflows/source.ts';
import { createStepParser } from '#local/workflows/parse-step.ts';
import { PlacedError, templateOf } from '#local/workflows/template.ts';

/**
 * Source text → a program that may run, or every problem at once. As strict as a deployment: what Google refuses is
 * refused, and so is what this runtime does not support.
 * @throws WorkflowSourceError
 */
export function parseWorkflow(source: string): Program {
  const root = readSource(source);
  const problems: SourceProblem[] = [];
  const report = (error: unknown, where: string): void => {
    if (!(error instanceof PlacedError)) throw error;
    problems.push({ message: `error in ${where}: ${error.message}`, position: error.position });
  };
  const parseSteps = createStepParser(report);
  const routines = new Map<string, Routine>();
  try {
    for (const { name, params, steps } of routineNodes(root)) {
      routines.set(name, { name, params, steps: parseSteps(steps, `workflow ${name}`) });
    }
  } catch (error) {
    report(error, 'the source');
  }
  const program: Program = { routines };
  if (problems.length === 0) problems.push(...checkProgram(program));
  if (problems.length > 0) throw new WorkflowSourceError(problems);
  return program;
}

interface RoutineNode {
  name: string;
  params: readonly Parameter[];
  steps: SourceNode;
}

/** A bare list of steps is `main` without parameters. */
function routineNodes(root: SourceNode): RoutineNode[] {
  if (root.kind === 'list') return [{ name: 'main', params: [], steps: root }];
  const nodes = entriesOf(root, 'a workflow').map(routineNode);
  const main = nodes.find((node) => node.name === 'main');
  if (!main) throw new PlacedError("there is no 'main' workflow", root.position);
  if (main.params.length > 1) {
    throw new PlacedError("'main' takes at most one parameter", root.position);
  }
  return nodes;
}

function routineNode(entry: SourceEntry): RoutineNode {
  const name = checkedName(entry.key, 'workflow', entry.position);
  const fields = fieldsOf(entry.value, `workflow ${name}`, ['params', 'steps']);
  const steps = fields.get('steps')?.value;
  if (!steps) throw new PlacedError(`workflow ${name} has no steps`, entry.position);
  const params = fields.get('params')?.value;
  return { name, steps, params: params ? itemsOf(params, `params of ${name}`).map(parameter) : [] };
}

/** `- name` or `- name: default`. */
function parameter(node: SourceNode): Parameter {
  if (node.kind !== 'map') return { name: variableAt(node, 'a parameter'), defaultValue: undefined };
  const [entry, ...more] = node.entries;
  if (!entry || more.length > 0) {
    throw new PlacedError('a parameter must be a name or one `name: default`', node.position);
  }
  const name = checkedName(entry.key, 'parameter', entry.position);
  const defaultValue = templateOf(entry.value);
  if (defaultValue.kind !== 'constant') {
    throw new PlacedError(`the default of parameter '${name}' must be a constant`, entry.position);
  }
  return { name, defaultValue };
}
