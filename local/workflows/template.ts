import { messageOf } from '#shared/errors.ts';
import { parseExpression, type Expression } from '#local/workflows/expression.ts';
import { limits, type Position, type Template } from '#local/workflows/program.ts';
import type { SourceNode } from '#local/workflows/source.ts';
import type { Value } from '#local/workflows/values.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

/** One problem of the source; the parser of steps turns it into a `SourceProblem` that names the step. */
export class PlacedError extends Error {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.name = 'PlacedError';
    this.position = position;
  }
}

/**
 * A YAML value → template. A string that is exactly `${…}` is an expression and keeps its type; `${` elsewhere in a
 * string is plain text, as in Google's runtime: there is no interpolation.
 * @throws PlacedError
 */
export function templateOf(node: SourceNode): Template {
  switch (node.kind) {
    case 'scalar':
      if (typeof node.value === 'string') return stringTemplate(node.value, node.position);
      if (typeof node.value === 'bigint' && BigInt.asIntN(64, node.value) !== node.value) {
        throw new PlacedError(`integer ${node.value} does not fit into 64 bits`, node.position);
      }
      return { kind: 'constant', value: node.value };
    case 'list':
      return fold({ kind: 'list', items: node.items.map(templateOf) });
    case 'map':
      return fold({
        kind: 'map',
        entries: node.entries.map(
          (entry) => [stringTemplate(entry.key, entry.position), templateOf(entry.value)] as const,
        ),
      });
    default:
      throw unreachable(node);
  }
}

/** The expression in a template that must be one. */
export function expressionAt(text: string, position: Position): Expression {
  if (text.length > limits.expressionCharacters) {
    throw new PlacedError(
      `the expression has ${text.length} characters, the limit is ${limits.expressionCharacters}`,
      position,
    );
  }
  try {
    return parseExpression(text);
  } catch (error) {
    throw new PlacedError(`invalid expression '${text.trim()}': ${messageOf(error)}`, position);
  }
}

function stringTemplate(text: string, position: Position): Template {
  const inner = /^\$\{([\s\S]*)\}\s*$/.exec(text)?.[1];
  if (inner === undefined) return { kind: 'constant', value: text };
  return { kind: 'expression', expression: expressionAt(inner, position), position };
}

/** A list or map without expressions is one constant. */
function fold(template: Template): Template {
  if (template.kind === 'list' && template.items.every(isConstant)) {
    return { kind: 'constant', value: template.items.map(({ value }) => value) };
  }
  if (template.kind === 'map') {
    const map = new Map<string, Value>();
    for (const [key, value] of template.entries) {
      if (!isConstant(key) || typeof key.value !== 'string' || !isConstant(value)) return template;
      map.set(key.value, value.value);
    }
    return { kind: 'constant', value: map };
  }
  return template;
}

function isConstant(template: Template): template is Extract<Template, { kind: 'constant' }> {
  return template.kind === 'constant';
}
