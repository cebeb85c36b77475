import { messageOf } from '#shared/errors.ts';
import type { Deps } from '#functions/deps.ts';

/** How many things are looked at at the same time. */
const together = 8;
/** Nothing is begun after it, so that what was begun has ended when a trigger's 60 s are over. */
const beginWithinMs = 45_000;

/** One run through everything that may need mending. */
export interface Sweep {
  /**
   * Looks at each of what `list` gives, some at a time. One that cannot be looked at keeps nobody from the others: it is
   * logged and kept for the end. Begins with another one each time, so that the same are not always left when time is short.
   * @param what in words, plural
   */
  each<T>(
    what: string,
    list: () => Promise<readonly T[]>,
    nameOf: (item: T) => string,
    mend: (item: T) => Promise<void>,
  ): Promise<void>;
  /** @throws the first fault there was: the run is repeated */
  end(): void;
}

export function createSweep({ clock, random, log }: Pick<Deps, 'clock' | 'random' | 'log'>): Sweep {
  const endMs = clock.now() + beginWithinMs;
  const faults: unknown[] = [];
  const note = (what: string, error: unknown): void => {
    log('ERROR', `reconcile of ${what}: ${messageOf(error)}`);
    faults.push(error);
  };

  return {
    async each(what, list, nameOf, mend) {
      const items = await list().catch((error: unknown) => {
        note(what, error);
        return [];
      });
      const first = items.length > 1 ? Math.floor(random() * items.length) : 0;
      const queue = [...items.slice(first), ...items.slice(0, first)].values();
      let left = items.length;
      const work = async (): Promise<void> => {
        while (clock.now() < endMs) {
          const next = queue.next();
          if (next.done) return;
          left -= 1;
          await mend(next.value).catch((error: unknown) => note(nameOf(next.value), error));
        }
      };
      await Promise.all(Array.from({ length: Math.min(together, items.length) }, work));
      if (left > 0)
        log('WARNING', `reconcile: no time left for ${left} of ${items.length} ${what}`, {
          metric: 'reconcile_left',
          left,
        });
    },
    end() {
      if (faults.length > 0) throw faults[0];
    },
  };
}
