import type { WebSocketCheck } from '#shared/domain/service/checks.ts';
import type { Conversation } from '#shared/ports/prober.ts';
import { excerpt } from './body.ts';
import { expectedOfBody, problemsOfBody } from './http.ts';

type Wanted = Pick<WebSocketCheck, 'protocol' | 'expect'>;

/** Tells the awaited message from others; undefined when none is awaited. */
export function awaited({ expect: { contains, json } }: Wanted): ((message: string) => boolean) | undefined {
  if (contains === undefined && json === undefined) return undefined;
  return (message) => problemsOfBody({ contains, json }, message).length === 0;
}

/** A WebSocket held against what a check expects; every difference is named. */
export function judgeConversation(
  wanted: Wanted,
  seen: Conversation,
): { pass: boolean; observed: string; expected: string } {
  const { staysOpen, closeCode } = wanted.expect;
  const expected = [
    'status 101',
    ...(wanted.protocol === undefined ? [] : [`protocol ${wanted.protocol}`]),
    ...expectedOfBody(wanted.expect),
    ...(staysOpen > 0 ? [`open for ${staysOpen} s more`] : []),
    ...(closeCode === undefined ? [] : [`closed with ${closeCode}`]),
  ].join(', ');
  const problems = problemsOf(wanted, seen);
  const took = `open in ${Math.round(seen.durationMs)} ms`;
  return { pass: problems.length === 0, observed: problems.join(', ') || took, expected };
}

function problemsOf(wanted: Wanted, seen: Conversation): string[] {
  if (seen.status !== 101) return [`status ${seen.status}`];
  const { closed } = seen;
  const { closeCode, staysOpen } = wanted.expect;
  const problems: string[] = [];
  if (wanted.protocol !== undefined && seen.protocol !== wanted.protocol)
    problems.push(`protocol ${seen.protocol || 'none'}`);
  if (awaited(wanted) && !seen.matched) {
    const last = seen.messages.at(-1);
    problems.push(last === undefined ? 'no message' : `the last message was ${excerpt(last)}`);
  }
  // Whoever awaits a close lets the other side be first, unless it has to stay open.
  if (closed?.early && (closeCode !== closed.code || staysOpen > 0))
    problems.push(`closed with ${closed.code} by the other side`);
  else if (closeCode !== undefined && closed?.code !== closeCode)
    problems.push(closed ? `closed with ${closed.code}` : 'its close was not answered');
  return problems;
}
