import type { AuthClient, GoogleAuth } from 'google-auth-library';
import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import type { Tokens } from '#shared/google/auth.ts';
import { CommandError, Unreachable, usageError } from '#cli/exit.ts';

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const signIn = 'gcloud auth application-default login';

export interface Credentials {
  tokens: Tokens;
  /** The one that was given, else the one that gcloud or the credentials name. @throws CommandError when none does */
  project(): Promise<string>;
  /** A person's own: Google wants to be told which project their calls count for. */
  areAPersons: boolean;
}

/**
 * Application Default Credentials, looked for by Google's library in the process's environment, with a first token.
 * @param options.endpoint where tokens go in place of Google's own hosts: only those of a metadata server, as everywhere in
 * Slipway. A person's own go to Google alone.
 * @throws CommandError that says how to sign in
 */
export async function findCredentials(options: {
  endpoint: string | undefined;
  timeoutSeconds: number;
  /** Without it the library asks gcloud, which takes its time. */
  project: string | undefined;
}): Promise<Credentials> {
  const { endpoint, timeoutSeconds, project } = options;
  const { Compute, GoogleAuth, UserRefreshClient } = await import('google-auth-library');
  const auth: GoogleAuth = new GoogleAuth({
    scopes: [scope],
    ...(project === undefined ? {} : { projectId: project }),
  });
  const first = async (): Promise<AuthClient> => {
    const client = await auth.getClient();
    if (endpoint !== undefined && !(client instanceof Compute))
      throw usageError(
        `GOOGLE_APIS_ENDPOINT is "${endpoint}", and your credentials are for Google alone: unset GOOGLE_APIS_ENDPOINT`,
      );
    await tokenOf(client);
    return client;
  };
  const client = await within(timeoutSeconds, first()).catch((error: unknown) => {
    if (error instanceof CommandError) throw error;
    // Without the cause: the library's errors carry the request and the answer.
    throw new Unreachable(`No credentials for Google Cloud: ${messageOf(error)}\nSign in: ${signIn}`);
  });
  return {
    tokens: {
      access: () => within(timeoutSeconds, tokenOf(client)),
      identity: async (audience) => {
        throw new Fault('unsupported', `nothing is called with an identity token: ${audience}`);
      },
    },
    areAPersons: client instanceof UserRefreshClient,
    async project() {
      try {
        return await within(timeoutSeconds, auth.getProjectId());
      } catch {
        // The library's message speaks of its own options.
        throw usageError(
          'Which project? Say --project PROJECT, or set SLIPWAY_PROJECT, or: gcloud config set project PROJECT',
        );
      }
    },
  };
}

/** @throws Fault, without any token in its message */
async function tokenOf(client: AuthClient): Promise<string> {
  const { token } = await client.getAccessToken().catch((error: unknown) => {
    throw new Fault('permission-denied', `Google gave no access token: ${messageOf(error)}`);
  });
  if (token) return token;
  throw new Fault('permission-denied', 'Google gave no access token');
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault('timeout', `no answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
