import type { Clock } from '#shared/clock.ts';
import { Fault } from '#shared/domain/fault.ts';

/** Asks the outside world: the same thing once, several things at a time, and nothing for long. */
export interface Look {
  /**
   * @param what names the question in messages; asked again under the same name, the first answer is given again
   * @throws what `ask` throws, or Fault `timeout`
   */
  at<T>(what: string, ask: () => Promise<T>): Promise<T>;
}

export interface LookLimits {
  atOnce: number;
  /** Of one answer. */
  answerSeconds: number;
  /** Of all: what has not been asked by then is not asked any more. */
  allSeconds: number;
}

/** Within the 60 s that a dispatch has (`functions/targets.json`), with room for the ledger. */
const usualLimits: LookLimits = { atOnce: 8, answerSeconds: 10, allSeconds: 30 };

export function createLook(clock: Clock, limits: LookLimits = usualLimits): Look {
  const endMs = clock.now() + limits.allSeconds * 1000;
  const known = new Map<string, Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(what: string, ask: () => Promise<T>): Promise<T> {
    // Whoever ends hands its place to the one that waits longest.
    if (running < limits.atOnce) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await inTime(what, ask);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  async function inTime<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const leftMs = Math.min(limits.answerSeconds * 1000, endMs - clock.now());
    if (leftMs <= 0)
      throw new Fault(
        'timeout',
        `${what} was not asked: the ${limits.allSeconds} s for all look-ups were over`,
      );
    const answered = new AbortController();
    const late = clock.sleep(leftMs, answered.signal).then(() => {
      throw new Fault('timeout', `${what} gave no answer within ${leftMs / 1000} s`);
    });
    try {
      return await Promise.race([ask(), late]);
    } finally {
      late.catch(() => undefined);
      answered.abort();
    }
  }

  return {
    at<T>(what: string, ask: () => Promise<T>): Promise<T> {
      const before = known.get(what) as Promise<T> | undefined;
      const asked = before ?? inTurn(what, ask);
      known.set(what, asked);
      return asked;
    },
  };
}

/** What was found, for what adds up others' answers: there the fault is told. */
export const found = <T>(look: Promise<T>): Promise<T | undefined> =>
  look.catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
