import { addAbortSignal } from 'node:stream';
import { Fault } from '#shared/domain/fault.ts';
import type { ObjectStore } from '#shared/ports/platform.ts';
import type { Tokens } from './auth.ts';
import { faultOfRefusal, faultOfSilence } from './fault-of.ts';
import { lazy } from './lazy.ts';

const usualTimeoutSeconds = 20;
const usualMaximumBytes = 8 * 1024 * 1024;

/** Objects of one bucket, through Google's client with its retries off. */
export function createObjectStore(options: {
  endpoint: string;
  bucket: string;
  tokens: Tokens;
  /** 20 unless told otherwise; of one call, from the request to the end of the answer. */
  timeoutSeconds?: number;
}): ObjectStore {
  const { tokens, timeoutSeconds = usualTimeoutSeconds } = options;
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
      throw faultOf(`${what} of gs://${options.bucket}`, error, await tokens.access(), timeoutSeconds);
    }
  }

  return {
    async read(name, { maximumBytes } = { maximumBytes: usualMaximumBytes }) {
      // The generation first and then exactly that one, so that text and generation belong together.
      for (let attempt = 1; ; attempt += 1) {
        const text = await asked(`read "${name}"`, async () => {
          const found = await versionOf(name);
          if (found === undefined) return undefined;
          const { generation, size } = found;
          if (size > maximumBytes) throw tooLarge(name, `${size} bytes`, maximumBytes);
          return content(name, generation, maximumBytes).then(
            (bytes) => ({ text: bytes.toString('utf8'), generation }),
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

  /** Counted as it comes, whatever was said of its size: what is packed grows. */
  async function content(name: string, generation: string, maximumBytes: number): Promise<Buffer> {
    const stream = (await bucket()).file(name, { generation }).createReadStream();
    addAbortSignal(AbortSignal.timeout(timeoutSeconds * 1000), stream);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      // Leaving the loop ends the stream.
      if (size > maximumBytes) throw tooLarge(name, 'more than was said', maximumBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  function tooLarge(name: string, size: string, maximumBytes: number): Fault {
    const words = `gs://${options.bucket}/${name} has ${size}: at most ${maximumBytes} bytes are read`;
    return new Fault('unsupported', words);
  }

  async function versionOf(name: string): Promise<{ generation: string; size: number } | undefined> {
    try {
      const [metadata] = await (await bucket()).file(name).getMetadata();
      if (metadata.generation === undefined)
        throw new Fault('internal', `object "${name}" has no generation`);
      return { generation: String(metadata.generation), size: Number(metadata.size ?? 0) };
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

function faultOf(what: string, error: unknown, token: string, timeoutSeconds: number): Fault {
  if (error instanceof Fault) return error;
  const status = statusOf(error);
  if (status === undefined) return faultOfSilence(what, error, timeoutSeconds);
  const headers = new Headers(
    (error as { response?: { headers?: Record<string, string> } }).response?.headers,
  );
  return faultOfRefusal(what, { status, headers, body: (error as Error).message }, [token]);
}
