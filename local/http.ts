import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { GoogleError } from '#local/google-error.ts';

/**
 * The HTTP face of the local cloud: one loopback listener, one table of routes per service it answers for.
 * What no route answers is a loud UNIMPLEMENTED, never a silent success.
 */
export interface LocalRequest {
  method: string;
  url: URL;
  /** Captured from the path, percent-decoded. */
  params: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The service account whose access token came with the request; '' on a public route. */
  principal: string;
}

export interface LocalResponse {
  /** 200 unless told otherwise. */
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON. Without `json` and `body` the answer is empty. */
  json?: unknown;
  body?: Buffer | string;
  /** The connection is cut instead: the request was handled, and its sender never hears of it. */
  cut?: boolean;
}

export interface Route {
  method: string;
  /** Google's notation: `/v1/projects/{project}/topics/{topic}:publish`; `{rest=**}` takes the rest with its slashes. */
  path: string;
  /** True where the real service asks for no access token, or has an authentication of its own. */
  public?: boolean;
  handle(request: LocalRequest): LocalResponse | Promise<LocalResponse>;
}

/** One service of the local cloud. */
export interface LocalService {
  routes: Route[];
  stop?(): Promise<void>;
}

export interface LocalServer {
  port: number;
  /** `http://127.0.0.1:PORT` */
  origin: string;
  close(): Promise<void>;
}

const maxBodyBytes = 256 * 1024 * 1024;

/** @throws GoogleError INVALID_ARGUMENT when the body is not JSON. An empty body is `{}`. */
export function jsonBody(request: LocalRequest): unknown {
  if (request.body.length === 0) return {};
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch (error) {
    throw new GoogleError('INVALID_ARGUMENT', `Invalid JSON payload received. ${messageOf(error)}`);
  }
}

/**
 * A value from a client as that schema wants it; strict schemas refuse unknown fields as Google does.
 * @throws GoogleError INVALID_ARGUMENT naming the first field that is wrong
 */
export function parsedValue<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).join('.');
  const message =
    issue?.code === 'unrecognized_keys'
      ? `Invalid JSON payload received. Unknown name "${issue.keys[0]}"${path ? ` at '${path}'` : ''}: Cannot find field.`
      : `Invalid value${path ? ` at '${path}'` : ''}: ${issue?.message ?? 'does not fit'}`;
  throw new GoogleError('INVALID_ARGUMENT', message);
}

/** `jsonBody`, then `parsedValue`. */
export function parsedBody<Schema extends z.ZodType>(
  request: LocalRequest,
  schema: Schema,
): z.output<Schema> {
  return parsedValue(schema, jsonBody(request));
}

/**
 * Listens on 127.0.0.1. Host and Origin are checked, so that a page in a browser cannot reach it by DNS rebinding.
 * `authenticate` maps an access token to the e-mail of its owner, or to undefined.
 */
export async function serve(options: {
  routes: Route[];
  port?: number;
  authenticate: (token: string) => string | undefined;
  onError?: (error: unknown) => void;
}): Promise<LocalServer> {
  const table = options.routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  let port = options.port ?? 0;
  const server = createServer((message, response) => {
    answer(message, response).catch((error: unknown) => {
      options.onError?.(error);
      response.destroy();
    });
  });

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkHost(message, port);
      const body = await readBody(message);
      send(response, await dispatch(message, body));
    } catch (error) {
      if (!(error instanceof GoogleError)) options.onError?.(error);
      const known =
        error instanceof GoogleError
          ? error
          : new GoogleError('INTERNAL', `local cloud: ${messageOf(error)}`);
      send(response, { status: known.httpCode, json: known.toJSON() });
    }
  }

  async function dispatch(message: IncomingMessage, body: Buffer): Promise<LocalResponse> {
    const url = new URL(message.url ?? '/', `http://127.0.0.1:${port}`);
    const method = message.method ?? 'GET';
    for (const { route, pattern } of table) {
      if (route.method !== method) continue;
      const match = pattern.exec(url.pathname);
      if (!match) continue;
      const params: Record<string, string> = {};
      for (const [name, value] of Object.entries(match.groups ?? {}))
        params[name] = decodeURIComponent(value);
      const principal = route.public ? '' : authenticated(message);
      return route.handle({ method, url, params, headers: message.headers, body, principal });
    }
    throw new GoogleError('UNIMPLEMENTED', `The local cloud does not support ${method} ${url.pathname}`);
  }

  function authenticated(message: IncomingMessage): string {
    const token = /^Bearer (.+)$/i.exec(message.headers.authorization ?? '')?.[1];
    const principal = token === undefined ? undefined : options.authenticate(token);
    if (principal === undefined) {
      throw new GoogleError(
        'UNAUTHENTICATED',
        'Request had invalid authentication credentials. Expected an OAuth 2 access token of this local stack.',
      );
    }
    return principal;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `{name}` is one segment, `{name=**}` the rest; all else is literal. */
function patternOf(path: string): RegExp {
  const source = path
    .split(/(\{\w+(?:=\*\*)?\})/)
    .map((part) => {
      const variable = /^\{(\w+)(=\*\*)?\}$/.exec(part);
      if (!variable) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return variable[2] ? `(?<${variable[1]}>.+)` : `(?<${variable[1]}>[^/]+?)`;
    })
    .join('');
  return new RegExp(`^${source}$`);
}

function checkHost(message: IncomingMessage, port: number): void {
  const host = message.headers.host ?? '';
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!own.includes(host)) {
    throw new GoogleError(
      'PERMISSION_DENIED',
      `Host "${host}" is not this local cloud (${own.join(' or ')})`,
    );
  }
  const origin = message.headers.origin;
  if (origin !== undefined && !own.some((name) => origin === `http://${name}`)) {
    throw new GoogleError('PERMISSION_DENIED', `Origin "${origin}" may not call the local cloud`);
  }
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const part = chunk as Buffer;
    size += part.length;
    if (size > maxBodyBytes) {
      throw new GoogleError('INVALID_ARGUMENT', `Request body is larger than ${maxBodyBytes} bytes`);
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, answer: LocalResponse): void {
  if (answer.cut) {
    response.destroy();
    return;
  }
  const body = answer.json === undefined ? (answer.body ?? '') : JSON.stringify(answer.json);
  const headers: Record<string, string | number> = { ...answer.headers };
  if (answer.json !== undefined) headers['content-type'] ??= 'application/json; charset=UTF-8';
  if (headers['content-length'] === undefined) headers['content-length'] = Buffer.byteLength(body);
  response.writeHead(answer.status ?? 200, headers);
  response.end(body);
}
