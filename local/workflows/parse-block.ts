import { fieldsOf, itemsOf, onlyEntry, stringAt, variableAt, type Fields } from '#local/workflows/fields.ts';
import type { ParseSteps } from '#local/workflows/parse-step.ts';
import type { Action, Branch, Limits, Loop, Name, Step, Template } from '#local/workflows/program.ts';
import { parseRetry } from '#local/workflows/retry-policy.ts';
import type { SourceNode } from '#local/workflows/source.ts';
import { PlacedError, type TemplateReader } from '#local/workflows/template.ts';
import { isList, isNumber } from '#local/workflows/values.ts';

/** What the blocks that hold steps are read with. */
export interface BlockParsing {
  limits: Limits;
  read: TemplateReader;
  parseSteps: ParseSteps;
  /** A step without a name of its own: it carries the given one. */
  parseStep: (node: SourceNode, name: string) => Step;
}

export function parseLoop(node: SourceNode, name: string, { read, parseSteps }: BlockParsing): Loop {
  const fields = fieldsOf(node, "'for'", ['value', 'index', 'in', 'range', 'steps']);
  const [value, index, list, range, steps] = ['value', 'index', 'in', 'range', 'steps'].map(
    (key) => fields.get(key)?.value,
  );
  const over = list ?? range;
  if (!value || !steps || !over || (list && range)) {
    throw new PlacedError("'for' needs 'value', 'steps' and either 'in' or 'range'", node.position);
  }
  if (index && range) throw new PlacedError("'index' goes with 'in' only", index.position);
  const kind = list ? 'in' : 'range';
  const template = read.template(over);
  if (!canBeLoopedOver(kind, template)) {
    const wanted = list
      ? 'a list or an expression'
      : 'a list of two numbers or one expression like ${[1, n]}';
    throw new PlacedError(`'${kind}' must be ${wanted}`, over.position);
  }
  return {
    value: variableAt(value, "'value'"),
    index: index && variableAt(index, "'index'"),
    over: { kind, template },
    steps: parseSteps(steps, `step ${name}`),
  };
}

/** By Google's JSON schema `range: [${a}, ${b}]` is not allowed, `in: [${a}]` is. */
function canBeLoopedOver(kind: 'in' | 'range', template: Template): boolean {
  if (template.kind === 'expression') return true;
  if (kind === 'in' && template.kind === 'list') return true;
  if (template.kind !== 'constant' || !isList(template.value)) return false;
  return kind === 'in' || (template.value.length === 2 && template.value.every(isNumber));
}

/** https://docs.cloud.google.com/workflows/docs/reference/syntax/parallel-steps */
export function parseParallel(node: SourceNode, name: string, parsing: BlockParsing): Action {
  const keys = ['exception_policy', 'shared', 'concurrency_limit', 'branches', 'for'];
  const fields = fieldsOf(node, "'parallel'", keys);
  const [policy, shared, limit, branches, loop] = keys.map((key) => fields.get(key)?.value);
  if (!branches === !loop) {
    throw new PlacedError("'parallel' needs either 'branches' or 'for'", node.position);
  }
  if (policy && stringAt(policy, "'exception_policy'") !== 'continueAll') {
    throw new PlacedError("'exception_policy' must be continueAll, the only one there is", policy.position);
  }
  return {
    kind: 'parallel',
    shared: shared ? sharedOf(shared) : [],
    concurrencyLimit: limit && concurrencyLimit(limit, parsing.read),
    work: loop
      ? { kind: 'for', ...parseLoop(loop, name, parsing) }
      : { kind: 'branches', branches: branchesOf(branches ?? node, parsing) },
  };
}

/** No name twice, by Google's JSON schema. */
function sharedOf(node: SourceNode): Name[] {
  const names = itemsOf(node, "'shared'").map((item) => variableAt(item, 'a shared variable'));
  refuseTwice(names, 'the shared variable');
  return names;
}

function refuseTwice(names: readonly Name[], what: string): void {
  const seen = new Set<string>();
  for (const { name, position } of names) {
    if (seen.has(name)) throw new PlacedError(`${what} '${name}' is there more than once`, position);
    seen.add(name);
  }
}

function concurrencyLimit(node: SourceNode, read: TemplateReader): Template {
  const template = read.template(node);
  if (template.kind === 'expression') return template;
  if (template.kind === 'constant' && typeof template.value === 'bigint' && template.value > 0n)
    return template;
  throw new PlacedError("'concurrency_limit' must be a positive integer or an expression", node.position);
}

/** A branch is a step with a name; usually, not by need, one of `steps`. (That two must differ in name is unverified.) */
function branchesOf(node: SourceNode, { limits, parseStep }: BlockParsing): Branch[] {
  const items = itemsOf(node, "'branches'");
  if (items.length === 0 || items.length > limits.branches) {
    const problem = `'branches' has ${items.length} entries: expected 1 to ${limits.branches}`;
    throw new PlacedError(problem, node.position);
  }
  const branches = items.map((item) => {
    const { key: name, position, value } = onlyEntry(item, 'a branch');
    const step = parseStep(value, name);
    const whole = step.kind === 'steps' && step.next === undefined;
    return { name, position, steps: whole ? step.steps : [{ ...step, position }] };
  });
  refuseTwice(branches, 'the branch');
  return branches;
}

/** The body is one unnamed step, usually a call or `steps`, or a list of steps; so says Google's JSON schema. */
export function parseTry(node: SourceNode, fields: Fields, name: string, parsing: BlockParsing): Action {
  const retry = fields.get('retry')?.value;
  const except = fields.get('except')?.value;
  if (!retry && !except) throw new PlacedError("'try' needs 'retry' or 'except'", node.position);
  return {
    kind: 'try',
    body:
      node.kind === 'list' ? parsing.parseSteps(node, `the try of step ${name}`) : tried(node, name, parsing),
    retry: retry && parseRetry(retry, parsing.read),
    except: except && handler(except, name, parsing),
  };
}

/** The message about `for` is Google's: https://cloud.google.com/workflows/docs/issues. That `parallel` is alike is unverified. */
function tried(node: SourceNode, name: string, { parseStep }: BlockParsing): readonly Step[] {
  const step = parseStep(node, name);
  if (step.kind === 'for' || step.kind === 'parallel') {
    throw new PlacedError('loop step name should not be empty', node.position);
  }
  if (step.next !== undefined)
    throw new PlacedError("'next' belongs behind 'try', not into it", node.position);
  return step.kind === 'steps' ? step.steps : [step];
}

function handler(
  node: SourceNode,
  name: string,
  { parseSteps }: BlockParsing,
): { as: Name | undefined; steps: readonly Step[] } {
  const fields = fieldsOf(node, "'except'", ['as', 'steps']);
  const as = fields.get('as')?.value;
  const steps = fields.get('steps')?.value;
  return {
    as: as && variableAt(as, "'as'"),
    steps: steps ? parseSteps(steps, `the except of step ${name}`) : [],
  };
}
