import type { AddressInfo } from 'node:net';
import { createServer as createPlainServer } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { judgeCertificate } from '#shared/checks/certificate.ts';
import { createProber } from '#shared/google/prober.ts';
import { createAuthority } from '#test/support/certificate.ts';
import { closedOrigin, fixedTokens } from './cloud.ts';

const authority = createAuthority();
const day = 86_400_000;
const dateIn = (days: number): string => new Date(Date.now() + days * day).toISOString().slice(0, 10);

async function serve(options: TlsOptions): Promise<string> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined);
    socket.end();
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

/** As a `tls` check judges it. */
async function judge(url: string, wanted = {}, ca: string | undefined = authority.ca) {
  const prober = createProber({ tokens: fixedTokens, ...(ca === undefined ? {} : { ca }) });
  const shown = await prober.certificate({ url, timeoutSeconds: 5, allowedOrigins: [url] });
  const limits = { minimumDays: 14, minimumVersion: 'TLSv1.2' as const, ...wanted };
  return judgeCertificate(limits, 'localhost', shown, Date.now());
}

describe('the certificate of an address', () => {
  it('is good when a trusted authority says so, for the name, for long enough', async () => {
    const url = await serve(authority.issue('localhost', [-1, 30]));
    expect(await judge(url)).toEqual({
      pass: true,
      observed: `certificate of localhost by Test CA, ${dateIn(-1)} to ${dateIn(30)}, TLSv1.3`,
      expected: 'a trusted certificate for localhost, valid for 14 more days, TLSv1.2 or newer',
    });
  });

  it.each<[string, string, [number, number], string, boolean?]>([
    ['that expired', 'localhost', [-30, -2], `it expired on ${dateIn(-2)}`],
    ['that expires soon', 'localhost', [-30, 5.5], 'it expires in 5 days'],
    ['that is not valid yet', 'localhost', [2, 90], `it is not valid before ${dateIn(2)}`],
    ['of another name', 'api.example.com', [-1, 90], 'it is not for localhost but for api.example.com'],
    ['signed by itself', 'localhost', [-1, 90], 'it is signed by itself', true],
  ])('%s is told with names and dates', async (_, name, days, problem, selfSigned) => {
    const judged = await judge(await serve(authority.issue(name, days, selfSigned)));
    expect(judged.pass).toBe(false);
    const issuer = selfSigned ? name : 'Test CA';
    expect(judged.observed).toBe(
      `${problem}: certificate of ${name} by ${issuer}, ${dateIn(days[0])} to ${dateIn(days[1])}`,
    );
  });

  it.each<[string, string, [number, number], string]>([
    ['that expired', 'localhost', [-30, -2], 'certificate has expired'],
    ['of another name', 'api.example.com', [-1, 90], 'does not match certificate'],
  ])('%s ends a request before anything is sent, the token too', async (_, name, days, words) => {
    let heard = 0;
    const server = createServer(authority.issue(name, days), (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', ({ length }) => (heard += length));
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    const prober = createProber({ tokens: fixedTokens, ca: authority.ca });
    const request = { url, method: 'GET', audience: url, timeoutSeconds: 5, allowedOrigins: [url] };
    await expect(prober.request(request)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(words),
    });
    expect(heard).toBe(0);
  });

  it('by an authority nobody knows is not trusted', async () => {
    const judged = await judge(await serve(authority.issue('localhost', [-1, 90])), {}, createAuthority().ca);
    expect(judged).toMatchObject({
      pass: false,
      observed: expect.stringMatching(/^it is not trusted \(\w+\)/),
    });
  });

  it('with an old protocol is not good enough', async () => {
    const url = await serve({ ...authority.issue('localhost', [-1, 90]), maxVersion: 'TLSv1.2' });
    expect(await judge(url)).toMatchObject({ pass: true });
    expect(await judge(url, { minimumVersion: 'TLSv1.3' })).toMatchObject({
      pass: false,
      observed: expect.stringMatching(/^TLSv1.2 was agreed on/),
    });
  });

  it('is asked only where that is allowed', async () => {
    const prober = createProber({ tokens: fixedTokens });
    const asked = { url: 'https://localhost:1', timeoutSeconds: 1, allowedOrigins: ['https://hello.test'] };
    await expect(prober.certificate(asked)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('of an address where nothing answers is unavailable, and of one that says nothing a timeout', async () => {
    const prober = createProber({ tokens: fixedTokens });
    const closed = (await closedOrigin()).replace('http:', 'https:');
    const silent = createPlainServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const deaf = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const ask = (url: string) => prober.certificate({ url, timeoutSeconds: 0.2, allowedOrigins: [url] });
    await expect(ask(closed)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(ask(deaf)).rejects.toMatchObject({ code: 'timeout' });
  });
});
