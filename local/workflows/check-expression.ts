import type { Expression } from '#local/workflows/expression.ts';
import { callProblem } from '#local/workflows/check-call.ts';
import type { Template } from '#local/workflows/program.ts';
import type { Signature } from '#local/workflows/signature.ts';
import { unreachable } from '#local/workflows/unreachable.ts';

export interface Symbols {
  isVariable: (name: string) => boolean;
  signatureOf: (name: string) => Signature | undefined;
}

/** What is wrong with an expression, in the order it is read. */
export function expressionProblems(expression: Expression, symbols: Symbols): string[] {
  const all = (parts: readonly Expression[]): string[] =>
    parts.flatMap((part) => expressionProblems(part, symbols));
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'variable':
      return symbolProblems(expression.name, symbols);
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

function symbolProblems(name: string, { isVariable, signatureOf }: Symbols): string[] {
  if (isVariable(name)) return [];
  return signatureOf(name)
    ? [`'${name}' is a function: it must be called, as in ${name}(…)`]
    : [`symbol '${name}' is neither a variable nor a sub-workflow name`];
}

function callProblems(name: string, count: number, { signatureOf }: Symbols): string[] {
  const problem = callProblem(name, count, signatureOf(name));
  return problem === undefined ? [] : [problem];
}
