import { library } from '#local/workflows/library.ts';
import type { Program } from '#local/workflows/program.ts';

/** What a caller must know of a function: subworkflow, standard library or connector. */
export interface Signature {
  params: readonly { name: string; required: boolean }[];
  /** Only a call step may call it. */
  blocking: boolean;
  /** See LibraryFunction. */
  refuses?: Readonly<Record<string, string>>;
}

export function signatureOf(program: Program, name: string): Signature | undefined {
  const routine = program.routines.get(name);
  return routine ? { params: routine.params, blocking: false } : library.get(name);
}

/** The name of the parameter at that place, for an argument given by place. */
export function parameterAt(program: Program, functionName: string, index: number): string {
  const params = program.routines.get(functionName)?.params ?? library.get(functionName)?.params;
  return params?.[index]?.name ?? '';
}
