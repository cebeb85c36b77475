import type { Clock } from '#shared/clock.ts';

interface Sleeper {
  at: number;
  order: number;
  wake: () => void;
}

export interface VirtualClock extends Clock {
  /** Moves time forward by `ms`, waking sleepers in order and letting their work settle in between. */
  advance(ms: number): Promise<void>;
  /** Moves time to the next sleeper, if there is one; tells whether there was. */
  next(): Promise<boolean>;
  /** How many sleepers wait. */
  readonly sleeping: number;
}

/** A clock that moves only when told to. Starts at 2026-01-01T00:00:00Z unless told otherwise. */
export function createVirtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = start;
  let order = 0;
  const sleepers: Sleeper[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const wakeNext = (limit: number): boolean => {
    sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
    const first = sleepers[0];
    if (!first || first.at > limit) return false;
    sleepers.shift();
    now = Math.max(now, first.at);
    first.wake();
    return true;
  };
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper: Sleeper = { at: now + Math.max(0, ms), order: (order += 1), wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener(
          'abort',
          () => {
            const index = sleepers.indexOf(sleeper);
            if (index >= 0) sleepers.splice(index, 1);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      }),
    async advance(ms) {
      const until = now + ms;
      await settle();
      while (wakeNext(until)) await settle();
      now = until;
    },
    async next() {
      await settle();
      const woke = wakeNext(Number.POSITIVE_INFINITY);
      await settle();
      return woke;
    },
    get sleeping() {
      return sleepers.length;
    },
  };
}
