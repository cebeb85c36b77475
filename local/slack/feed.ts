import type { Clock } from '#shared/clock.ts';

/** A reader is told "nothing yet" at last, so that no connection hangs for ever. */
const patienceMs = 25_000;

/** What changed since a reader last looked: long polling. */
export function createFeed({ clock }: { clock: Clock }) {
  // A cursor of an earlier life says nothing about this one.
  const life = clock.now();
  let version = 0;
  const changes = new Map<string, { version: number; channel: string; ts: string }>();
  const waiting = new Set<AbortController>();

  function wake(): void {
    for (const waiter of waiting) waiter.abort();
    waiting.clear();
  }

  return {
    /** Tells of a message, or of something else. */
    note(message?: { channel: string; ts: string }): void {
      version += 1;
      if (message) {
        const { channel, ts } = message;
        changes.set(`${channel}/${ts}`, { version, channel, ts });
      }
      wake();
    },
    /** Waits for a change. @returns which messages changed; `undefined`: all may have */
    async since(
      cursor: string,
    ): Promise<{ cursor: string; changed: { channel: string; ts: string }[] | undefined }> {
      const [of, seen] = cursor.split('.').map(Number);
      const isKnown = of === life && seen !== undefined && seen <= version;
      if (isKnown && seen === version) {
        const waiter = new AbortController();
        waiting.add(waiter);
        await clock.sleep(patienceMs, waiter.signal).catch(() => 'a change came first');
        waiting.delete(waiter);
      }
      const changed = isKnown ? [...changes.values()].filter((change) => change.version > seen) : undefined;
      return { cursor: `${life}.${version}`, changed };
    },
    stop: wake,
  };
}
