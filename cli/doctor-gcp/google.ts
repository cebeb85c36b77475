import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import { faultOfRefusal } from '#shared/google/fault-of.ts';
import { jsonOf, nameOf, parsedAs, type Rest, type RestAnswer } from '#shared/google/rest.ts';

/** One look at one API. Nothing is written by any. */
interface Call {
  /** `run.googleapis.com` */
  host: string;
  /** With its version, without a slash at the start. */
  path: string;
  query?: Record<string, string>;
  /** What Google wants who asks to have; said when it refuses without saying so itself. */
  permission: string;
  /** Where that is to be had, if it is not the project of Slipway. */
  project?: string;
}

export type Answer<T> =
  | { status: 'answered'; value: T }
  | { status: 'missing'; found: string }
  /** The API is not switched on. */
  | { status: 'off' }
  | { status: 'unknown'; found: string; fix?: string };

export interface Google {
  find<T>(schema: z.ZodType<T>, call: Call): Promise<Answer<T>>;
  /** All pages. @param items the name of the list in the answer */
  list<T>(schema: z.ZodType<T>, call: Call & { items: string }): Promise<Answer<T[]>>;
  /** APIs that were found switched off, with the project that said so: `projects/NUMBER`, or '' where Google does not say. */
  off: ReadonlyMap<string, string>;
}

/** A project with more pages than this is looked at by other means. */
const mostPages = 50;

/**
 * @param options.endpoint answers for all of these APIs; without it each one's own host does
 * @param options.quotaProject counted for the calls; without it the credentials' own
 */
export function createGoogle(options: {
  rest: Rest;
  project: string;
  endpoint: string | undefined;
  quotaProject: string | undefined;
  timeoutSeconds: number;
}): Google {
  const { rest, project, endpoint, quotaProject, timeoutSeconds } = options;
  const off = new Map<string, string>();

  async function ask(call: Call, page = ''): Promise<Answer<unknown>> {
    const query = new URLSearchParams({
      ...call.query,
      ...(page === '' ? {} : { pageToken: page }),
    }).toString();
    const request = {
      url: `${endpoint ?? `https://${call.host}`}/${call.path}${query === '' ? '' : `?${query}`}`,
      headers: quotaProject === undefined ? {} : { 'x-goog-user-project': quotaProject },
      timeoutSeconds,
    };
    try {
      const answer = await rest.send(request);
      if (answer.status >= 200 && answer.status < 300)
        return { status: 'answered', value: jsonOf(answer, nameOf(request)) };
      return refused(call, nameOf(request), answer);
    } catch (error) {
      if (error instanceof Fault) return { status: 'unknown', found: error.message };
      throw error;
    }
  }

  function refused(
    call: Call,
    what: string,
    answer: RestAnswer,
  ): Exclude<Answer<never>, { status: 'answered' }> {
    const body = answer.body.toString('utf8');
    const found = faultOfRefusal(what, { ...answer, body }).message;
    if (answer.status === 404) return { status: 'missing', found };
    if (answer.status === 401)
      return { status: 'unknown', found, fix: 'gcloud auth application-default login' };
    if (answer.status !== 403) return { status: 'unknown', found };
    const { reason, metadata } = whyIn(body);
    if (reason === 'SERVICE_DISABLED' || reason === 'accessNotConfigured') {
      off.set(metadata['service'] ?? call.host, metadata['consumer'] ?? '');
      return { status: 'off' };
    }
    // Other reasons, such as a perimeter or a bill that was not paid, are no missing right.
    if (
      reason !== undefined &&
      !['IAM_PERMISSION_DENIED', 'USER_PROJECT_DENIED', 'forbidden'].includes(reason)
    )
      return { status: 'unknown', found: `${found} (${reason})` };
    const isQuota = reason === 'USER_PROJECT_DENIED';
    const permission = isQuota ? 'serviceusage.services.use' : (metadata['permission'] ?? call.permission);
    const where = isQuota ? project : (call.project ?? project);
    return {
      status: 'unknown',
      found: `you may not look: ${permission} is missing`,
      fix: `gcloud projects add-iam-policy-binding ${where} --member=user:YOU@example.com --role=${roleWith(permission)}`,
    };
  }

  return {
    off,
    find: async (schema, call) => read(await ask(call), (value) => parsedAs(schema, value, call.path)),
    async list<T>(schema: z.ZodType<T>, call: Call & { items: string }) {
      const all: T[] = [];
      let token = '';
      for (let page = 0; page < mostPages; page += 1) {
        const answer = read(await ask(call, token), (value) => parsedAs(Page, value, call.path));
        if (answer.status !== 'answered') return answer;
        const { nextPageToken, unreachable, [call.items]: items } = answer.value;
        if (unreachable.length > 0)
          return { status: 'unknown', found: `${call.host} could not reach ${unreachable.join(', ')}` };
        const parsed = read({ status: 'answered', value: items ?? [] }, (value) =>
          parsedAs(z.array(schema), value, call.path),
        );
        if (parsed.status !== 'answered') return parsed;
        all.push(...parsed.value);
        if (nextPageToken === '') return { status: 'answered', value: all };
        token = nextPageToken;
      }
      return { status: 'unknown', found: `${call.path} has more than ${mostPages} pages` };
    },
  };
}

const Page = z.looseObject({
  nextPageToken: z.string().default(''),
  unreachable: z.array(z.string()).default([]),
});

/** An answer that cannot be read is not known, and nothing else suffers from it. */
function read<T>(answer: Answer<unknown>, parse: (value: unknown) => T): Answer<T> {
  if (answer.status !== 'answered') return answer;
  try {
    return { status: 'answered', value: parse(answer.value) };
  } catch (error) {
    if (error instanceof Fault) return { status: 'unknown', found: error.message };
    throw error;
  }
}

/** https://docs.cloud.google.com/apis/design/errors#error_info; Storage answers in the older form with `errors`. */
const Refusal = z.object({
  error: z.object({
    details: z
      .array(
        z.looseObject({
          reason: z.string().optional(),
          metadata: z.record(z.string(), z.string()).optional(),
        }),
      )
      .default([]),
    errors: z.array(z.looseObject({ reason: z.string().optional() })).default([]),
  }),
});

function whyIn(body: string): { reason: string | undefined; metadata: Record<string, string> } {
  const parsed = Refusal.safeParse(jsonIn(body));
  const { details = [], errors = [] } = parsed.data?.error ?? {};
  const info = details.find(({ reason }) => reason !== undefined);
  return { reason: info?.reason ?? errors[0]?.reason, metadata: info?.metadata ?? {} };
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // A front end answered; its text is in the message.
    return undefined;
  }
}

/** A predefined role that has it. */
function roleWith(permission: string): string {
  if (permission.endsWith('.getIamPolicy')) return 'roles/iam.securityReviewer';
  if (permission === 'serviceusage.services.use') return 'roles/serviceusage.serviceUsageConsumer';
  if (permission.startsWith('storage.')) return 'roles/storage.bucketViewer';
  return 'roles/viewer';
}
