import { stripVTControlCharacters } from 'node:util';
import { endOf, telling } from '#shared/checks/container-lines.ts';
import { redact } from '#shared/checks/redact.ts';
import { Fault } from '#shared/domain/fault.ts';
import { cutEnd, oneLine } from '#shared/report/text.ts';
import { placeOf, waitFor } from '#functions/steps/place.ts';
import type { StepContext } from '#functions/steps/step.ts';

const readLines = 50;
const keptLines = 15;
const charactersPerLine = 300;
/** The log of a container that ended is seconds late (traps 19). Under traffic nothing is waited for: users are. */
const waitSeconds = 6;
const patienceUnderTrafficSeconds = 2;

/**
 * What the candidate's container wrote last and what Cloud Run wrote of it, oldest first: redacted, one line each, at most
 * 15 of at most 300 characters. The only way of a container's lines into the record. Waits until one says that the
 * container ended, or nothing more comes. Best effort: none when they cannot be read, because the answer stands without.
 */
export async function lastLines(context: StepContext): Promise<string[]> {
  const { deps, message } = context;
  if (message.phase === 'candidate') return read(context, waitSeconds);
  const over = new AbortController();
  const late = deps.clock.sleep(patienceUnderTrafficSeconds * 1000, over.signal).then(
    () => [],
    () => [], // read in time
  );
  try {
    return await Promise.race([read(context, 0), late]);
  } finally {
    over.abort();
  }
}

async function read(context: StepContext, forSeconds: number): Promise<string[]> {
  const { deps, deployment, signal } = context;
  const { ref, revision } = placeOf(deployment);
  const fromMs = Date.parse(deployment.startedAt ?? deployment.createdAt);
  let seen: string[] = [];
  try {
    await waitFor(context, forSeconds, 1, async () => {
      const query = { fromMs, kind: 'container', limit: readLines } as const;
      const before = seen.join('\n');
      seen = cleaned(await deps.logging.entries(ref, revision, query), deployment.config.runtime.secrets);
      return endOf(seen) || (seen.length > 0 && seen.join('\n') === before) ? true : undefined;
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    deps.log('WARNING', `the log of ${revision} could not be read: ${error.message}`);
  }
  return seen;
}

/** Redacted when what is invisible is gone, and before it is cut: half a secret looks like none. */
function cleaned(entries: readonly { text: string }[], secrets: Record<string, string>): string[] {
  const lines = entries
    .flatMap(({ text }) => stripVTControlCharacters(text).split(/\r?\n/))
    .filter((line) => line.trim() !== '')
    .map((line) => withoutHalfWord(oneLine(line)));
  const said = redact(lines, Object.keys(secrets));
  // A stack trace alone would fill the place of what led to it.
  return (said.length > keptLines ? telling(said) : said)
    .slice(-keptLines)
    .map((line) => cutEnd(line, charactersPerLine));
}

/** Longer ones take too long to search; the word that would be cut in two goes as a whole. */
const longestLine = 4000;
const withoutHalfWord = (line: string): string =>
  line.length <= longestLine ? line : `${line.slice(0, longestLine).replace(/\S*$/, '')}…`;

const words = 3;
const charactersPerWord = 200;

/** The telling ones of `lastLines` as the end of a sentence: Google's own message says only that it failed. */
export function lastWords(lines: readonly string[]): string {
  const said = telling(lines)
    .slice(-words)
    .map((text) => JSON.stringify(text.slice(0, charactersPerWord)));
  return said.length === 0 ? '' : ` Its last words: ${said.join(', ')}`;
}
