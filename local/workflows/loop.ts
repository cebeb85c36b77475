import { lastly, repeat, after, type Eventual } from '#local/workflows/eventual.ts';
import { loopCount, loopItems } from '#local/workflows/loop-items.ts';
import { done, type Engine, type Flow, type Place } from '#local/workflows/place.ts';
import type { Loop, Step } from '#local/workflows/program.ts';
import { Scope } from '#local/workflows/scope.ts';
import type { Value } from '#local/workflows/values.ts';

/** Runs a `for`: each iteration has variables of its own. `break` and `continue` end here, other jumps go further out. */
export function runLoop(engine: Engine, step: Step & Loop, place: Place): Eventual<Flow> {
  return after(engine.evaluate(step.over.template, place), (over) => {
    const items = loopItems(step.over.kind, over)[Symbol.iterator]();
    const expected = loopCount(step.over.kind, over);
    let index = 0;
    return repeat<Flow>(() => {
      const { done: finished, value: item } = items.next();
      if (finished === true) return done;
      const at = index;
      index += 1;
      const about = { type: 'FOR_ITERATION', iteration: at, expected } as const;
      const flow = engine.journal.part(about, step, place, (inside) =>
        runIteration(engine, step, { item, index: at }, inside),
      );
      return after(flow, (ended) => {
        if (ended.kind === 'done' || (ended.kind === 'jump' && ended.target === 'continue')) return undefined;
        return ended.kind === 'jump' && ended.target === 'break' ? done : ended;
      });
    });
  });
}

/** @param shared of an iteration of a parallel step: see Scope */
export function runIteration(
  engine: Engine,
  loop: Loop,
  { item, index }: { item: Value; index: number },
  place: Place,
  shared?: readonly string[],
): Eventual<Flow> {
  const scope = new Scope(engine.memory, place.scope, shared);
  return lastly(
    () => {
      scope.define(loop.value.name, item);
      if (loop.index !== undefined) scope.define(loop.index.name, BigInt(index));
      return engine.runBlock(loop.steps, place.with(scope));
    },
    () => scope.end(),
  );
}
