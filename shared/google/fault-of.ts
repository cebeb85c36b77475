import { z } from 'zod';
import { Fault, type FaultCode } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';

/** An answer that was not a success. */
interface Refusal {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * The one table from HTTP to `Fault`. Google's statuses come with these codes (https://cloud.google.com/apis/design/errors):
 * ABORTED, a stale etag, is a 409 as ALREADY_EXISTS is.
 */
export function codeOfStatus(status: number): FaultCode {
  switch (status) {
    case 401:
    case 403:
      return 'permission-denied';
    case 404:
      return 'not-found';
    case 409:
    case 412:
      return 'conflict';
    case 408:
    case 504:
      return 'timeout';
    case 429:
      return 'unavailable';
    case 501:
      return 'unsupported';
    default:
      if (status >= 500) return 'unavailable';
      // A redirect or a 1xx is no answer of an API, whoever gave it.
      return status >= 400 ? 'invalid-input' : 'internal';
  }
}

/**
 * @param what the call, such as `GET https://run.googleapis.com/v2/…`
 * @param secrets values that must not be in the message, should the other side have quoted them
 */
export function faultOfRefusal(what: string, refusal: Refusal, secrets: readonly string[] = []): Fault {
  const said = secrets.reduce((text, secret) => text.replaceAll(secret, '[token]'), saidIn(refusal.body));
  const retryAfterSeconds = secondsOf(refusal.headers.get('retry-after'));
  return new Fault(
    codeOfStatus(refusal.status),
    `${what} answered ${refusal.status}${said === '' ? '' : `: ${said}`}`,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
}

/** For a call that got no answer at all. A fault stays what it is. */
export function faultOfSilence(what: string, error: unknown, timeoutSeconds: number): Fault {
  if (error instanceof Fault) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new Fault('timeout', `${what} gave no answer within ${timeoutSeconds} s`, { cause: error });
  }
  // fetch says only "fetch failed"; the reason is its cause.
  const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new Fault('unavailable', `${what} gave no answer: ${messageOf(reason)}`, { cause: error });
}

const GoogleErrorBody = z.object({
  error: z.object({ status: z.string().default(''), message: z.string().default('') }),
});
const RegistryErrorBody = z.object({
  errors: z.array(z.object({ code: z.string().default(''), message: z.string().default('') })).min(1),
});

const longestQuote = 500;

/** What an error's body says, in Google's form, the registry's, or as text. */
function saidIn(body: string): string {
  let said = body;
  try {
    const json: unknown = JSON.parse(body);
    const google = GoogleErrorBody.safeParse(json);
    const registry = RegistryErrorBody.safeParse(json);
    if (google.success) said = `${google.data.error.status} ${google.data.error.message}`;
    if (registry.success)
      said = registry.data.errors.map(({ code, message }) => `${code} ${message}`).join('; ');
  } catch {
    // Not JSON: a proxy or a front end answered, and its text is all there is.
  }
  said = said.trim();
  return said.length > longestQuote ? `${said.slice(0, longestQuote)}…` : said;
}

/** Retry-After in seconds. Its other form, a date, is not read: Google's APIs send seconds. */
const secondsOf = (retryAfter: string | null): number | undefined =>
  retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
