import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { oneLine } from '#shared/report/text.ts';
import { CommandError, exit, Unconfirmed, Unreachable } from './exit.ts';

/**
 * One call of the `api` function. @throws Unreachable when Slipway does not answer, Unconfirmed when it may have acted all
 * the same, and CommandError with its words when it says no
 */
export type Call = <Schema extends z.ZodType>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  schema: Schema,
  options?: { body?: unknown; timeoutMs?: number },
) => Promise<z.output<Schema>>;

const Problem = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

/**
 * @param options.url the function's own address
 * @param options.token an identity token whose audience is that address
 */
export function createCall(options: { url: string; token: () => Promise<string> }): Call {
  const base = options.url.replace(/\/+$/, '');
  return async (method, path, schema, { body, timeoutMs = 20_000 } = {}) => {
    const authorization = `Bearer ${await options.token()}`;
    let status: number;
    let text: string;
    try {
      const response = await fetch(base + path, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The token is for this address and no other.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      ({ status } = response);
      text = await response.text();
    } catch (error) {
      const Unanswered = wasNeverSent(error) ? Unreachable : Unconfirmed;
      throw new Unanswered(`Slipway does not answer at ${base}: ${causeOf(error)}`, { cause: error });
    }
    if (status >= 400) throw failureOf(status, text, base);
    const parsed = schema.safeParse(jsonOf(text));
    if (!parsed.success) {
      throw new Unconfirmed(
        `${base}${path} answers ${status}, but not as Slipway does:\n${z.prettifyError(parsed.error)}`,
      );
    }
    return parsed.data;
  };
}

function failureOf(status: number, text: string, base: string): CommandError {
  const problem = Problem.safeParse(jsonOf(text));
  const said = problem.success ? problem.data.error : text.trim().slice(0, 200);
  // Whoever stands in front of the function may have written this.
  const words = (typeof said === 'string' ? said : said.message).split('\n').map(oneLine).join('\n');
  // Slipway itself says 403 when a rule of the service file keeps this person from it; Google's is no such document.
  const isSlipways = problem.success && typeof said === 'string';
  if (status === 401 || (status === 403 && !isSlipways)) {
    return new Unreachable(
      `Slipway at ${base} does not let you in (${status}): ${words}\n` +
        'A token lives one hour: export SLIPWAY_IDENTITY_TOKEN=$(gcloud auth print-identity-token). ' +
        'You need roles/run.invoker on the api function.',
    );
  }
  if (status === 429) return new Unreachable(`Slipway at ${base} answers ${status}: ${words}`);
  if (status >= 500) return new Unconfirmed(`Slipway at ${base} answers ${status}: ${words}`);
  return new CommandError(status === 409 || status === 403 ? exit.no : exit.usage, words);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema says what is missing.
    return undefined;
  }
}

const wasNeverSent = (error: unknown): boolean =>
  error instanceof Error && ['ECONNREFUSED', 'ENOTFOUND'].includes(codeOf(error.cause) ?? '');

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException | undefined)?.code;

/** What `fetch failed` hides. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause) || String(codeOf(cause));
}
