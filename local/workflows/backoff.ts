/** How long to wait between tries. Delays are seconds; `maxRetries` does not count the first try. */
export interface Backoff {
  maxRetries: number;
  initialDelay: number;
  maxDelay: number;
  multiplier: number;
}

/** `retry.default_backoff` with the five retries of the ready-made policies; from https://zenn.dev/koshilife/articles/46eb852170ebd8 */
export const defaultBackoff: Backoff = { maxRetries: 5, initialDelay: 1, maxDelay: 60, multiplier: 1.25 };

/**
 * The waits in seconds, one per retry: 8 retries of 1 s ×2 up to 60 s wait 1, 2, 4, 8, 16, 32, 60, 60. No jitter.
 * https://docs.cloud.google.com/workflows/docs/reference/syntax/retrying
 */
export function* backoffWaits(backoff: Backoff): Generator<number, undefined> {
  let delay = backoff.initialDelay;
  for (let retry = 0; retry < backoff.maxRetries; retry += 1) {
    yield Math.min(delay, backoff.maxDelay);
    delay *= backoff.multiplier;
  }
  return undefined;
}
