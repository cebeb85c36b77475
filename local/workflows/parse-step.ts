import { dottedName } from '#local/workflows/expression.ts';
import {
  entriesOf,
  fieldsOf,
  itemsOf,
  onlyEntry,
  stringAt,
  variableAt,
  type Fields,
} from '#local/workflows/fields.ts';
import { parseLoop, parseParallel, parseTry, type BlockParsing } from '#local/workflows/parse-block.ts';
import type { Action, Argument, Limits, Step, Template } from '#local/workflows/program.ts';
import type { SourceNode } from '#local/workflows/source.ts';
import { PlacedError, type TemplateReader } from '#local/workflows/template.ts';
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

export interface StepParsing {
  limits: Limits;
  read: TemplateReader;
  /** Told of each problem and the step it is in; parsing goes on with the next step. */
  report: (error: unknown, where: string) => void;
}

export type ParseSteps = (node: SourceNode, what: string) => Step[];

export function createStepParser({ limits, read, report }: StepParsing): ParseSteps {
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
    const next = nextEntry && {
      name: stringAt(nextEntry.value, "'next'"),
      position: nextEntry.value.position,
    };
    if (action === undefined && next === undefined)
      throw new PlacedError('the step does nothing', node.position);
    // Behind `return` and `raise` it means nothing, yet Google's samples bigquery-load and photosharing have it.
    return { name, position: node.position, next, ...parseAction(action, fields, name) };
  }

  function parseAction(action: ActionKey | undefined, fields: Fields, name: string): Action {
    const entry = action === undefined ? undefined : fields.get(action);
    if (action === undefined || !entry) return { kind: 'jump' };
    const { value: node } = entry;
    switch (action) {
      case 'assign':
        return {
          kind: 'assign',
          assignments: bounded(node, 'assign', limits.assignments).map((item) => assignment(item, read)),
        };
      case 'call':
        return call(node, fields, read);
      case 'switch':
        return {
          kind: 'switch',
          entries: bounded(node, 'switch', limits.conditions).map((item) => condition(item, name)),
        };
      case 'for':
        return { kind: 'for', ...parseLoop(node, name, parts) };
      case 'parallel':
        return parseParallel(node, name, parts);
      case 'steps':
        return { kind: 'steps', steps: parseSteps(node, `step ${name}`) };
      case 'try':
        return parseTry(node, fields, name, parts);
      case 'raise':
        return { kind: 'raise', value: read.template(node) };
      case 'return':
        return { kind: 'return', value: read.template(node) };
      default:
        throw unreachable(action);
    }
  }

  function condition(node: SourceNode, name: string): { condition: Template; step: Step } {
    const step = parseStep(node, name, ['condition']);
    const found = fieldsOf(node, 'a switch entry', ['condition', ...stepKeys]).get('condition');
    if (!found) throw new PlacedError("a switch entry needs a 'condition'", node.position);
    const template = read.template(found.value);
    if (
      template.kind === 'expression' ||
      (template.kind === 'constant' && typeof template.value === 'boolean')
    ) {
      return { condition: template, step };
    }
    throw new PlacedError("'condition' must be an expression, true or false", found.position);
  }

  const parts: BlockParsing = {
    limits,
    read,
    parseSteps,
    parseStep: (node, name) => parseStep(node, name, []),
  };
  return parseSteps;
}

function bounded(node: SourceNode, what: string, limit: number): readonly SourceNode[] {
  const items = itemsOf(node, `'${what}'`);
  if (items.length > 0 && items.length <= limit) return items;
  throw new PlacedError(`'${what}' has ${items.length} entries: expected 1 to ${limit}`, node.position);
}

function assignment(
  node: SourceNode,
  read: TemplateReader,
): Extract<Action, { kind: 'assign' }>['assignments'][number] {
  const entry = onlyEntry(node, 'an assignment');
  return {
    ...read.target(entry.key, entry.position),
    position: entry.position,
    value: read.template(entry.value),
  };
}

function call(node: SourceNode, fields: Fields, read: TemplateReader): Action {
  const name = stringAt(node, "'call'");
  if (dottedName({ kind: 'variable', name }) === undefined || name.startsWith('${')) {
    throw new PlacedError(`'call' needs the name of a function, not '${name}'`, node.position);
  }
  const args = fields.get('args')?.value;
  const result = fields.get('result')?.value;
  return {
    kind: 'call',
    function: { name, position: node.position },
    args: args ? argumentsOf(args, read) : [],
    result: result && variableAt(result, "'result'"),
  };
}

/** By name, or by place as on https://docs.cloud.google.com/workflows/docs/reference/stdlib/sys/log */
function argumentsOf(node: SourceNode, read: TemplateReader): Argument[] {
  if (node.kind === 'list') {
    return node.items.map((item, name) => ({ name, position: item.position, value: read.template(item) }));
  }
  return entriesOf(node, "'args'").map(({ key: name, position, value }) => ({
    name,
    position,
    value: read.template(value),
  }));
}
