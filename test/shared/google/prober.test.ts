import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { createProber, maxBodyBytes } from '#shared/google/prober.ts';
import { closedOrigin, fixedTokens, openServer } from './cloud.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const prober = createProber({ tokens: fixedTokens });
const request = { method: 'GET', timeoutSeconds: 5, allowedOrigins: [] };

describe('a probe', () => {
  it('tells status, body, headers and how long it took, and says who asks', async () => {
    const server = await openServer(() => ({ status: 503, headers: { 'x-who': 'hello' }, body: 'grün' }));
    let time = 1000;
    const timed = createProber({ tokens: fixedTokens, now: () => (time += 7) });
    const answer = await timed.request({
      ...request,
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
    const answer = await prober.request({ ...request, url: server.origin });
    expect(answer).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  });

  it('keeps the beginning of a body that is too long', async () => {
    const server = await openServer(() => ({ body: 'x'.repeat(maxBodyBytes * 3) }));
    const { body, status } = await prober.request({ ...request, url: server.origin });
    expect({ status, length: body.length }).toEqual({ status: 200, length: maxBodyBytes });
  });

  it('comes on a connection of its own', async () => {
    const server = await openServer(() => ({}));
    await prober.request({ ...request, url: server.origin });
    expect(server.requests[0]?.headers.connection).toBe('close');
  });

  it('of an address where nothing answers is unavailable', async () => {
    const url = await closedOrigin();
    await expect(prober.request({ ...request, url })).rejects.toMatchObject({
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
    const asked = { ...request, url: server.origin, ...wrong };
    await expect(prober.request(asked)).rejects.toMatchObject({ name: 'Fault', code: 'invalid-input' });
    expect(server.requests).toHaveLength(0);
  });

  it('that is not answered in time is a timeout', async () => {
    const server = await openServer(() => undefined);
    const answer = prober.request({ ...request, url: server.origin, timeoutSeconds: 0.05 });
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
    const answer = prober.request({ ...request, url: server.origin, signal: controller.signal });
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
    await prober.request({ ...request, url: server.origin, allowedOrigins: [server.origin] });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('goes nowhere else: nothing is sent at all', async () => {
    const server = await openServer(() => ({}));
    const other = { ...request, url: server.origin, audience, allowedOrigins: ['https://hello.test'] };
    await expect(prober.request(other)).rejects.toMatchObject({
      code: 'invalid-input',
      message: `no identity token is sent to ${server.origin}: expected one of https://hello.test`,
    });
    expect(server.requests).toHaveLength(0);
  });
});
