import { secondsOf, type Subscription } from '#local/pubsub/resources.ts';

/**
 * How long a message waits after its failed delivery number `attempts`, in milliseconds.
 * With a retry policy: the minimum, doubled by each failure, up to the maximum. Without one the first retry is
 * immediate and a push that keeps failing is held back for 100 ms to 60 s, as Pub/Sub's push backoff does.
 */
export function retryDelayMs(subscription: Subscription, attempts: number): number {
  const { retryPolicy, pushConfig } = subscription;
  if (retryPolicy) {
    const minimum = secondsOf(retryPolicy.minimumBackoff) * 1000;
    const maximum = secondsOf(retryPolicy.maximumBackoff) * 1000;
    return Math.min(maximum, minimum * 2 ** (attempts - 1));
  }
  if (pushConfig.pushEndpoint === '' || attempts <= 1) return 0;
  return Math.min(60_000, 100 * 2 ** (attempts - 2));
}
