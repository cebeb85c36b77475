import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { Responder } from '#shared/ports/people.ts';
import { formsOf, refusesBlocks } from './ladder.ts';

/** Slack says no in JSON or as a bare word; which of them when is unverified, so both are understood. */
const No = z.object({ ok: z.literal(false), error: z.string() });
const longestAnswer = 1000;
const bareWord = /^[a-z_]{1,60}$/;

/**
 * Answers over a `response_url`. Anybody who has the address may write there, and it came with a request: it is checked
 * before it is called, no redirect is followed, and no message of a fault holds it. A call is never repeated here: a
 * repeated answer is a second one. @throws Fault `unavailable` or `timeout` for what a later call can mend
 */
export function createResponder(
  options: {
    /** Of the Web API, whose origin may be answered besides Slack's own. */
    endpoint?: string;
    timeoutMs?: number;
    fetch?: typeof fetch;
  } = {},
): Responder {
  const { endpoint, timeoutMs = 5000, fetch = globalThis.fetch } = options;
  const allowed = new Set([
    'https://hooks.slack.com',
    ...(endpoint === undefined ? [] : [new URL(endpoint).origin]),
  ]);

  /** @returns Slack's word when it refuses */
  async function send(url: string, body: object): Promise<string | undefined> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      // The reason is not kept: it may hold the address.
      const late = error instanceof Error && error.name === 'TimeoutError';
      throw late
        ? new Fault('timeout', `Slack took no answer within ${timeoutMs / 1000} s`)
        : new Fault('unavailable', 'Slack took no answer: it could not be reached');
    });
    const { status } = response;
    if (status === 429 || status >= 500) {
      await response.body?.cancel();
      const wait = response.headers.get('retry-after') ?? '';
      const retry = /^\d+$/.test(wait) ? { retryAfterSeconds: Number(wait) } : {};
      throw new Fault('unavailable', `Slack took no answer: HTTP ${status}`, retry);
    }
    const text = (await response.text()).slice(0, longestAnswer).trim();
    const word = wordOf(text);
    if (status === 200 && word === undefined) return undefined;
    return word ?? `HTTP ${status}`;
  }

  return {
    async respond(responseUrl, message, { inChannel = false, replace = false } = {}) {
      const { origin } = new URL(responseUrl);
      if (!allowed.has(origin))
        throw new Fault('invalid-input', `a response_url at ${origin} is not Slack's and is not called`);
      const how = { response_type: inChannel ? 'in_channel' : 'ephemeral', replace_original: replace };
      const bodies =
        message === 'remove'
          ? [{ delete_original: true }]
          : formsOf(message).map(({ name: _form, ...form }) => ({ ...how, ...form }));
      let no: string | undefined;
      for (const body of bodies) {
        no = await send(responseUrl, body);
        if (no === undefined) return;
        if (!refusesBlocks(no)) break;
      }
      throw new Fault('invalid-input', `Slack refuses the answer: ${no}`);
    },
  };
}

/** A refusal in Slack's word; undefined for `ok` and for what is none of its answers. */
function wordOf(text: string): string | undefined {
  if (text === 'ok' || text === '') return undefined;
  if (bareWord.test(text)) return text;
  const parsed = No.safeParse(jsonOf(text));
  return parsed.success ? parsed.data.error : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
