import { isUtf8 } from 'node:buffer';
import { messageOf } from '#shared/errors.ts';
import { fetchDirectly, needsDirect } from '#local/workflows/direct-fetch.ts';
import { fault, limitFault, WorkflowFault } from '#local/workflows/fault.ts';
import { formatJson, parseJson } from '#local/workflows/json.ts';
import type { CallContext } from '#local/workflows/library/function.ts';
import { decodeUtf8 } from '#local/workflows/utf8.ts';
import { isMap, textOf, typeName, type Value, type ValueMap } from '#local/workflows/values.ts';

export interface Exchange {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  /** Undefined sends none. */
  body: Value | undefined;
  timeoutSeconds: number;
  /** PEM of the one authority to trust over HTTPS, in place of the usual ones. */
  caCertificate?: string | undefined;
}

/**
 * One HTTP request of a workflow, answered `{body, code, headers}`.
 * Status 400 and above raises HttpError, no answer in time TimeoutError, no connection ConnectionFailedError, one
 * that broke ConnectionError. https://docs.cloud.google.com/workflows/docs/http-requests. Redirects are followed
 * (unverified) unless it takes `fetchDirectly`.
 * @throws WorkflowFault also ValueError for headers that HTTP has not, or that are about the connection
 */
export async function exchange(request: Exchange, context: CallContext): Promise<ValueMap> {
  const { host, signal } = context;
  const headers = headersOf(request.headers);
  const agent = headers.get('user-agent');
  headers.set('user-agent', agent === null ? 'GoogleCloudWorkflows' : `${agent} GoogleCloudWorkflows`);
  const body = request.body === undefined ? null : encodeBody(request.body, headers);
  checkLength(headers, body);
  const stop = new AbortController();
  const timeout = new AbortController();
  const whole = AbortSignal.any([signal, timeout.signal]);
  host.clock.sleep(request.timeoutSeconds * 1000, stop.signal).then(
    () => timeout.abort(),
    () => undefined, // the exchange ended first
  );
  try {
    const { method, url, caCertificate } = request;
    const init = { method, headers, body, caCertificate, signal: whole };
    const response = needsDirect(url, init) ? await fetchDirectly(url, init) : await host.fetch(url, init);
    const { status } = response;
    const bytes = await readBody(response, context.limits.httpResponseBytes);
    const answer = new Map<string, Value>([
      ['body', bodyOf(bytes, response.headers.get('content-type') ?? '', status)],
      ['code', BigInt(status)],
      ['headers', new Map<string, Value>(response.headers)],
    ]);
    if (status < 400) return answer;
    throw fault('HttpError', `HTTP server responded with error code ${status}`, answer);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.signal.aborted) throw timeoutFault(request);
    throw error instanceof TypeError ? connectionFault(error, request) : error;
  } finally {
    stop.abort(new Error('the HTTP exchange ended'));
  }
}

/** What a refusal holds says less than the refusal: one that is not of its content type is text, or bytes when it is none. */
function bodyOf(bytes: Uint8Array, contentType: string, status: number): Value {
  try {
    return decodeBody(bytes, contentType);
  } catch (error) {
    if (status < 400 || !(error instanceof WorkflowFault)) throw error;
    return isUtf8(bytes) ? decodeUtf8(bytes) : bytes;
  }
}

/** Headers of the connection, which whoever holds it sets. (That Google refuses them is unverified.) */
const ofConnection = ['expect', 'keep-alive', 'transfer-encoding', 'upgrade'];

function headersOf(given: ReadonlyMap<string, string>): Headers {
  for (const [name, value] of given) {
    const header = `the header ${JSON.stringify(name)}`;
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw fault('ValueError', `${header} has no valid name`);
    // The value is not shown: it may be a secret.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw fault('ValueError', `${header} has a line end or another character that HTTP does not carry`);
    }
    if (ofConnection.includes(name)) throw fault('ValueError', `${header} cannot be set by a workflow here`);
  }
  return new Headers([...given]);
}

/** A Content-Length may be given when it is right; what sends the request sets it anyway. */
function checkLength(headers: Headers, body: string | Uint8Array | null): void {
  const given = headers.get('content-length');
  const bytes = body === null ? 0 : Buffer.byteLength(body);
  if (given !== null && given !== String(bytes)) {
    throw fault('ValueError', `the header "content-length" is ${given}, the body has ${bytes} bytes`);
  }
  headers.delete('content-length');
}

/** @throws ValueError for bytes under a JSON content type that are not JSON */
export function decodeBody(bytes: Uint8Array, contentType: string): Value {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (bytes.length === 0) return type.startsWith('text/') ? '' : null;
  if (type === 'application/json' || type.endsWith('+json')) return parseJson(decodeUtf8(bytes));
  return type.startsWith('text/') ? decodeUtf8(bytes) : bytes;
}

/** Without a content type bytes go as they are and everything else as JSON; a given one drives the encoding. */
function encodeBody(body: Value, headers: Headers): string | Uint8Array<ArrayBuffer> {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === undefined) {
    headers.set(
      'content-type',
      body instanceof Uint8Array ? 'application/octet-stream' : 'application/json; charset=utf-8',
    );
  }
  if (body instanceof Uint8Array) return new Uint8Array(body);
  if (type === undefined || type === 'application/json' || type.endsWith('+json')) return formatJson(body);
  if (type === 'application/x-www-form-urlencoded' && isMap(body)) {
    return new URLSearchParams(
      [...body].map(([name, value]): [string, string] => [name, formText(value)]),
    ).toString();
  }
  if (typeof body === 'string') return body;
  throw fault('TypeError', `a body of type ${typeName(body)} cannot be sent as ${type}`);
}

function formText(value: Value): string {
  if (typeof value === 'string' || typeof value === 'boolean') return textOf(value);
  if (typeof value === 'bigint' || typeof value === 'number') return textOf(value);
  throw fault('TypeError', `a form field must be a string, number or boolean, got ${typeName(value)}`);
}

async function readBody(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limit) throw limitFault(`the HTTP response is larger than the limit of ${limit} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const neverConnected = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];
/** The certificate was refused or the handshake failed: nothing was asked yet. */
const noHandshake =
  /^ERR_TLS_|^ERR_SSL_(?!.*BAD_RECORD_MAC)|CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|^(HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED|INVALID_PURPOSE)$/;
const timedOut = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];

/** fetch says "fetch failed" and keeps the reason in the cause. */
function connectionFault(error: TypeError, request: Exchange): Error {
  const cause = error.cause as { code?: string } | undefined;
  if (cause === undefined) return fault('ValueError', `${messageOf(error)} (url "${request.url}")`);
  const code = cause.code ?? '';
  if (timedOut.includes(code)) return timeoutFault(request);
  const message = `${request.method} ${request.url}: ${code === '' ? messageOf(cause) : code}`;
  return neverConnected.includes(code) || noHandshake.test(code)
    ? fault('ConnectionFailedError', `failed to connect: ${message}`)
    : fault('ConnectionError', `connection broken: ${message}`);
}

function timeoutFault(request: Exchange): WorkflowFault {
  return fault(
    'TimeoutError',
    `${request.method} ${request.url} gave no answer in ${request.timeoutSeconds} s`,
  );
}
