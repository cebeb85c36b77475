import { ownExits } from '#shared/checks/own-exits.ts';
import type { Attempt } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { placeOf } from '#functions/steps/place.ts';
import type { StepContext } from '#functions/steps/step.ts';

/** A candidate that was ready and is not waited for any longer. */
export interface CandidateEnd {
  /** Who says so and what. */
  observed: string;
  /** Cloud Run's word about the revision, when that failed. */
  condition?: { reason: string; message: string };
  /** Cloud Run's line about the container's exit, when that is what ends the wait. */
  line?: string;
}

const conditionEverySeconds = 2;
const systemLines = 50;

/**
 * For a look at what Cloud Run says of the candidate while it gives no good answer: its own condition, at most every 2 s, and
 * the lines about its container's exits, at most every `logEverySeconds`, because reads of the log are few (traps 18). Cloud
 * Run starts a container that exited again and may leave the condition as it is. What cannot be asked ends nothing.
 */
export function createEndWatch(context: StepContext, logEverySeconds: number) {
  const { deps, deployment, signal } = context;
  const { ref, revision } = placeOf(deployment);
  const condition = atMostEvery(conditionEverySeconds, 'condition', async () => {
    const state = await deps.run.getRevision(ref, revision);
    if (state?.status !== 'failed') return undefined;
    const { reason, message } = state;
    return { observed: `Cloud Run says ${reason}: ${message}`, condition: { reason, message } };
  });
  const exits = atMostEvery(logEverySeconds, 'log', async (attempts) => {
    const readyAt = readyAtOf(context);
    const query = { fromMs: Date.parse(readyAt), kind: 'system', limit: systemLines } as const;
    const found = ownExits(attempts, await deps.logging.entries(ref, revision, query), readyAt);
    if (!found) return undefined;
    const { count, last } = found;
    const line = `Container called exit(${last.exitCode}).`;
    const times = count === 1 ? '' : `, the last of ${count} times`;
    return { observed: `Cloud Run says at ${last.at}${times}: ${line}`, line };
  });
  return async (attempts: readonly Attempt[]): Promise<CandidateEnd | undefined> =>
    attempts.at(-1)?.ok === false ? ((await condition(attempts)) ?? (await exits(attempts))) : undefined;

  function atMostEvery(
    seconds: number,
    what: string,
    look: (attempts: readonly Attempt[]) => Promise<CandidateEnd | undefined>,
  ): typeof look {
    let nextMs = 0;
    return async (attempts) => {
      if (deps.clock.now() < nextMs) return undefined;
      nextMs = deps.clock.now() + seconds * 1000;
      try {
        return await look(attempts);
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault)) throw error;
        deps.log('WARNING', `the ${what} of ${revision} could not be read: ${error.message}`);
        return undefined;
      }
    };
  }
}

/** When `deploy` saw that it was ready; without that, when this step began. */
function readyAtOf({ deployment, startedMs }: StepContext): string {
  const ready = deployment.checks.find(({ id, outcome }) => id === 'ready' && outcome === 'pass');
  return ready?.outcome === 'pass' ? ready.evidence.at : new Date(startedMs).toISOString();
}
