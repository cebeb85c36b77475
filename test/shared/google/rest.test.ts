import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { FaultCode } from '#shared/domain/fault.ts';
import { createRest } from '#shared/google/rest.ts';
import { closedOrigin, fixedTokens, openServer, token } from './cloud.ts';

const rest = createRest({ tokens: fixedTokens });
const Anything = z.unknown();

describe('what is not a success', () => {
  it.each<[number, FaultCode, boolean]>([
    [302, 'internal', true],
    [400, 'invalid-input', false],
    [401, 'permission-denied', false],
    [403, 'permission-denied', false],
    [404, 'not-found', false],
    [408, 'timeout', true],
    [409, 'conflict', true],
    [412, 'conflict', true],
    [413, 'invalid-input', false],
    [429, 'unavailable', true],
    [500, 'unavailable', true],
    [501, 'unsupported', false],
    [502, 'unavailable', true],
    [503, 'unavailable', true],
    [504, 'timeout', true],
  ])('%i is the fault %s', async (status, code, retryable) => {
    const server = await openServer(() => ({
      status,
      body: '{"error":{"status":"SOME","message":"because"}}',
    }));
    const url = `${server.origin}/v1/thing?key=private`;
    await expect(rest.json(Anything, { url })).rejects.toMatchObject({
      name: 'Fault',
      code,
      retryable,
      message: `GET ${server.origin}/v1/thing answered ${status}: SOME because`,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['seconds', '17', 17],
    ['a date, which is not read', 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('keeps Retry-After in %s', async (_, value, seconds) => {
    const server = await openServer(() => ({ status: 503, headers: { 'retry-after': value } }));
    await expect(rest.call({ url: server.origin })).rejects.toMatchObject({ retryAfterSeconds: seconds });
  });

  it('quotes a registry, a text, and never our token nor a whole page', async () => {
    const answers = [
      '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}',
      `you sent Bearer ${token}, go away`,
      'x'.repeat(10_000),
    ];
    const server = await openServer(() => ({ status: 400, body: answers.shift() ?? '' }));
    const said = () =>
      rest.call({ url: server.origin }).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    expect(await said()).toMatch(/: NAME_UNKNOWN no such repository$/);
    expect(await said()).toMatch(/: you sent Bearer \[token\], go away$/);
    expect((await said()).length).toBeLessThan(600);
  });
});

describe('a call', () => {
  it('carries the access token, the body and its type', async () => {
    const server = await openServer(() => ({ body: '{"n":1}' }));
    const answer = await rest.json(z.object({ n: z.number() }), {
      url: `${server.origin}/a`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer).toEqual({ n: 1 });
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
  });

  it('finds nothing where the answer is 404, and only there', async () => {
    const statuses = [404, 403];
    const server = await openServer(() => ({ status: statuses.shift() ?? 200 }));
    expect(await rest.find(Anything, { url: server.origin })).toBeUndefined();
    await expect(rest.find(Anything, { url: server.origin })).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it.each([
    ['is not JSON', '<html>', /answered with something that is not JSON/],
    ['does not fit', '{"n":"one"}', /answered unexpectedly: .*n/s],
  ])('that gets an answer which %s is an internal fault', async (_, body, message) => {
    const server = await openServer(() => ({ body }));
    const answer = rest.json(z.object({ n: z.number() }), { url: server.origin });
    await expect(answer).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(message) as string,
    });
  });

  it('that nobody answers is unavailable and says why', async () => {
    const url = await closedOrigin();
    await expect(rest.call({ url })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('that is not answered in time is a timeout', async () => {
    const server = await openServer(() => undefined);
    await expect(rest.call({ url: server.origin, timeoutSeconds: 0.05 })).rejects.toMatchObject({
      code: 'timeout',
      message: `GET ${server.origin} gave no answer within 0.05 s`,
    });
  });

  it('follows a redirect only when told to, and then without the token', async () => {
    const other = await openServer(() => ({ body: 'content' }));
    const server = await openServer(() => ({ status: 307, headers: { location: `${other.origin}/signed` } }));
    expect((await rest.send({ url: server.origin })).status).toBe(307);
    expect(other.requests).toHaveLength(0);
    const answer = await rest.call({ url: server.origin, followRedirects: true });
    expect(answer.body.toString()).toBe('content');
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });
});
