import type { Clock } from '#shared/clock.ts';

export interface VirtualTime {
  clock: Clock;
  /** To be told of each wait right before it begins. */
  onWait: () => void;
}

/**
 * Time that jumps over every wait of the workflow itself, and passes as usual while a request is under way. Waits of
 * branches that run at the same time add up.
 */
export function virtualTime(clock: Clock): VirtualTime {
  let skippedMs = 0;
  let announced = false;
  return {
    clock: {
      now: () => clock.now() + skippedMs,
      sleep(ms, signal) {
        if (!announced) return clock.sleep(ms, signal);
        announced = false;
        skippedMs += ms;
        return clock.sleep(0, signal);
      },
    },
    // A wait is announced right before it begins, if it begins at all.
    onWait() {
      announced = true;
      queueMicrotask(() => (announced = false));
    },
  };
}
