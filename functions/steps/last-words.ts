import { Fault } from '#shared/domain/fault.ts';
import type { ServiceRef } from '#shared/ports.ts';
import { waitFor } from '#functions/steps/place.ts';
import type { StepContext } from '#functions/steps/step.ts';

const lines = 3;
const charactersPerLine = 200;
/** The log of a container that ended is seconds late (traps 19). */
const waitSeconds = 6;

/**
 * What a container that did not start wrote last, as the end of a sentence: Google's own message says only that it failed.
 * Best effort: '' when there is nothing or it cannot be read, because the answer stands without it.
 */
export async function lastWords(context: StepContext, ref: ServiceRef, revision: string): Promise<string> {
  const { deps, startedMs } = context;
  const query = { fromMs: startedMs, kind: 'container', limit: lines } as const;
  try {
    const entries = await waitFor(context, waitSeconds, 1, async () => {
      const found = await deps.logging.entries(ref, revision, query);
      return found.length > 0 ? found : undefined;
    });
    const said = (entries ?? []).map(({ text }) => JSON.stringify(text.slice(0, charactersPerLine)));
    return said.length === 0 ? '' : ` Its last words: ${said.join(', ')}`;
  } catch (error) {
    if (context.signal.aborted || !(error instanceof Fault)) throw error;
    deps.log('WARNING', `the log of ${revision} could not be read: ${error.message}`);
    return '';
  }
}
