import { dottedName } from '#local/workflows/expression.ts';
import {
  entriesOf,
  fieldsOf,
  itemsOf,
  onlyEntry,
  stringAt,
  targetAt,
  variableAt,
  type Fields,
} from '#local/workflows/fields.ts';
import { limits, type Action, type Step } from '#local/workflows/program.ts';
import { parseRetry } from '#local/workflows/retry-policy.ts';
import type { SourceNode } from '#local/workflows/source.ts';
import { PlacedError, templateOf } from '#local/workflows/template.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

const actionKeys = [
  'assign',
  'call',
  'switch',
  'for',
  'parallel',
  'steps',
  'try',
  'raise',
  'return',
] as const;
type ActionKey = (typeof actionKeys)[number];

/** Keys that belong to one action only. */
const companions: Readonly<Record<string, ActionKey>> = {
  args: 'call',
  result: 'call',
  retry: 'try',
  except: 'try',
};
const stepKeys = [...actionKeys, ...Object.keys(companions), 'next'];

/** @param report is told of each problem and the step it is in; parsing goes on with the next step. */
export function createStepParser(
  report: (error: unknown, where: string) => void,
): (node: SourceNode, what: string) => Step[] {
  function parseSteps(node: SourceNode, what: string): Step[] {
    const items = itemsOf(node, `the steps of ${what}`);
    if (items.length === 0) throw new PlacedError(`${what} has no steps`, node.position);
    return items.flatMap((item) => {
      const place = { name: '' };
      try {
        const entry = onlyEntry(item, 'a step');
        place.name = entry.key;
        if (['', 'end', 'break', 'continue'].includes(entry.key)) {
          throw new PlacedError(`'${entry.key}' cannot be the name of a step`, entry.position);
        }
        return [{ ...parseStep(entry.value, entry.key, []), position: entry.position }];
      } catch (error) {
        report(error, place.name === '' ? what : `step ${place.name}`);
        return [];
      }
    });
  }

  /** @param extra keys the caller reads itself (`condition` of a switch entry) */
  function parseStep(node: SourceNode, name: string, extra: readonly string[]): Step {
    const fields = fieldsOf(node, 'a step', [...extra, ...stepKeys]);
    const found = actionKeys.filter((key) => fields.has(key));
    const [action] = found;
    if (found.length > 1) {
      throw new PlacedError(`a step does one thing, but this one has ${found.join(' and ')}`, node.position);
    }
    for (const [key, owner] of Object.entries(companions)) {
      const entry = fields.get(key);
      if (entry && action !== owner) throw new PlacedError(`'${key}' needs '${owner}'`, entry.position);
    }
    const nextEntry = fields.get('next');
    const next = nextEntry ? stringAt(nextEntry.value, "'next'") : undefined;
    if (action === undefined && next === undefined)
      throw new PlacedError('the step does nothing', node.position);
    if (nextEntry && (action === 'return' || action === 'raise')) {
      throw new PlacedError(`'next' cannot follow '${action}'`, nextEntry.position);
    }
    return { name, position: node.position, next, ...parseAction(action, fields, name) };
  }

  function parseAction(action: ActionKey | undefined, fields: Fields, name: string): Action {
    const entry = action === undefined ? undefined : fields.get(action);
    if (action === undefined || !entry) return { kind: 'jump' };
    const { value: node } = entry;
    switch (action) {
      case 'assign':
        return { kind: 'assign', assignments: bounded(node, 'assign', limits.assignments).map(assignment) };
      case 'call':
        return call(node, fields);
      case 'switch':
        return {
          kind: 'switch',
          entries: bounded(node, 'switch', limits.conditions).map((item) => condition(item, name)),
        };
      case 'for':
        return loop(node, name);
      case 'parallel':
        throw new PlacedError("'parallel' is not supported by the local runtime", entry.position);
      case 'steps':
        return { kind: 'steps', steps: parseSteps(node, `step ${name}`) };
      case 'try':
        return tryBlock(node, fields, name);
      case 'raise':
        return { kind: 'raise', value: templateOf(node) };
      case 'return':
        return { kind: 'return', value: templateOf(node) };
      default:
        throw unreachable(action);
    }
  }

  function condition(
    node: SourceNode,
    name: string,
  ): { condition: ReturnType<typeof templateOf>; step: Step } {
    const step = parseStep(node, name, ['condition']);
    const found = fieldsOf(node, 'a switch entry', ['condition', ...stepKeys]).get('condition');
    if (!found) throw new PlacedError("a switch entry needs a 'condition'", node.position);
    return { condition: templateOf(found.value), step };
  }

  function loop(node: SourceNode, name: string): Action {
    const fields = fieldsOf(node, "'for'", ['value', 'index', 'in', 'range', 'steps']);
    const [value, index, list, range, steps] = ['value', 'index', 'in', 'range', 'steps'].map(
      (key) => fields.get(key)?.value,
    );
    if (!value || !steps || !list === !range) {
      throw new PlacedError("'for' needs 'value', 'steps' and either 'in' or 'range'", node.position);
    }
    if (index && range) throw new PlacedError("'index' goes with 'in' only", index.position);
    const template = templateOf(list ?? range ?? node);
    return {
      kind: 'for',
      value: variableAt(value, "'value'"),
      index: index && variableAt(index, "'index'"),
      over: { kind: list ? 'in' : 'range', template },
      steps: parseSteps(steps, `step ${name}`),
    };
  }

  function tryBlock(node: SourceNode, fields: Fields, name: string): Action {
    const retry = fields.get('retry')?.value;
    const except = fields.get('except')?.value;
    if (!retry && !except) throw new PlacedError("'try' needs 'retry' or 'except'", node.position);
    const body = parseStep(node, name, []);
    if (body.kind === 'for') throw new PlacedError('loop step name should not be empty', node.position);
    if ((body.kind !== 'call' && body.kind !== 'steps') || body.next !== undefined) {
      throw new PlacedError("'try' must hold one 'call' or 'steps'", node.position);
    }
    return {
      kind: 'try',
      body: body.kind === 'steps' ? body.steps : [body],
      retry: retry && parseRetry(retry),
      except: except && handler(except, name),
    };
  }

  function handler(node: SourceNode, name: string): { as: string | undefined; steps: readonly Step[] } {
    const fields = fieldsOf(node, "'except'", ['as', 'steps']);
    const as = fields.get('as')?.value;
    const steps = fields.get('steps')?.value;
    return {
      as: as && variableAt(as, "'as'"),
      steps: steps ? parseSteps(steps, `the except of step ${name}`) : [],
    };
  }

  return parseSteps;
}

function bounded(node: SourceNode, what: string, limit: number): readonly SourceNode[] {
  const items = itemsOf(node, `'${what}'`);
  if (items.length > 0 && items.length <= limit) return items;
  throw new PlacedError(`'${what}' has ${items.length} entries: expected 1 to ${limit}`, node.position);
}

function assignment(node: SourceNode): Extract<Action, { kind: 'assign' }>['assignments'][number] {
  const entry = onlyEntry(node, 'an assignment');
  return { ...targetAt(entry.key, entry.position), value: templateOf(entry.value) };
}

function call(node: SourceNode, fields: Fields): Action {
  const name = stringAt(node, "'call'");
  if (dottedName({ kind: 'variable', name }) === undefined || name.startsWith('${')) {
    throw new PlacedError(`'call' needs the name of a function, not '${name}'`, node.position);
  }
  const args = fields.get('args')?.value;
  const result = fields.get('result')?.value;
  return {
    kind: 'call',
    function: name,
    args: new Map(args ? entriesOf(args, "'args'").map(({ key, value }) => [key, templateOf(value)]) : []),
    result: result && variableAt(result, "'result'"),
  };
}
