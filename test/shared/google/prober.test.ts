import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { maxBodyBytes } from '#shared/google/http-call.ts';
import { checkedLookup } from '#shared/google/probe-target.ts';
import { createProber } from '#shared/google/prober.ts';
import { closedOrigin, fixedTokens, openServer } from './cloud.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const prober = createProber({ tokens: fixedTokens });
const request = { method: 'GET', timeoutSeconds: 5 };
/** Asks that address, which is allowed. */
const at = (origin: string) => ({ ...request, url: origin, allowedOrigins: [origin] });

describe('a probe', () => {
  it('tells status, body, headers and how long it took, and says who asks', async () => {
    const server = await openServer(() => ({ status: 503, headers: { 'x-who': 'hello' }, body: 'grün' }));
    let time = 1000;
    const timed = createProber({ tokens: fixedTokens, now: () => (time += 7) });
    const answer = await timed.request({
      ...at(server.origin),
      url: `${server.origin}/healthz?deep=1`,
      method: 'POST',
      headers: { 'X-Check': '1', 'user-agent': 'somebody else' },
      body: '{}',
    });
    expect(answer).toMatchObject({ status: 503, body: 'grün', headers: { 'x-who': 'hello' }, durationMs: 7 });
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: '/healthz?deep=1',
      body: '{}',
      headers: { 'x-check': '1', 'user-agent': `Slipway/${version}` },
    });
  });

  it('takes a redirect for an answer', async () => {
    const server = await openServer(() => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }));
    const answer = await prober.request(at(server.origin));
    expect(answer).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  });

  it('keeps the beginning of a body that is too long', async () => {
    const server = await openServer(() => ({ body: 'x'.repeat(maxBodyBytes * 3) }));
    const { body, status, truncated } = await prober.request(at(server.origin));
    expect({ status, length: body.length, truncated }).toEqual({
      status: 200,
      length: maxBodyBytes,
      truncated: true,
    });
  });

  it('comes on a connection of its own', async () => {
    const server = await openServer(() => ({}));
    await prober.request(at(server.origin));
    expect(server.requests[0]?.headers.connection).toBe('close');
  });

  it('of an address where nothing answers is unavailable', async () => {
    const url = await closedOrigin();
    await expect(prober.request(at(url))).rejects.toMatchObject({
      name: 'Fault',
      code: 'unavailable',
    });
  });

  it.each([
    ['no address', { url: '/healthz' }],
    ['a GET with a body', { body: 'x' }],
    ['a malformed header', { headers: { 'a b': 'c' } }],
  ])('with %s is refused before it is sent', async (_, wrong) => {
    const server = await openServer(() => ({}));
    const asked = { ...at(server.origin), ...wrong };
    await expect(prober.request(asked)).rejects.toMatchObject({ name: 'Fault', code: 'invalid-input' });
    expect(server.requests).toHaveLength(0);
  });

  it('that is not answered in time is a timeout', async () => {
    const server = await openServer(() => undefined);
    const answer = prober.request({ ...at(server.origin), timeoutSeconds: 0.05 });
    await expect(answer).rejects.toMatchObject({ name: 'Fault', code: 'timeout' });
  });

  it.each([
    ['with the fault it is stopped by', new Fault('lock-lost', 'somebody else has it'), 'lock-lost'],
    ['as a timeout otherwise', new Error('enough'), 'timeout'],
  ])('ends at once when it is stopped, %s', async (_, reason, code) => {
    const controller = new AbortController();
    const server = await openServer(() => {
      controller.abort(reason);
      return undefined;
    });
    const answer = prober.request({ ...at(server.origin), signal: controller.signal });
    await expect(answer).rejects.toMatchObject({ name: 'Fault', code });
  });
});

describe('the identity token', () => {
  const audience = 'https://hello-abc-uc.a.run.app';
  const bearer = `Bearer identity-for-${audience}`;

  it('goes to an allowed origin when there is an audience', async () => {
    const server = await openServer(() => ({}));
    await prober.request({
      ...request,
      url: `${server.origin}/a`,
      audience,
      allowedOrigins: [server.origin],
    });
    expect(server.requests[0]?.headers.authorization).toBe(bearer);
  });

  it("leaves the service's own authorization alone", async () => {
    const server = await openServer(() => ({}));
    const headers = { Authorization: 'Basic abc' };
    await prober.request({
      ...request,
      url: server.origin,
      headers,
      audience,
      allowedOrigins: [server.origin],
    });
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Basic abc',
      'x-serverless-authorization': bearer,
    });
  });

  it('is not sent without an audience', async () => {
    const server = await openServer(() => ({}));
    await prober.request(at(server.origin));
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('goes nowhere else: nothing is sent at all', async () => {
    const server = await openServer(() => ({}));
    const other = { ...request, url: server.origin, audience, allowedOrigins: ['https://hello.test'] };
    await expect(prober.request(other)).rejects.toMatchObject({
      code: 'invalid-input',
      message: `nothing is sent to ${server.origin}: expected one of https://hello.test`,
    });
    expect(server.requests).toHaveLength(0);
  });
});

describe('an address that is hostile', () => {
  /** Answers by hand, byte for byte. */
  async function openRaw(behave: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      behave(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const head = (headers = '') => `HTTP/1.1 200 OK\r\n${headers}\r\n`;

  it('with a body that has no end is read for 1 MiB', async () => {
    let sent = 0;
    const origin = await openRaw((socket) => {
      socket.write(head());
      const chunk = 'x'.repeat(64 * 1024);
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', more);
      more();
    });
    const answer = await prober.request(at(origin));
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body).toHaveLength(maxBodyBytes);
    expect(sent).toBeLessThan(20 * maxBodyBytes);
  });

  it('that drips its body is a timeout, and what it answered is told', async () => {
    const origin = await openRaw((socket) => {
      socket.write(head('content-length: 1000\r\n'));
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    await expect(prober.request({ ...at(origin), timeoutSeconds: 0.2 })).rejects.toMatchObject({
      code: 'timeout',
      message: `GET ${origin} answered 200, but its body has no end within 0.2 s`,
    });
  });

  it('that drips its head is a timeout', async () => {
    const origin = await openRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    await expect(prober.request({ ...at(origin), timeoutSeconds: 0.2 })).rejects.toMatchObject({
      code: 'timeout',
    });
  });

  it('with a packed body of 200 MB is unpacked for 1 MiB only', async () => {
    const packed = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const origin = await openRaw((socket) => {
      socket.end(Buffer.concat([Buffer.from(head('content-encoding: gzip\r\n')), packed]));
    });
    const before = process.memoryUsage().rss;
    const answer = await prober.request(at(origin));
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body).toHaveLength(maxBodyBytes);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('that breaks off is unavailable', async () => {
    const origin = await openRaw((socket) => {
      socket.write(head('content-length: 1000\r\n'));
      setTimeout(() => socket.destroy(), 20);
    });
    await expect(prober.request(at(origin))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([
    'http://169.254.169.254',
    'http://2852039166',
    'http://0xa9.0xfe.0xa9.0xfe',
    'http://[::ffff:169.254.169.254]',
    'http://[fe80::1]',
    'http://[fd20:ce::254]',
  ])('is never asked at %s, even when that is allowed', async (origin) => {
    await expect(prober.request(at(origin))).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/^nothing is sent to /),
    });
  });

  it.each(['169.254.169.254', 'fe80::1', 'fd20:ce::254'])(
    'is never connected to when its name leads to %s',
    async (address) => {
      const found = new Promise((resolve) => checkedLookup(address, {}, (...answer) => resolve(answer)));
      expect(await found).toEqual([expect.objectContaining({ code: 'invalid-input' }), '']);
    },
  );

  it('gets no header out of the value of another', async () => {
    const server = await openServer(() => ({}));
    const headers = { 'x-id': 'a\r\nx-injected: b' };
    await expect(prober.request({ ...at(server.origin), headers })).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(server.requests).toHaveLength(0);
  });
});

describe('a redirect that may be followed', () => {
  const followed = (origin: string, more = {}) =>
    prober.request({ ...at(origin), ...more, url: `${origin}/from`, followRedirects: true });

  it.each([
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', '{}'],
    [308, 'POST', '{}'],
  ])('with %i is asked by %s', async (status, method, body) => {
    const server = await openServer(({ url }) =>
      url === '/from' ? { status, headers: { location: '/to' } } : { body: 'here' },
    );
    const answer = await followed(server.origin, { method: 'POST', body: '{}' });
    expect(answer).toMatchObject({ status: 200, body: 'here' });
    expect(server.requests[1]).toMatchObject({ url: '/to', method, body });
  });

  it('to another address is an answer, and nothing is sent there', async () => {
    const other = await openServer(() => ({}));
    const server = await openServer(() => ({ status: 302, headers: { location: `${other.origin}/` } }));
    const answer = await followed(server.origin, { audience: server.origin });
    expect(answer).toMatchObject({ status: 302 });
    expect(other.requests).toHaveLength(0);
  });

  it.each([
    'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token',
    'http://metadata.google.internal/computeMetadata/v1/',
    '//169.254.169.254/',
    'http://10.0.0.1/',
    'http://localhost:1/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'http://[',
  ])('to %s is an answer, and nothing is sent there', async (location) => {
    const server = await openServer(() => ({ status: 302, headers: { location } }));
    expect(await followed(server.origin)).toMatchObject({ status: 302, headers: { location } });
    expect(server.requests).toHaveLength(1);
  });

  it('that leads in a circle is an answer after five', async () => {
    const server = await openServer(() => ({ status: 302, headers: { location: '/from' } }));
    expect(await followed(server.origin)).toMatchObject({ status: 302 });
    expect(server.requests).toHaveLength(6);
  });
});
