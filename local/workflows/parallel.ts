import { fault, WorkflowFault } from '#local/workflows/fault.ts';
import { formatJson } from '#local/workflows/json.ts';
import { lastly, after, type Eventual } from '#local/workflows/eventual.ts';
import { runIteration } from '#local/workflows/loop.ts';
import { loopCount, loopItems } from '#local/workflows/loop-items.ts';
import { contextOf, payloadOf } from '#local/workflows/outcome-text.ts';
import { done, type Engine, type Flow, type Place } from '#local/workflows/place.ts';
import type { Step } from '#local/workflows/program.ts';
import { Scope } from '#local/workflows/scope.ts';
import { typeName, type Value } from '#local/workflows/values.ts';

type Parallel = Extract<Step, { kind: 'parallel' }>;
type Branch = (place: Place) => Eventual<Flow>;

/**
 * Runs all branches or iterations, so many at a time as `concurrency_limit` and the execution allow, to their ends. If
 * any failed, all of them are named in one UnhandledBranchError (`continueAll`, the only policy there is).
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/parallel-steps
 */
export async function runParallel(engine: Engine, step: Parallel, place: Place): Promise<Flow> {
  const { limits } = engine.program;
  const { frame } = place;
  if (frame.parallels >= limits.parallelDepth) {
    throw fault('ParallelNestingError', `parallel steps are nested deeper than ${limits.parallelDepth}`);
  }
  const width = Math.min(await widthOf(engine, step, place), limits.concurrency);
  const { expected, branches } = await branchesOf(engine, step, place);
  const failed: Value[] = [];
  let truncated = false;
  let started = 0;

  async function runNext(): Promise<boolean> {
    const { done: finished, value: branch } = branches.next();
    if (finished === true) return false;
    const index = started;
    started += 1;
    const threadId = frame.threadId === '' ? `${index + 1}` : `${frame.threadId}.${index + 1}`;
    const inner = place.with(place.scope, { threadId, parallels: frame.parallels + 1 });
    const named = step.work.kind === 'branches' ? (step.work.branches[index] ?? step) : step;
    try {
      const about = { type: 'PARALLEL_BRANCH_ENTRY', iteration: index, expected } as const;
      await engine.journal.part(about, named, inner, branch);
    } catch (error) {
      if (!(error instanceof WorkflowFault) || !error.catchable) {
        engine.stop(error);
        throw error;
      }
      if (failed.length < limits.branchErrors) failed.push(branchError(index, error));
      else truncated = true;
    }
    return true;
  }

  async function work(): Promise<void> {
    for (let more = true; more;) {
      await engine.slots.take();
      try {
        more = await runNext();
      } finally {
        engine.slots.release();
      }
    }
  }

  // A branch that waits for branches of its own takes no place of theirs, or all could wait for each other (unverified).
  if (frame.parallels > 0) engine.slots.release();
  try {
    await Promise.all(Array.from({ length: width }, work));
  } finally {
    if (frame.parallels > 0) await engine.slots.take();
  }
  if (failed.length === 0) return done;
  throw fault('UnhandledBranchError', unhandled, [
    ['branches', failed],
    ['truncated', truncated],
  ]);
}

/** The words and the form of this error are unverified: Google's page on parallel steps shows them, our copy does not. */
const unhandled =
  'UnhandledBranchError: One or more branches or iterations encountered an unhandled runtime error';

function branchError(index: number, error: WorkflowFault): Value {
  const about = new Map<string, Value>([
    ['context', contextOf(error)],
    ['payload', payloadOf(error)],
  ]);
  return new Map<string, Value>([
    ['id', String(index)],
    ['error', about],
  ]);
}

function widthOf(engine: Engine, step: Parallel, place: Place): Eventual<number> {
  if (!step.concurrencyLimit) return Number.POSITIVE_INFINITY;
  return after(engine.evaluate(step.concurrencyLimit, place), (limit) => {
    if (typeof limit !== 'bigint') {
      throw fault('TypeError', `concurrency_limit must be an integer, got ${typeName(limit)}`);
    }
    if (limit > 0n) return Number(limit);
    throw fault('ValueError', `concurrency_limit must be positive, got ${formatJson(limit)}`);
  });
}

interface Branches {
  expected: number;
  branches: Iterator<Branch>;
}

function branchesOf(engine: Engine, step: Parallel, place: Place): Eventual<Branches> {
  const { work } = step;
  const shared = step.shared.map(({ name }) => name);
  if (work.kind === 'branches') {
    const all = work.branches.map(({ steps }) => inOwnScope(steps));
    return { expected: all.length, branches: all.values() };
  }
  return after(engine.evaluate(work.over.template, place), (over) => ({
    expected: loopCount(work.over.kind, over),
    branches: iterations(over),
  }));

  function inOwnScope(steps: readonly Step[]): Branch {
    return (inside) => {
      const scope = new Scope(engine.memory, inside.scope, shared);
      return lastly(
        () => engine.runBlock(steps, inside.with(scope)),
        () => scope.end(),
      );
    };
  }

  function* iterations(over: Value): Generator<Branch> {
    if (work.kind !== 'for') return;
    let index = 0;
    for (const item of loopItems(work.over.kind, over)) {
      const at = index;
      index += 1;
      yield (inside) => runIteration(engine, work, { item, index: at }, inside, shared);
    }
  }
}
