import { systemClock } from '#shared/clock.ts';

/** What constant load on a service saw. */
interface LoadCounts {
  requests: number;
  /** No answer, or 5xx. */
  failed: number;
  /** Milliseconds since the epoch of the first failed one. */
  firstFailureMs?: number;
}

export interface Load {
  /** Counts since the last call. */
  take(): LoadCounts;
  stop(): Promise<void>;
}

/** Users: one request every `everyMs`, whether or not the last one was answered, until stopped. */
export function startLoad(url: string, everyMs: number): Load {
  const stopped = new AbortController();
  const open = new Set<Promise<void>>();
  let counts: LoadCounts = { requests: 0, failed: 0 };

  async function request(): Promise<void> {
    const mine = counts;
    mine.requests += 1;
    try {
      const answer = await fetch(url, {
        headers: { 'user-agent': 'demo-user' },
        signal: AbortSignal.timeout(5000),
      });
      await answer.arrayBuffer();
      if (answer.status < 500) return;
    } catch {
      // No answer is what a user calls failed, whatever the reason.
    }
    mine.failed += 1;
    mine.firstFailureMs ??= Date.now();
  }

  const running = (async () => {
    while (!stopped.signal.aborted) {
      const one = request().finally(() => open.delete(one));
      open.add(one);
      await systemClock.sleep(everyMs, stopped.signal).catch(() => undefined);
    }
  })();

  return {
    take() {
      const taken = counts;
      counts = { requests: 0, failed: 0 };
      return taken;
    },
    async stop() {
      stopped.abort();
      await running;
      await Promise.all(open);
    },
  };
}
