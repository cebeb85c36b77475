import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import type { Tokens } from './auth.ts';
import { faultOfRefusal, faultOfSilence } from './fault-of.ts';
import { readAtMost } from './read-body.ts';

export interface RestRequest {
  url: string;
  /** GET unless told otherwise. */
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** 20 unless told otherwise; from the request to the end of the answer. */
  timeoutSeconds?: number;
  signal?: AbortSignal | undefined;
  /** True where the API answers with the address of a store (a registry's blobs); another origin gets no token. */
  followRedirects?: boolean;
}

export interface RestAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

/** Calls with this process's access token. Nothing is retried: the workflow retries steps. */
export interface Rest {
  /** The answer, whatever its status. @throws Fault when there was none */
  send(request: RestRequest): Promise<RestAnswer>;
  /** @throws Fault also when the answer is not a success, by the table of `fault-of.ts` */
  call(request: RestRequest): Promise<RestAnswer>;
  /** A successful answer's JSON. @throws Fault also when it does not fit the schema */
  json<T>(schema: z.ZodType<T>, request: RestRequest): Promise<T>;
  /** As `json`, and undefined for 404. */
  find<T>(schema: z.ZodType<T>, request: RestRequest): Promise<T | undefined>;
}

/** More than any answer that is asked for; a larger one is refused, not cut. */
const maxAnswerBytes = 16 * 1024 * 1024;
const usualTimeoutSeconds = 20;

/** The call as it is named in messages: without the query, which may hold what is nobody's business. */
export const nameOf = ({ method = 'GET', url }: RestRequest): string =>
  `${method} ${url.replace(/\?.*$/s, '')}`;

export function createRest(options: { tokens: Tokens; fetch?: typeof fetch }): Rest {
  const { tokens, fetch = globalThis.fetch } = options;

  const send: Rest['send'] = async (request) => {
    const { timeoutSeconds = usualTimeoutSeconds } = request;
    const limits = [AbortSignal.timeout(timeoutSeconds * 1000), ...(request.signal ? [request.signal] : [])];
    const token = await tokens.access();
    try {
      const response = await fetch(request.url, {
        method: request.method ?? 'GET',
        headers: { ...request.headers, authorization: `Bearer ${token}` },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal: AbortSignal.any(limits),
        redirect: request.followRedirects ? 'follow' : 'manual',
      });
      const { bytes, truncated } = await readAtMost(response, maxAnswerBytes);
      if (truncated)
        throw new Fault('unsupported', `${nameOf(request)} answered with more than ${maxAnswerBytes} bytes`);
      return { status: response.status, headers: response.headers, body: bytes };
    } catch (error) {
      throw faultOfSilence(nameOf(request), error, timeoutSeconds);
    }
  };

  const call: Rest['call'] = async (request) => {
    const answer = await send(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const refusal = { ...answer, body: answer.body.toString('utf8') };
    throw faultOfRefusal(nameOf(request), refusal, [await tokens.access()]);
  };

  const json: Rest['json'] = async (schema, request) => {
    const what = nameOf(request);
    return parsedAs(schema, jsonOf(await call(request), what), what);
  };

  return {
    send,
    call,
    json,
    async find(schema, request) {
      try {
        return await json(schema, request);
      } catch (error) {
        if (error instanceof Fault && error.code === 'not-found') return undefined;
        throw error;
      }
    },
  };
}

/** @throws Fault `internal`: the other side does not speak as documented */
export function jsonOf(answer: Pick<RestAnswer, 'body'>, what: string): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    throw new Fault('internal', `${what} answered with something that is not JSON: ${messageOf(error)}`);
  }
}

/** A value as that schema wants it. @throws Fault `internal`, as `jsonOf` */
export function parsedAs<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Fault('internal', `${what} answered unexpectedly: ${z.prettifyError(result.error)}`);
}
