import { messageOf } from '#shared/errors.ts';
import { parseExpression, type Expression } from '#local/workflows/expression.ts';
import type { Limits, Position, Template } from '#local/workflows/program.ts';
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

export interface TemplateReader {
  /**
   * A YAML value → template. A string that is exactly `${…}` is an expression and keeps its type; `${` elsewhere in a
   * string is plain text, as in Google's runtime: there is no interpolation. `$${…}`, Terraform's way to write `${…}`,
   * is refused: the source was taken out of a Terraform template as it stands. So is `${` at the beginning without any
   * `}` (https://docs.cloud.google.com/workflows/docs/troubleshooting lists missing braces as an error).
   */
  template(node: SourceNode): Template;
  /** The left side of an assignment: `v`, `v.k`, `v["k"]`, `v[expression].k`. */
  target(text: string, position: Position): { variable: string; path: readonly Expression[] };
}

/** What it answers throws PlacedError. */
export function createTemplateReader(limits: Limits): TemplateReader {
  function template(node: SourceNode): Template {
    switch (node.kind) {
      case 'scalar':
        if (typeof node.value === 'string') return stringTemplate(node.value, node.position);
        if (typeof node.value === 'bigint' && BigInt.asIntN(64, node.value) !== node.value) {
          throw new PlacedError(`integer ${node.value} does not fit into 64 bits`, node.position);
        }
        return { kind: 'constant', value: node.value };
      case 'list':
        return fold({ kind: 'list', items: node.items.map(template) });
      case 'map':
        return fold({
          kind: 'map',
          entries: node.entries.map(
            (entry) => [stringTemplate(entry.key, entry.position), template(entry.value)] as const,
          ),
        });
      default:
        throw unreachable(node);
    }
  }

  function stringTemplate(text: string, position: Position): Template {
    if (/^\$\$\{[\s\S]*\}\s*$/.test(text)) {
      throw new PlacedError(
        "'$${' is Terraform's escape and has no meaning in Workflows: write '${'",
        position,
      );
    }
    if (text.startsWith('${') && !text.includes('}')) {
      throw new PlacedError(`the expression '${text.slice(0, 40)}' has no '}' at its end`, position);
    }
    const inner = /^\$\{([\s\S]*)\}\s*$/.exec(text)?.[1];
    if (inner === undefined) return { kind: 'constant', value: text };
    return { kind: 'expression', expression: expression(inner, position), position };
  }

  function expression(text: string, position: Position): Expression {
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

  function target(text: string, position: Position): { variable: string; path: readonly Expression[] } {
    const path: Expression[] = [];
    let left = expression(text, position);
    while (left.kind === 'member' || left.kind === 'index') {
      path.unshift(left.kind === 'index' ? left.index : { kind: 'literal', value: left.key });
      left = left.object;
    }
    if (left.kind === 'variable') return { variable: left.name, path };
    throw new PlacedError(
      `'${text}' cannot be assigned to: expected a variable or an element of one`,
      position,
    );
  }

  return { template, target };
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
