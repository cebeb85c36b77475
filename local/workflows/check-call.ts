import type { Action, SourceProblem } from '#local/workflows/program.ts';
import type { Signature } from '#local/workflows/signature.ts';

type Call = Extract<Action, { kind: 'call' }>;

function unknownFunction(name: string): string {
  return `'${name}' is neither a sub-workflow nor a function the local runtime supports`;
}

/** What is wrong with a call inside an expression, where all arguments are given by place. */
export function callProblem(
  name: string,
  count: number,
  signature: Signature | undefined,
): string | undefined {
  if (!signature) return unknownFunction(name);
  if (signature.blocking) return `'${name}' blocks: only a call step may call it`;
  const { fewest, most } = countsOf(signature);
  return count >= fewest && count <= most ? undefined : wrongCount(name, count, signature);
}

/** What is wrong with the function and the arguments of a call step. */
export function callStepProblems(call: Call, signature: Signature | undefined): SourceProblem[] {
  const { name: callee, position } = call.function;
  if (!signature) return [{ message: unknownFunction(callee), position }];
  const { params, refuses } = signature;
  const problems: SourceProblem[] = [];
  const given = new Set<string>();
  for (const { name, position: at } of call.args) {
    const known = params.find((param, index) => (typeof name === 'string' ? param.name : index) === name);
    if (known) given.add(known.name);
    else if (typeof name === 'string') {
      problems.push({ message: refusal(callee, name, params, refuses?.[name]), position: at });
    } else if (name === params.length) {
      problems.push({ message: wrongCount(callee, call.args.length, signature), position: at });
    }
  }
  for (const { name, required } of params) {
    if (required && !given.has(name)) {
      problems.push({ message: `argument '${name}' of ${callee} is missing`, position });
    }
  }
  return problems;
}

function refusal(callee: string, name: string, params: Signature['params'], why: string | undefined): string {
  const expected = params.map((param) => param.name).join(', ') || 'none';
  return why === undefined
    ? `unknown or unsupported argument '${name}' of ${callee}: expected ${expected}`
    : `argument '${name}' of ${callee} is not supported here: ${why}`;
}

/** By place, all parameters up to the last required one must be given. */
function countsOf({ params }: Signature): { fewest: number; most: number } {
  return { fewest: params.findLastIndex(({ required }) => required) + 1, most: params.length };
}

function wrongCount(name: string, count: number, signature: Signature): string {
  const { fewest, most } = countsOf(signature);
  const wanted = fewest === most ? String(most) : `${fewest} to ${most}`;
  return `'${name}' takes ${wanted} argument${wanted === '1' ? '' : 's'}, got ${count}`;
}
