import type { Clock } from '#shared/clock.ts';

/** A bucket per key that holds `burst` requests and gets `perMinute` new ones a minute. */
export function createRateLimit(options: { clock: Clock; perMinute: number; burst: number }) {
  const { clock, burst } = options;
  const perMs = options.perMinute / 60_000;
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    /** Takes one; or answers after how many seconds to come again, at least 1. */
    take(key: string): { ok: true } | { ok: false; retryAfterSeconds: number } {
      const now = clock.now();
      const bucket = buckets.get(key) ?? { left: burst, at: now };
      const left = Math.min(burst, bucket.left + (now - bucket.at) * perMs);
      const taken = left >= 1;
      buckets.set(key, { left: taken ? left - 1 : left, at: now });
      return taken ? { ok: true } : { ok: false, retryAfterSeconds: Math.ceil((1 - left) / perMs / 1000) };
    },
  };
}
