import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { awaited, judgeConversation } from '#shared/checks/web-socket.ts';
import { SuiteFile, type WebSocketCheck } from '#shared/domain/service/checks.ts';
import { createProber } from '#shared/google/prober.ts';
import { closedOrigin, fixedTokens } from './cloud.ts';

const prober = createProber({ tokens: fixedTokens, version: '1.2.3' });

/** A WebSocket server that behaves as told. */
async function serve(
  behave: (socket: WebSocket, headers: NodeJS.Dict<string | string[]>) => void,
  options: ServerOptions = {},
): Promise<string> {
  const server = createServer((_, response) => void response.writeHead(403).end());
  const sockets = new WebSocketServer({ ...options, server });
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    behave(socket, request.headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const checkOf = (change: object = {}): WebSocketCheck =>
  SuiteFile.parse({ title: 'T', checks: [{ kind: 'websocket', name: 'w', path: '/ws', ...change }] })
    .checks[0] as WebSocketCheck;

/** As a `websocket` check asks it and judges. */
async function ask(origin: string, change: object = {}, more: object = {}) {
  const wanted = checkOf({ timeout: '1s', ...change });
  const awaits = awaited(wanted);
  const seen = await prober.webSocket({
    url: `${origin}/ws`,
    timeoutSeconds: wanted.timeout,
    allowedOrigins: [origin],
    headers: wanted.headers,
    ...(wanted.protocol === undefined ? {} : { protocol: wanted.protocol }),
    ...(wanted.send === undefined ? {} : { send: wanted.send }),
    ...(awaits === undefined ? {} : { awaits }),
    ...((wanted.expect.closeCode ?? 1000) === 1000 ? {} : { awaitsClose: true }),
    staysOpenSeconds: wanted.expect.staysOpen,
    ...more,
  });
  return { seen, ...judgeConversation(wanted, seen) };
}

const echo = (socket: WebSocket): void =>
  void socket.on('message', (data: Buffer) => socket.send(`you said ${data.toString()}`));

describe('a WebSocket', () => {
  it('passes when it opens, and says who asks', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const origin = await serve((_, given) => (headers = given));
    const { pass, observed } = await ask(origin, { headers: { 'x-check': '1' } });
    expect({ pass, observed }).toEqual({ pass: true, observed: expect.stringMatching(/^open in \d+ ms$/) });
    expect(headers).toMatchObject({ 'x-check': '1', 'user-agent': 'Slipway/1.2.3' });
    expect(headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('brings the identity token of a private service', async () => {
    let authorization: string | string[] | undefined;
    const origin = await serve((_, headers) => (authorization = headers['authorization']));
    await ask(origin, {}, { audience: origin });
    expect(authorization).toBe(`Bearer identity-for-${origin}`);
  });

  it('sends, and waits for the message among others', async () => {
    const origin = await serve((socket) => {
      socket.send('welcome');
      socket.send(Buffer.from('{"type":"pong","id":7}'), { binary: true });
      socket.on('message', (data: Buffer) => socket.send(`{"type":"pong","id":${data.toString()}}`));
    });
    const json = { type: 'pong', id: 7 };
    expect(await ask(origin, { send: '7', expect: { json } })).toMatchObject({
      pass: true,
      expected: 'status 101, type = "pong", id = 7',
    });
    expect(await ask(origin, { send: '8', timeout: '200ms', expect: { json } })).toMatchObject({
      pass: false,
      observed: 'the last message was {"type":"pong","id":8}',
    });
  });

  it('that says "unhealthy" does not say "healthy"', async () => {
    const origin = await serve((socket) => socket.send('unhealthy'));
    const { pass, observed } = await ask(origin, { timeout: '200ms', expect: { contains: 'healthy' } });
    expect({ pass, observed }).toEqual({ pass: false, observed: 'the last message was unhealthy' });
  });

  it('that says nothing is told so', async () => {
    const origin = await serve(() => undefined);
    const { pass, observed } = await ask(origin, { timeout: '200ms', expect: { contains: 'x' } });
    expect({ pass, observed }).toEqual({ pass: false, observed: 'no message' });
  });

  it('agrees on the subprotocol', async () => {
    const origin = await serve(echo, { handleProtocols: (offered) => [...offered][0] ?? false });
    expect(await ask(origin, { protocol: 'graphql-transport-ws' })).toMatchObject({ pass: true });
    const other = await serve(echo, { handleProtocols: () => false });
    await expect(ask(other, { protocol: 'graphql-transport-ws' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('subprotocol'),
    });
  });

  it('must stay open for as long as is said', async () => {
    const origin = await serve((socket) => void setTimeout(() => socket.close(1013), 50));
    expect(await ask(origin, { expect: { staysOpen: '300ms' } })).toMatchObject({
      pass: false,
      observed: 'closed with 1013 by the other side',
    });
    expect(await ask(await serve(echo), { expect: { staysOpen: '100ms' } })).toMatchObject({ pass: true });
  });

  it('is closed with the code that is wanted, by either side', async () => {
    const closing = await serve((socket) => socket.on('message', () => socket.close(4001)));
    expect(await ask(closing, { send: 'bye', expect: { closeCode: 4001 } })).toMatchObject({ pass: true });
    const both = { send: 'bye', expect: { contains: 'never', closeCode: 4001 } };
    expect(await ask(closing, both)).toMatchObject({ pass: false, observed: 'no message' });
    const answering = await serve(echo);
    expect(await ask(answering, { expect: { closeCode: 1000 } })).toMatchObject({ pass: true });
    expect(await ask(answering, { timeout: '200ms', expect: { closeCode: 4001 } })).toMatchObject({
      pass: false,
      observed: 'closed with 1000',
    });
  });

  it('that is refused tells the status', async () => {
    const refusing = await serve(echo, { verifyClient: (_: unknown, done) => done(false, 403) });
    const { pass, observed } = await ask(refusing);
    expect({ pass, observed }).toEqual({ pass: false, observed: 'status 403' });
  });

  it('is not led elsewhere by a redirect', async () => {
    const elsewhere = await serve(echo);
    const origin = await serve(echo, {
      verifyClient: (_: unknown, done) => done(false, 302, '', { location: `${elsewhere}/ws` }),
    });
    expect(await ask(origin)).toMatchObject({ pass: false, observed: 'status 302' });
  });

  it('ends on a message that is too long', async () => {
    const origin = await serve((socket) => socket.send('x'.repeat(2 * 1024 * 1024)));
    const { pass, observed } = await ask(origin, { expect: { contains: 'y' } });
    expect(pass).toBe(false);
    expect(observed).toContain('no message');
  });

  it('keeps the beginnings of the newest messages only, however many come', async () => {
    const origin = await serve((socket) => {
      for (let sent = 0; sent < 1000; sent += 1) socket.send(`${sent}:${'x'.repeat(1000)}`);
    });
    const { seen } = await ask(origin, { timeout: '500ms', expect: { contains: 'never' } });
    expect(seen.messages).toHaveLength(5);
    expect(seen.messages.at(-1)).toBe(`999:${'x'.repeat(196)}`);
  });

  it('of an address where nothing answers is unavailable', async () => {
    await expect(ask(await closedOrigin())).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('whose handshake never ends is a timeout', async () => {
    const server = createServer();
    server.on('upgrade', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(ask(origin, { timeout: '200ms' })).rejects.toMatchObject({ code: 'timeout' });
  });

  it('goes nowhere else', async () => {
    const origin = await serve(echo);
    const elsewhere = ask(origin, {}, { allowedOrigins: ['https://hello.test'] });
    await expect(elsewhere).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('ends at once when it is stopped', async () => {
    const origin = await serve(echo);
    const controller = new AbortController();
    const asking = ask(origin, { expect: { staysOpen: '30s' } }, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(asking).rejects.toMatchObject({ code: 'timeout' });
  });
});
