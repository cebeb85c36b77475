import type { Attempt } from '#shared/domain/check.ts';
import { endOf, mayBeTold } from './container-lines.ts';

/** Exits of a container that was not told to end. */
export interface OwnExits {
  count: number;
  last: { at: string; exitCode: number };
}

/** So many ends that Cloud Run could have asked for are a container that ends by itself. */
const endsByItself = 3;

/**
 * What Cloud Run's lines say of a candidate that gives no good answer: how often its container exited by itself since it was
 * ready and since its last good answer. One exit is enough to say that it is not healthy now. Undefined when it answers well
 * or no line says so. An exit with 0 or 143 (`mayBeTold`) counts only where there were several: Cloud Run may have taken away
 * an instance too many, but not one after another of a candidate that never answered in between.
 * @param readyAt ISO 8601: what exited before it was ready started well the next time
 */
export function ownExits(
  attempts: readonly Attempt[],
  lines: readonly { at: string; text: string }[],
  readyAt: string,
): OwnExits | undefined {
  if (attempts.at(-1)?.ok !== false) return undefined;
  const since = Math.max(Date.parse(readyAt), Date.parse(attempts.findLast(({ ok }) => ok)?.at ?? readyAt));
  const all = lines.flatMap(({ at, text }) => {
    const end = endOf([text]);
    if (end === undefined || !('exitCode' in end) || Date.parse(at) < since) return [];
    return [{ at, exitCode: end.exitCode, told: mayBeTold(end) }];
  });
  const toldCounts = all.filter(({ told }) => told).length >= endsByItself;
  const exits = all.flatMap(({ told, ...exit }) => (told && !toldCounts ? [] : [exit]));
  const last = exits.at(-1);
  return last && { count: exits.length, last };
}
