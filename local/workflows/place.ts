import type { Reach } from '#local/workflows/evaluate.ts';
import type { Eventual } from '#local/workflows/eventual.ts';
import type { Journal } from '#local/workflows/journal.ts';
import type { CallContext } from '#local/workflows/library/function.ts';
import type { Memory } from '#local/workflows/memory.ts';
import type { Program, Routine, Step, Template } from '#local/workflows/program.ts';
import type { Scope } from '#local/workflows/scope.ts';
import { parameterAt } from '#local/workflows/signature.ts';
import type { Slots } from '#local/workflows/slots.ts';
import type { Value } from '#local/workflows/values.ts';

/** What a block of steps ends with. */
export type Flow = { kind: 'done' } | { kind: 'jump'; target: string } | { kind: 'return'; value: Value };

export const done: Flow = { kind: 'done' };

/** One run of a program: what the kinds of steps need of each other and share. */
export interface Engine {
  program: Program;
  context: CallContext;
  journal: Journal;
  memory: Memory;
  slots: Slots;
  /** Ends every branch of the run at once. */
  stop(reason: unknown): void;
  runBlock(steps: readonly Step[], place: Place): Eventual<Flow>;
  evaluate(template: Template, place: Place): Eventual<Value>;
  callFunction(name: string, args: ReadonlyMap<string, Value>, place: Place): Eventual<Value>;
}

/** One call of a workflow or subworkflow, in one branch. */
export interface Frame {
  routine: Routine;
  /** Calls around it, itself included. */
  depth: number;
  /** Parallel steps around it. */
  parallels: number;
  /** See StepEvent. */
  threadId: string;
  /** The entry of the journal that it is inside. */
  entry: number | undefined;
}

/** Where a step runs: the variables it sees and the call it belongs to. */
export class Place implements Reach {
  readonly scope: Scope;
  readonly frame: Frame;
  readonly #engine: Engine;

  constructor(engine: Engine, scope: Scope, frame: Frame) {
    this.#engine = engine;
    this.scope = scope;
    this.frame = frame;
  }

  read(name: string): Value {
    return this.scope.read(name);
  }

  call(name: string, args: readonly Value[]): Eventual<Value> {
    const { program } = this.#engine;
    const named = new Map<string, Value>();
    for (const [index, value] of args.entries()) named.set(parameterAt(program, name, index), value);
    return this.#engine.callFunction(name, named, this);
  }

  /** The same with other variables, or in another part of the run. */
  with(scope: Scope, frame: Partial<Frame> = {}): Place {
    return new Place(this.#engine, scope, { ...this.frame, ...frame });
  }
}
