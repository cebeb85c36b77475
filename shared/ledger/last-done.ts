import type { Ledger } from './ledger.ts';

/** True when that was never done, or longer ago. @param what an id: what is done, and to what */
export async function isDue(ledger: Ledger, what: string, everyMs: number, nowMs: number): Promise<boolean> {
  const last = await ledger.get('lastDone', what);
  return last === undefined || Date.parse(last.at) + everyMs <= nowMs;
}

/** To be called after it was done: a crash in between repeats it, which is better than never. */
export const markDone = (ledger: Ledger, what: string, nowMs: number): Promise<void> =>
  ledger.transaction((tx) => tx.put('lastDone', what, { what, at: new Date(nowMs).toISOString() }));
