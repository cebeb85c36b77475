import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import { codeOfStatus } from './fault-of.ts';
import { lazy } from './lazy.ts';

/** Who this process is, to Google's APIs and to private services. Tokens are kept until shortly before they expire. */
export interface Tokens {
  /** @throws Fault, without any token in its message */
  access(): Promise<string>;
  /** @param audience the address of the service that is to accept it. @throws Fault */
  identity(audience: string): Promise<string>;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Tokens of the service account this instance runs as, from its metadata server (on a laptop the local cloud's, by
 * `GCE_METADATA_HOST`). Nothing else is looked for: a person's own credentials, which Application Default Credentials
 * would prefer, must never be sent to the local cloud nor deploy anything.
 */
export function createTokens(): Tokens {
  const library = lazy(() => import('google-auth-library'));
  const instance = lazy(async () => new (await library()).Compute({ scopes: [scope] }));
  const clients = new Map<string, () => Promise<{ getRequestHeaders(): Promise<Headers> }>>();

  const identityClient = (audience: string): Promise<{ getRequestHeaders(): Promise<Headers> }> => {
    let client = clients.get(audience);
    if (client === undefined) {
      client = lazy(async () => {
        const [{ IdTokenClient }, idTokenProvider] = await Promise.all([library(), instance()]);
        return new IdTokenClient({ targetAudience: audience, idTokenProvider });
      });
      clients.set(audience, client);
    }
    return client();
  };

  return {
    async access() {
      const token = await asked(
        'an access token',
        async () => (await (await instance()).getAccessToken()).token,
      );
      return checked(token, 'an access token');
    },
    async identity(audience) {
      const what = `an identity token for ${audience}`;
      const headers = await asked(what, async () => (await identityClient(audience)).getRequestHeaders());
      return checked(headers.get('authorization')?.replace(/^Bearer /, ''), what);
    },
  };
}

async function asked<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const status = (error as { status?: unknown }).status;
    const code = typeof status === 'number' ? codeOfStatus(status) : 'unavailable';
    // Without the cause: the library's errors carry the request and the answer.
    throw new Fault(code, `the metadata server gave no ${what.replace(/^an /, '')}: ${messageOf(error)}`);
  }
}

function checked(token: string | null | undefined, what: string): string {
  if (token) return token;
  throw new Fault('unavailable', `the metadata server answered without ${what}`);
}
