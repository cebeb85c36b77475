import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { oneLine } from '#shared/report/text.ts';
import { Report } from '#shared/report/document.ts';
import { DeploymentView, RefusalView, RequestView } from './answers.ts';
import { CommandError, exit, Unreachable } from './exit.ts';

/** What the `api` function can be asked (`functions/triggers/api.ts`). */
export interface ApiClient {
  /** Repeating it with the same `requestId` is the same request. @returns the id to ask `requests` with */
  deploy(body: DeployBody): Promise<string>;
  /** What became of a request; empty while it is not decided. */
  requests(id: string): Promise<RequestView[]>;
  /** Newest first. `where`: `service`, `environment`, `status`, `request.digest`. */
  deployments(where?: Record<string, string>, limit?: number): Promise<DeploymentView[]>;
  deployment(id: string): Promise<DeploymentView>;
  report(id: string): Promise<Report>;
  /** @returns the deployment as it was told: finished only if it was still waiting */
  stop(id: string, kind: 'cancel' | 'rollback', reason: string): Promise<DeploymentView>;
  refusals(): Promise<RefusalView[]>;
}

export interface DeployBody {
  requestId: string;
  service: string;
  environment: string;
  tag?: string;
  digest?: string;
  change?: { id: string; title: string; url?: string; claims?: string[] };
}

const Problem = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

/**
 * @param options.url the function's own address
 * @param options.token an identity token whose audience is that address
 * Every method throws Unreachable when Slipway does not answer, and CommandError with its words when it says no.
 */
export function createApiClient(options: { url: string; token: () => Promise<string> }): ApiClient {
  const base = options.url.replace(/\/+$/, '');

  async function call<Schema extends z.ZodType>(
    method: 'GET' | 'POST',
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.output<Schema>> {
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
        signal: AbortSignal.timeout(20_000),
      });
      ({ status } = response);
      text = await response.text();
    } catch (error) {
      throw new Unreachable(`Slipway does not answer at ${base}: ${causeOf(error)}`, { cause: error });
    }
    if (status >= 400) throw failureOf(status, text, base);
    const parsed = schema.safeParse(jsonOf(text));
    if (!parsed.success) {
      throw new Unreachable(
        `${base}${path} answers ${status}, but not as Slipway does:\n${z.prettifyError(parsed.error)}`,
      );
    }
    return parsed.data;
  }

  const at = (id: string, rest = ''): string => `/deployments/${encodeURIComponent(id)}${rest}`;
  return {
    deploy: async (body) =>
      (await call('POST', '/deployments', z.object({ requestId: z.string() }), body)).requestId,
    requests: async (id) =>
      (await call('GET', `/requests/${encodeURIComponent(id)}`, z.object({ requests: z.array(RequestView) })))
        .requests,
    async deployments(where = {}, limit = 20) {
      const query = new URLSearchParams({ ...where, limit: String(limit) });
      const schema = z.object({ deployments: z.array(DeploymentView) });
      return (await call('GET', `/deployments?${query.toString()}`, schema)).deployments;
    },
    deployment: (id) => call('GET', at(id), DeploymentView),
    report: (id) => call('GET', at(id, '/report'), Report),
    stop: (id, kind, reason) => call('POST', at(id, `/${kind}`), DeploymentView, { reason }),
    refusals: async () =>
      (await call('GET', '/refusals', z.object({ refusals: z.array(RefusalView) }))).refusals,
  };
}

function failureOf(status: number, text: string, base: string): CommandError {
  const problem = Problem.safeParse(jsonOf(text));
  const said = problem.success ? problem.data.error : text.trim().slice(0, 200);
  // Whoever stands in front of the function may have written this.
  const words = (typeof said === 'string' ? said : said.message).split('\n').map(oneLine).join('\n');
  if (status === 401 || status === 403) {
    return new Unreachable(
      `Slipway at ${base} does not let you in (${status}): ${words}\n` +
        'A token lives one hour: export SLIPWAY_IDENTITY_TOKEN=$(gcloud auth print-identity-token). ' +
        'You need roles/run.invoker on the api function.',
    );
  }
  if (status === 429 || status >= 500)
    return new Unreachable(`Slipway at ${base} answers ${status}: ${words}`);
  return new CommandError(status === 409 ? exit.no : exit.usage, words);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema says what is missing.
    return undefined;
  }
}

/** What `fetch failed` hides. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause) || String((cause as NodeJS.ErrnoException).code);
}
