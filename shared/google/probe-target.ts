import { lookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import type { ProbeTarget } from '#shared/ports/prober.ts';
import type { Tokens } from './auth.ts';

/** Where metadata servers are, whatever a name says: link-local addresses and Google's own over IPv6. */
const never = new BlockList();
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('fd20:ce::', 32, 'ipv6');

/**
 * The address of a probe, when it may be called.
 * @throws Fault `invalid-input`, before anything is sent
 */
export function checkedUrl(request: Pick<ProbeTarget, 'url' | 'allowedOrigins'>, what: string): URL {
  if (!URL.canParse(request.url)) throw new Fault('invalid-input', `${what} cannot be sent: not an address`);
  const url = new URL(request.url);
  if (!request.allowedOrigins.includes(url.origin)) {
    const allowed = request.allowedOrigins.join(', ') || 'none';
    throw new Fault('invalid-input', `nothing is sent to ${url.origin}: expected one of ${allowed}`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isInside(host)) throw refused(host, host);
  return url;
}

/** Looks a name up for the very connection that is then made, so that no other look-up can lead it elsewhere. */
export const checkedLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '');
    const inside = addresses.find(({ address }) => isInside(address));
    if (inside) return done(refused(host, inside.address), '');
    const [first] = addresses;
    if (options.all) done(null, addresses);
    else done(null, first?.address ?? '', first?.family ?? 0);
  });
};

const isInside = (address: string): boolean => never.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

const refused = (host: string, address: string): Fault =>
  new Fault('invalid-input', `nothing is sent to ${host}: ${address} is inside of Google's own network`);

/** Headers as they are sent: who asks, and the identity token of a private service. @throws Fault `invalid-input` */
export async function headersOf(
  request: ProbeTarget,
  what: string,
  userAgent: string,
  tokens: Tokens,
): Promise<Headers> {
  const headers = new Headers();
  try {
    for (const [name, value] of Object.entries(request.headers ?? {})) headers.set(name, value);
  } catch (error) {
    throw new Fault('invalid-input', `${what} cannot be sent: ${messageOf(error)}`);
  }
  headers.set('user-agent', userAgent);
  if (request.audience !== undefined) {
    // A service may want the usual header for itself; Cloud Run then takes its own token from the other one:
    // https://cloud.google.com/run/docs/authenticating/service-to-service
    const name = headers.has('authorization') ? 'x-serverless-authorization' : 'authorization';
    headers.set(name, `Bearer ${await tokens.identity(request.audience)}`);
  }
  return headers;
}

/** Ends after the request's time, or when its caller says so. */
export function timeLimit({
  timeoutSeconds,
  signal,
}: Pick<ProbeTarget, 'timeoutSeconds' | 'signal'>): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  return signal ? AbortSignal.any([timeout, signal]) : timeout;
}

/** For a call that its caller stopped. */
export function stopped(what: string, signal: AbortSignal): Fault {
  if (signal.reason instanceof Fault) return signal.reason;
  return new Fault('timeout', `${what} was stopped before it was answered`, { cause: signal.reason });
}
