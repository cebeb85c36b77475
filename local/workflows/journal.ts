import { after, rescued, type Eventual } from '#local/workflows/eventual.ts';
import { WorkflowFault } from '#local/workflows/fault.ts';
import type { Observer, StepEvent, StepType } from '#local/workflows/host.ts';
import { library } from '#local/workflows/library.ts';
import type { Place } from '#local/workflows/place.ts';
import type { Step } from '#local/workflows/program.ts';
import type { Value, ValueMap } from '#local/workflows/values.ts';

type CallStep = Extract<Step, { kind: 'call' }>;

/** Tells the observer of a run which steps and which parts of steps begin and end. Costs nothing without one. */
export class Journal {
  readonly #observer: Observer | undefined;
  #entries = 0;

  constructor(observer: Observer | undefined) {
    this.#observer = observer;
  }

  step<T>(step: Step, place: Place, work: (inside: Place) => Eventual<T>): Eventual<T> {
    if (!this.#observer?.onStep) return work(place);
    return this.#entry({ type: typeOf(step), part: false }, step, place, work);
  }

  part<T>(
    about: Pick<StepEvent, 'type' | 'iteration' | 'expected'>,
    step: Pick<Step, 'name' | 'position'>,
    place: Place,
    work: (inside: Place) => Eventual<T>,
  ): Eventual<T> {
    if (!this.#observer?.onStep) return work(place);
    return this.#entry({ ...about, part: true }, step, place, work);
  }

  call(step: CallStep, args: ValueMap, work: () => Eventual<Value>): Eventual<Value> {
    const ended = this.#observer?.onCall?.({ step: step.name, callee: step.function.name, args });
    if (!ended) return work();
    const answered = rescued(work, (error) => {
      if (error instanceof WorkflowFault) {
        ended({ state: 'failed', error: error.value, origin: error.trace[0]?.step ?? step.name });
      }
      throw error;
    });
    return after(answered, (response) => {
      ended({ state: 'succeeded', response });
      return response;
    });
  }

  /** One that a cancellation cuts short has no end. */
  #entry<T>(
    about: Pick<StepEvent, 'type' | 'part' | 'iteration' | 'expected'>,
    step: Pick<Step, 'name' | 'position'>,
    place: Place,
    work: (inside: Place) => Eventual<T>,
  ): Eventual<T> {
    const { frame, scope } = place;
    const id = (this.#entries += 1);
    const tell = (end: Pick<StepEvent, 'state' | 'error'>): void =>
      this.#observer?.onStep?.({
        ...about,
        ...end,
        id,
        parent: frame.entry,
        routine: frame.routine.name,
        step: step.name,
        position: step.position,
        threadId: frame.threadId,
        ...(this.#observer.detailed ? { variables: scope.visible() } : {}),
      });
    tell({ state: 'in-progress' });
    const ended = rescued(
      () => work(place.with(scope, { entry: id })),
      (error) => {
        if (error instanceof WorkflowFault) tell({ state: 'failed', error: error.value });
        throw error;
      },
    );
    return after(ended, (value) => {
      tell({ state: 'succeeded' });
      return value;
    });
  }
}

function typeOf(step: Step): StepType {
  switch (step.kind) {
    case 'assign':
      return 'ASSIGN';
    case 'call':
      if (step.function.name.startsWith('googleapis.')) return 'CONNECTOR_CALL';
      return library.has(step.function.name) ? 'STD_LIB_CALL' : 'SUBWORKFLOW_CALL';
    case 'switch':
      return 'SWITCH';
    case 'for':
      return 'FOR';
    case 'parallel':
      return step.work.kind === 'for' ? 'PARALLEL_FOR' : 'PARALLEL_BRANCH';
    case 'steps':
      return 'STEPS';
    case 'try':
      return 'TRY_RETRY_EXCEPT';
    case 'raise':
      return 'RAISE';
    case 'return':
      return 'RETURN';
    case 'jump':
      return 'GOTO';
  }
}
