import type { Expression } from '#local/workflows/expression.ts';
import type { Template } from '#local/workflows/program.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

/** What the checks know of a function: subworkflow, standard library or connector. */
export interface Signature {
  params: readonly { name: string; required: boolean }[];
  /** Only a call step may call it. */
  blocking: boolean;
  /** See LibraryFunction. */
  refuses?: Readonly<Record<string, string>>;
}

export interface Symbols {
  isVariable(name: string): boolean;
  signatureOf(name: string): Signature | undefined;
}

/** What is wrong with an expression, in the order it is read. */
export function expressionProblems(expression: Expression, symbols: Symbols): string[] {
  const all = (parts: readonly Expression[]): string[] =>
    parts.flatMap((part) => expressionProblems(part, symbols));
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'variable':
      return symbols.isVariable(expression.name)
        ? []
        : [`symbol '${expression.name}' is neither a variable nor a sub-workflow name`];
    case 'list':
      return all(expression.items);
    case 'member':
      return all([expression.object]);
    case 'index':
      return all([expression.object, expression.index]);
    case 'unary':
      return all([expression.operand]);
    case 'binary':
      return all([expression.left, expression.right]);
    case 'call':
      return [...callProblems(expression.name, expression.args.length, symbols), ...all(expression.args)];
    default:
      throw unreachable(expression);
  }
}

/** Every expression in a template with the place to report. */
export function expressionsIn(template: Template): Extract<Template, { kind: 'expression' }>[] {
  switch (template.kind) {
    case 'constant':
      return [];
    case 'expression':
      return [template];
    case 'list':
      return template.items.flatMap(expressionsIn);
    case 'map':
      return template.entries.flatMap((entry) => entry.flatMap(expressionsIn));
    default:
      throw unreachable(template);
  }
}

export function unknownFunction(name: string): string {
  return `'${name}' is neither a sub-workflow nor a function the local runtime supports`;
}

function callProblems(name: string, count: number, symbols: Symbols): string[] {
  const signature = symbols.signatureOf(name);
  if (!signature) return [unknownFunction(name)];
  if (signature.blocking) return [`'${name}' blocks: only a call step may call it`];
  const { params } = signature;
  const required = params.filter((param) => param.required).length;
  if (count >= required && count <= params.length) return [];
  const wanted = required === params.length ? String(required) : `${required} to ${params.length}`;
  return [`'${name}' takes ${wanted} arguments, got ${count}`];
}
