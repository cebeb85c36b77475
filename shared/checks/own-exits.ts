import type { Attempt } from '#shared/domain/check.ts';
import { endOf, mayBeTold } from './container-lines.ts';

/** Exits of a container that was not told to end. */
export interface OwnExits {
  count: number;
  last: { at: string; exitCode: number };
}

/**
 * What Cloud Run's lines say of a candidate that gives no good answer: how often its container exited by itself since it was
 * ready and since its last good answer. One exit is enough to say that it is not healthy now. Undefined when it answers well
 * or no line says so. An exit with 0 or 143 is not counted (`mayBeTold`): Cloud Run may have taken away an instance too many.
 * @param readyAt ISO 8601: what exited before it was ready started well the next time
 */
export function ownExits(
  attempts: readonly Attempt[],
  lines: readonly { at: string; text: string }[],
  readyAt: string,
): OwnExits | undefined {
  if (attempts.at(-1)?.ok !== false) return undefined;
  const since = Math.max(Date.parse(readyAt), Date.parse(attempts.findLast(({ ok }) => ok)?.at ?? readyAt));
  const exits = lines.flatMap(({ at, text }) => {
    const end = endOf([text]);
    const counts = end !== undefined && 'exitCode' in end && !mayBeTold(end) && Date.parse(at) >= since;
    return counts ? [{ at, exitCode: end.exitCode }] : [];
  });
  const last = exits.at(-1);
  return last && { count: exits.length, last };
}
