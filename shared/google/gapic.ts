import type { AuthClient } from 'google-auth-library';
import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import type { Rest } from './rest.ts';

/** What Google's generated clients take, in REST mode. */
// No interface: the clients' own type has an index signature, which only an alias fits.
type GapicOptions = {
  fallback: true;
  protocol: 'http' | 'https';
  apiEndpoint: string;
  port: number;
  authClient: AuthClient;
};

/** Of one call: the clients' own retries off (the workflow retries), and a deadline behind that of `rest`. */
export const callOptions = { retry: null, timeout: 60_000 } as const;

/**
 * Makes a generated client speak through `rest`: our token to whatever endpoint is configured, one deadline, one table of
 * faults with Retry-After, for every version of the clients' own libraries.
 */
export function gapicOptions(endpoint: string, rest: Rest): GapicOptions {
  const { protocol, hostname, port } = new URL(endpoint);
  const isSecure = protocol === 'https:';
  return {
    fallback: true,
    protocol: isSecure ? 'https' : 'http',
    apiEndpoint: hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    // In REST mode the clients use these two methods alone; the class is part of a second copy of the library in one of them.
    authClient: {
      fetch: transport(rest),
      getRequestHeaders: async () => new Headers(),
    } as unknown as AuthClient,
  };
}

function transport(rest: Rest): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const { status, headers, body } = await rest.call({
      url,
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      // The clients send JSON as a string.
      ...(typeof init.body === 'string' ? { body: init.body } : {}),
      signal: init.signal ?? undefined,
    });
    return new Response(body.length === 0 ? null : new Uint8Array(body), { status, headers });
  };
}

/** A client's call; whatever it throws, the fault of the transport comes out. */
export async function viaClient<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (error instanceof Error && error.cause instanceof Fault) throw error.cause;
    // The transport throws faults only, so the client itself could not read what it was given or what it got.
    throw new Fault('internal', `${what}: ${messageOf(error)}`, { cause: error });
  }
}
