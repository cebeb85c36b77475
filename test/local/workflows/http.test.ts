import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthority, type Pair } from '#test/support/certificate.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { result, start } from './harness.ts';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(
  answer: (seen: Seen, response: ServerResponse) => void,
): Promise<{ origin: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const json =
  (body: unknown, status = 200) =>
  (_seen: Seen, response: ServerResponse) => {
    response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(body));
  };

function call(name: string, args: unknown): string {
  return JSON.stringify([{ c: { call: name, args, result: 'answer' } }, { r: { return: '${answer}' } }]);
}

/** What `except` sees of a failing call. */
async function caught(
  name: string,
  args: unknown,
  options: Parameters<typeof result>[1] = {},
): Promise<unknown> {
  return result(
    JSON.stringify([
      { t: { try: { call: name, args }, except: { as: 'e', steps: [{ r: { return: '${e}' } }] } } },
    ]),
    options,
  );
}

const authority = createAuthority();

/** A server behind TLS that answers what it was sent; `/break` ends in the middle of its answer. */
async function listenTls(pair: Pair): Promise<string> {
  const server = createTlsServer(pair, (request, response) => {
    if (request.url === '/silent') return;
    response.writeHead(request.url === '/no' ? 503 : 200, { 'content-type': 'application/json' });
    if (request.url === '/break') {
      response.write('{"half');
      setImmediate(() => response.destroy());
    } else request.pipe(response);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

describe('http', () => {
  it('sends JSON and answers code, lower-case headers and the decoded body', async () => {
    const { origin, seen } = await listen(json({ n: 5 }, 201));
    const found = await result(
      call('http.post', { url: `${origin}/p`, body: { a: [1] }, query: { q: [1, 'x y'], b: true } }),
    );
    expect(found).toMatchObject({
      code: 201,
      body: { n: 5 },
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/p?q=1&q=x+y&b=true', body: '{"a":[1]}' });
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'GoogleCloudWorkflows',
    });
  });

  it.each([
    ...['get', 'post', 'put', 'patch', 'delete'].map(
      (name) => [`http.${name}`, {}, name.toUpperCase()] as const,
    ),
    ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'].map(
      (method) => ['http.request', { method }, method] as const,
    ),
  ])('%s %j sends %s', async (name, args, method) => {
    const { origin, seen } = await listen(json({}));
    await result(call(name, { url: origin, ...args }));
    expect(seen.map((one) => one.method)).toEqual([method]);
  });

  it('has no method TRACE', async () => {
    expect(await caught('http.request', { url: 'http://127.0.0.1:9', method: 'TRACE' })).toMatchObject({
      tags: ['ValueError'],
      message: expect.stringContaining('"TRACE" is unknown: expected GET, HEAD'),
    });
  });

  it.each([
    ['form fields', { 'Content-Type': 'application/x-www-form-urlencoded' }, { a: 'x y', b: 1 }, 'a=x+y&b=1'],
    ['text', { 'Content-Type': 'text/plain' }, 'as is', 'as is'],
    ['bytes', {}, '${text.encode("raw")}', 'raw'],
  ])('encodes %s by the content type', async (_name, headers, body, expected) => {
    const { origin, seen } = await listen(json({}));
    await result(call('http.post', { url: origin, headers, body }));
    expect(seen[0]?.body).toBe(expected);
  });

  it.each([
    ['text/plain', 'hello', 'string'],
    ['application/octet-stream', 'hello', 'bytes'],
    ['application/vnd.x+json', '1', 'integer'],
  ])('decodes a body of %s', async (type, body, expected) => {
    const { origin } = await listen((_seen, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );
    const source = [
      { c: { call: 'http.get', args: { url: origin }, result: 'x' } },
      { r: { return: '${get_type(x.body)}' } },
    ];
    expect(await result(JSON.stringify(source))).toBe(expected);
  });

  it('raises HttpError from status 400 on, with code, headers and body', async () => {
    const { origin } = await listen(json({ why: 'no' }, 404));
    expect(await caught('http.get', { url: origin })).toEqual({
      tags: ['HttpError'],
      message: 'HTTP server responded with error code 404',
      code: 404,
      headers: expect.objectContaining({ 'content-type': 'application/json; charset=utf-8' }),
      body: { why: 'no' },
    });
  });

  it.each([
    ['text under a JSON type', 'application/json', '<html>oops', '<html>oops', 'string'],
    ['JSON that breaks off', 'application/problem+json', '{"a":', '{"a":', 'string'],
    ['no UTF-8 under a JSON type', 'application/json', Buffer.from([0xff]), undefined, 'bytes'],
    ['no UTF-8 under a text type', 'text/plain', Buffer.from([0x41, 0xff]), undefined, 'bytes'],
    ['nothing', 'application/json', '', null, 'null'],
  ])('raises HttpError when the body is %s', async (_name, type, body, expected, typeName) => {
    const { origin, seen } = await listen((_seen, response) =>
      response.writeHead(503, { 'content-type': type }).end(body),
    );
    const source = [
      {
        t: {
          try: { call: 'http.get', args: { url: origin } },
          retry: '${http.default_retry}',
          except: {
            as: 'e',
            steps: [{ r: { return: ['${e.tags}', '${e.code}', '${get_type(e.body)}'] } }],
          },
        },
      },
    ];
    const clock = createVirtualClock();
    const found = result(JSON.stringify(source), { clock });
    while (seen.length < 6) {
      await clock.next();
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Six requests: the default policy has retried what has this code.
    expect(await found).toEqual([['HttpError'], 503, typeName]);
    if (expected === undefined) return;
    expect(await caught('http.get', { url: origin })).toMatchObject({ code: 503, body: expected });
  });

  it('raises ValueError when an answer below 400 is not of its content type', async () => {
    const { origin } = await listen((_seen, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    );
    expect(await caught('http.get', { url: origin })).toMatchObject({ tags: ['ValueError'] });
  });

  it.each<[string, Record<string, string>, string]>([
    ['a space in a name', { 'a b': 'c' }, 'the header "a b" has no valid name'],
    ['no name', { '': 'c' }, 'the header "" has no valid name'],
    ['a line end', { 'X-A': 'a\nb' }, 'the header "x-a" has a line end'],
    [
      'a line end behind a secret',
      { Authorization: 'secret\n' },
      'the header "authorization" has a line end',
    ],
    ['a NUL', { a: '\0' }, 'the header "a" has'],
    ['a character beyond Latin-1', { a: '€' }, 'the header "a" has'],
    ['Expect', { Expect: '100-continue' }, 'the header "expect" cannot be set'],
    ['Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }, 'the header "transfer-encoding" cannot be set'],
    ['Keep-Alive', { 'Keep-Alive': '5' }, 'the header "keep-alive" cannot be set'],
    ['Upgrade', { Upgrade: 'h2c' }, 'the header "upgrade" cannot be set'],
    ['a wrong length', { 'Content-Length': '3' }, '"content-length" is 3, the body has 4 bytes'],
  ])('refuses headers with %s and sends nothing', async (_name, headers, message) => {
    const { origin, seen } = await listen(json({}));
    const error = await caught('http.post', { url: origin, headers, body: 'é' });
    expect(error).toEqual({ tags: ['ValueError'], message: expect.stringContaining(message) });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(seen).toEqual([]);
  });

  it.each<[string, unknown, Record<string, string>, string]>([
    [
      'GET',
      { q: 1 },
      { 'content-type': 'application/json; charset=utf-8', 'content-length': '7' },
      '{"q":1}',
    ],
    ['HEAD', 'é', { 'content-length': '4' }, '"é"'],
    ['DELETE', 'é', { 'content-length': '4' }, '"é"'],
    ['POST', 'é', { 'content-length': '4', 'x-latin': 'é' }, '"é"'],
  ])('sends %s with the body %j', async (method, body, headers, expected) => {
    const { origin, seen } = await listen(json({ k: 1 }));
    const args = {
      method,
      url: origin,
      body,
      headers: { 'Content-Length': headers['content-length'], 'x-latin': 'é' },
    };
    expect(await result(call('http.request', args))).toMatchObject({
      code: 200,
      body: method === 'HEAD' ? null : { k: 1 },
    });
    expect(seen).toMatchObject([{ method, body: expected, headers }]);
  });

  // Ports that browsers shun, and Node's fetch with them
  it.each([1, 9, 6000, 6667])('connects to port %i as to any other', async (port) => {
    expect(await caught('http.get', { url: `http://127.0.0.1:${port}/` })).toMatchObject({
      tags: ['ConnectionFailedError'],
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('says that it never connected when the other side has no TLS', async () => {
    const { origin, seen } = await listen(json({}));
    expect(await caught('http.post', { url: origin.replace('http:', 'https:') })).toMatchObject({
      tags: ['ConnectionFailedError'],
      message: expect.stringContaining('WRONG_VERSION_NUMBER'),
    });
    expect(seen).toEqual([]);
  });

  it('tells never connected from broken', async () => {
    const { origin } = await listen((_seen, response) => response.destroy());
    expect(await caught('http.get', { url: origin })).toMatchObject({ tags: ['ConnectionError'] });
    for (const close of closers.splice(0)) close();
    expect(await caught('http.get', { url: origin })).toMatchObject({ tags: ['ConnectionFailedError'] });
  });

  it('raises TimeoutError after the given seconds', async () => {
    const clock = createVirtualClock();
    let arrived = (): void => undefined;
    const request = new Promise<void>((resolve) => (arrived = resolve));
    const { origin } = await listen(() => arrived());
    const found = caught('http.get', { url: origin, timeout: 20 }, { clock });
    await request;
    await clock.advance(19_999);
    await clock.advance(1);
    expect(await found).toMatchObject({ tags: ['TimeoutError'], message: expect.stringContaining('20 s') });
  });

  it.each([
    [{ type: 'OIDC' }, (origin: string) => `Bearer id-token-for-${origin}/x`],
    [{ type: 'OIDC', audience: 'aud' }, () => 'Bearer id-token-for-aud'],
    [{ type: 'OAuth2' }, () => 'Bearer access-token'],
  ])('authenticates with %j', async (auth, expected) => {
    const { origin, seen } = await listen(json({}));
    await result(call('http.get', { url: `${origin}/x`, query: { q: 1 }, auth }));
    expect(seen[0]?.headers.authorization).toBe(expected(origin));
  });

  it('raises AuthError when there is no token to send', async () => {
    const idToken = async (): Promise<string> => {
      throw new Error('no such account');
    };
    const args = { url: 'http://127.0.0.1:9/x', auth: { type: 'OIDC' } };
    expect(await caught('http.get', args, { host: { idToken } })).toEqual({
      tags: ['AuthError'],
      message: 'no identity token for the audience "http://127.0.0.1:9/x": no such account',
    });
  });

  it.each([
    [{ url: 'ftp://x' }, 'is not an http or https URL: "ftp://x"'],
    [{ url: 'http://127.0.0.1:9', timeout: 1801 }, 'at most 1800 seconds: 1801'],
    [{ url: 'http://127.0.0.1:9', auth: { type: 'OIDC', user: 'x' } }, "has the unknown key 'user'"],
    [{ url: 'http://127.0.0.1:9', auth: { type: 'Basic' } }, 'must have the type OIDC or OAuth2'],
    [
      { url: 'https://127.0.0.1:9', ca_certificate: 'MII' },
      "'ca_certificate' of http.get is not a certificate in PEM",
    ],
  ])('refuses %j', async (args, message) => {
    expect(await caught('http.get', args)).toMatchObject({
      tags: ['ValueError'],
      message: expect.stringContaining(message),
    });
  });

  it('trusts the authority of ca_certificate, for every method that has a body and every that has none', async () => {
    const url = await listenTls(authority.issue('localhost', [-1, 30]));
    const ca_certificate = authority.ca;
    const posted = await result(call('http.post', { url, body: { n: 9 }, ca_certificate }));
    expect(posted).toMatchObject({
      code: 200,
      body: { n: 9 },
      headers: { 'content-type': 'application/json' },
    });
    expect(await result(call('http.get', { url, ca_certificate }))).toMatchObject({ code: 200, body: null });
    const head = { method: 'HEAD', url, ca_certificate };
    expect(await result(call('http.request', head))).toMatchObject({ code: 200, body: null });
    expect(await caught('http.put', { url: `${url}/no`, body: 1, ca_certificate })).toMatchObject({
      tags: ['HttpError'],
      code: 503,
      body: 1,
    });
  });

  it.each([
    ['no authority is named', undefined, 'localhost'],
    ['another authority signed', createAuthority('Stranger').ca, 'localhost'],
    ['the certificate is for another name', authority.ca, 'other.example'],
  ])('does not talk to a server when %s', async (_name, ca, host) => {
    const url = await listenTls(authority.issue(host, [-1, 30]));
    const args = ca === undefined ? { url } : { url, ca_certificate: ca };
    expect(await caught('http.get', args)).toMatchObject({
      tags: ['ConnectionFailedError'],
      message: expect.stringMatching(/SIGNATURE|SIGNED|ALTNAME/),
    });
  });

  it('tells a broken answer and a late one apart over such a connection too', async () => {
    const url = await listenTls(authority.issue('localhost', [-1, 30]));
    const ca_certificate = authority.ca;
    const broken = { url: `${url}/break`, ca_certificate };
    expect(await caught('http.get', broken)).toMatchObject({ tags: ['ConnectionError'] });
    const late = { url: `${url}/silent`, ca_certificate, timeout: 0.05 };
    expect(await caught('http.get', late)).toMatchObject({ tags: ['TimeoutError'] });
    for (const close of closers.splice(0)) close();
    expect(await caught('http.get', broken)).toMatchObject({ tags: ['ConnectionFailedError'] });
  });

  it('bills a request to an address that is not Google’s as external', async () => {
    const answer = async (): Promise<Response> =>
      new Response('{}', { headers: { 'content-type': 'application/json' } });
    const source = JSON.stringify([
      { a: { call: 'http.get', args: { url: 'https://hooks.slack.com/x' } } },
      { b: { call: 'http.get', args: { url: 'https://run.googleapis.com/x' } } },
    ]);
    const run = start(source, { host: { fetch: answer } });
    await run.outcome;
    expect(run.billed).toEqual({ internal: 1, external: 1 });
  });

  it('bills a wait for a callback as external, and what makes the endpoint as internal', async () => {
    const run = start(`
- a: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: c}
- b:
    try: {call: events.await_callback, args: {callback: "\${c}"}}
    except: {as: e, steps: [{late: {return: "\${e.tags}"}}]}`);
    expect(await run.outcome).toEqual({ state: 'SUCCEEDED', result: '["TimeoutError"]' });
    // The endpoint, try, return; the wait.
    expect(run.billed).toEqual({ internal: 3, external: 1 });
  });
});
