import { Fault } from '#shared/domain/fault.ts';
import type { Pager } from './ports/people.ts';

/** PagerDuty cuts nothing and refuses a longer one: https://developer.pagerduty.com/docs/send-alert-event */
const longestSummary = 1024;

/**
 * Calls a person over a webhook that takes events as PagerDuty's Events API v2 does; against the real one it is unverified.
 * Neither the address nor the key is in the message of a fault. Repeats with one key are one alarm, so a call that was not
 * answered may be repeated. @throws Fault `unavailable` or `timeout` when a later call may help, else `invalid-input`
 */
export function createPager(options: {
  url: string;
  key?: string | undefined;
  timeoutMs?: number;
  fetch?: typeof fetch;
}): Pager {
  const { url, key, timeoutMs = 5000, fetch = globalThis.fetch } = options;
  return {
    async page({ key: dedup, summary, details }) {
      const event = {
        ...(key === undefined ? {} : { routing_key: key }),
        event_action: 'trigger',
        dedup_key: dedup,
        payload: {
          summary: summary.slice(0, longestSummary),
          source: 'slipway',
          severity: 'critical',
          custom_details: details,
        },
      };
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      }).catch((error: unknown) => {
        // The reason is not kept: it may hold the address.
        const late = error instanceof Error && error.name === 'TimeoutError';
        throw late
          ? new Fault('timeout', `the pager gave no answer within ${timeoutMs / 1000} s`)
          : new Fault('unavailable', 'the pager could not be reached');
      });
      await response.body?.cancel();
      if (response.ok) return;
      const passing = response.status === 429 || response.status >= 500;
      throw new Fault(
        passing ? 'unavailable' : 'invalid-input',
        `the pager answered HTTP ${response.status}`,
      );
    },
  };
}
