import { Fault } from '#shared/domain/fault.ts';
import type { ObjectStore } from '#shared/ports/platform.ts';
import type { Tokens } from './auth.ts';
import { faultOfRefusal, faultOfSilence } from './fault-of.ts';
import { lazy } from './lazy.ts';

const timeoutSeconds = 20;

/** Objects of one bucket, through Google's client with its retries off. */
export function createObjectStore(options: {
  endpoint: string;
  bucket: string;
  tokens: Tokens;
}): ObjectStore {
  const { tokens } = options;
  const bucket = lazy(async () => {
    const [{ Storage }, { GoogleAuth, PassThroughClient }] = await Promise.all([
      import('@google-cloud/storage'),
      import('google-auth-library'),
    ]);
    const authClient = new PassThroughClient();
    authClient.getRequestHeaders = async () =>
      new Headers({ authorization: `Bearer ${await tokens.access()}` });
    const storage = new Storage({
      apiEndpoint: options.endpoint,
      authClient: new GoogleAuth({ authClient }),
      useAuthWithCustomEndpoint: true,
      retryOptions: { autoRetry: false },
      timeout: timeoutSeconds * 1000,
    });
    return storage.bucket(options.bucket);
  });

  async function asked<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw faultOf(`${what} of gs://${options.bucket}`, error, await tokens.access());
    }
  }

  return {
    async read(name) {
      // The generation first and then exactly that one, so that text and generation belong together.
      for (let attempt = 1; ; attempt += 1) {
        const text = await asked(`read "${name}"`, async () => {
          const generation = await generationOf(name);
          if (generation === undefined) return undefined;
          const file = (await bucket()).file(name, { generation });
          return file.download().then(
            ([content]) => ({ text: content.toString('utf8'), generation }),
            (error: unknown) => {
              if (statusOf(error) === 404 && attempt < attempts) return 'replaced' as const;
              throw error;
            },
          );
        });
        if (text !== 'replaced') return text;
      }
    },

    async list(prefix) {
      const [files] = await asked(`list "${prefix}"`, async () => (await bucket()).getFiles({ prefix }));
      return files.map(({ name, metadata }) => ({ name, generation: String(metadata.generation) }));
    },

    async write(name, text, contentType) {
      await asked(`write "${name}"`, async () =>
        (await bucket())
          .file(name)
          .save(text, { contentType, resumable: false, timeout: timeoutSeconds * 1000 }),
      );
    },
  };

  async function generationOf(name: string): Promise<string | undefined> {
    try {
      const [metadata] = await (await bucket()).file(name).getMetadata();
      if (metadata.generation === undefined)
        throw new Fault('internal', `object "${name}" has no generation`);
      return String(metadata.generation);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }
}

/** In a bucket without versions an object can be replaced between the two calls of a read. */
const attempts = 3;

/** The client's errors carry the HTTP status as `code`; those of the network a text. */
function statusOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

function faultOf(what: string, error: unknown, token: string): Fault {
  if (error instanceof Fault) return error;
  const status = statusOf(error);
  if (status === undefined) return faultOfSilence(what, error, timeoutSeconds);
  const headers = new Headers(
    (error as { response?: { headers?: Record<string, string> } }).response?.headers,
  );
  return faultOfRefusal(what, { status, headers, body: (error as Error).message }, [token]);
}
