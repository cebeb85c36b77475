import { checkProgram } from '#local/workflows/check.ts';
import { checkedName, entriesOf, fieldsOf, itemsOf, variableAt } from '#local/workflows/fields.ts';
import {
  defaultLimits,
  WorkflowSourceError,
  type Limits,
  type Name,
  type Parameter,
  type Program,
  type Routine,
  type SourceProblem,
} from '#local/workflows/program.ts';
import { readSource, type SourceEntry, type SourceNode } from '#local/workflows/source.ts';
import { createStepParser } from '#local/workflows/parse-step.ts';
import { createTemplateReader, PlacedError, type TemplateReader } from '#local/workflows/template.ts';

/**
 * Source text → a program that may run, or every problem at once. As strict as a deployment: what Google refuses is
 * refused, and so is what this runtime does not support.
 * @param limits of the check and of the runs
 * @throws WorkflowSourceError
 */
export function parseWorkflow(source: string, limits: Limits = defaultLimits): Program {
  const root = readSource(source, limits);
  const problems: SourceProblem[] = [];
  const report = (error: unknown, where: string): void => {
    if (!(error instanceof PlacedError)) throw error;
    problems.push({ message: `error in ${where}: ${error.message}`, position: error.position });
  };
  const read = createTemplateReader(limits);
  const parseSteps = createStepParser({ limits, read, report });
  const routines = new Map<string, Routine>();
  try {
    for (const { steps, ...routine } of routineNodes(root, read, limits)) {
      routines.set(routine.name, { ...routine, steps: parseSteps(steps, `workflow ${routine.name}`) });
    }
  } catch (error) {
    report(error, 'the source');
  }
  const program: Program = { routines, limits };
  if (problems.length === 0) problems.push(...checkProgram(program));
  if (problems.length > 0) throw new WorkflowSourceError(problems);
  return program;
}

interface RoutineNode extends Name {
  params: readonly Parameter[];
  steps: SourceNode;
}

/** A bare list of steps is `main` without parameters. */
function routineNodes(root: SourceNode, read: TemplateReader, limits: Limits): RoutineNode[] {
  if (root.kind === 'scalar' && root.value === null) throw new PlacedError('it is empty', root.position);
  if (root.kind === 'list') return [{ name: 'main', position: root.position, params: [], steps: root }];
  const nodes = entriesOf(root, 'a workflow').map((entry) => routineNode(entry, read, limits));
  const main = nodes.find((node) => node.name === 'main');
  if (!main) throw new PlacedError("there is no 'main' workflow", root.position);
  return nodes;
}

function routineNode(entry: SourceEntry, read: TemplateReader, limits: Limits): RoutineNode {
  const name = checkedName(entry.key, 'workflow', entry.position);
  const fields = fieldsOf(entry.value, `workflow ${name}`, ['params', 'steps']);
  const steps = fields.get('steps')?.value;
  if (!steps) throw new PlacedError(`workflow ${name} has no steps`, entry.position);
  const list = fields.get('params')?.value;
  const nodes = list ? itemsOf(list, `params of ${name}`) : [];
  if (nodes.length > limits.parameters) {
    const message = `workflow ${name} has ${nodes.length} params, the limit is ${limits.parameters}`;
    throw new PlacedError(message, entry.position);
  }
  if (list && name === 'main' && nodes.length > 1) {
    throw new PlacedError("'main' takes at most one parameter", list.position);
  }
  const params: Parameter[] = [];
  for (const node of nodes) {
    const param = parameter(node, read);
    // So says Google's JSON schema.
    if (name === 'main' && !param.required) {
      throw new PlacedError(`the parameter '${param.name}' of 'main' cannot have a default`, node.position);
    }
    if (params.some((known) => known.name === param.name)) {
      throw new PlacedError(`workflow ${name} has the parameter '${param.name}' twice`, node.position);
    }
    params.push(param);
  }
  return { name, position: entry.position, steps, params };
}

/** `- name` or `- name: default`. */
function parameter(node: SourceNode, read: TemplateReader): Parameter {
  if (node.kind !== 'map') {
    return { name: variableAt(node, 'a parameter').name, required: true, defaultValue: null };
  }
  const [entry, ...more] = node.entries;
  if (!entry || more.length > 0) {
    throw new PlacedError('a parameter must be a name or one `name: default`', node.position);
  }
  const name = checkedName(entry.key, 'parameter', entry.position);
  const defaultValue = read.template(entry.value);
  if (defaultValue.kind !== 'constant') {
    throw new PlacedError(`the default of parameter '${name}' must be a constant`, entry.position);
  }
  return { name, required: false, defaultValue: defaultValue.value };
}
