import { z } from 'zod';
import { createApiClient, type ApiClient } from './api-client.ts';
import { Unreachable, usageError } from './exit.ts';
import { runningStack, type StackFile } from './stack-file.ts';

const Environment = z.object({
  SLIPWAY_API_URL: z.string().optional(),
  SLIPWAY_IDENTITY_TOKEN: z.string().optional(),
});

/**
 * Slipway where the environment says it is (`SLIPWAY_API_URL`, `SLIPWAY_IDENTITY_TOKEN`), else the running local stack's.
 * @throws CommandError that says how to reach it
 */
export async function connect(options: {
  env: Record<string, string | undefined>;
  stateDirectory: string;
}): Promise<ApiClient> {
  const { SLIPWAY_API_URL: url = '', SLIPWAY_IDENTITY_TOKEN: token = '' } = Environment.parse(options.env);
  if (url === '') return connectTo(await requireStack(options.stateDirectory));
  if (!mayCarryToken(url)) {
    throw usageError(
      `SLIPWAY_API_URL "${url}": expected https://… (http:// only for 127.0.0.1 and localhost): a token is sent there`,
    );
  }
  if (token === '') {
    throw new Unreachable(
      'SLIPWAY_IDENTITY_TOKEN is not set: export SLIPWAY_IDENTITY_TOKEN=$(gcloud auth print-identity-token)',
    );
  }
  return createApiClient({ url, token: async () => token });
}

/** The local stack's Slipway, as the developer at the laptop. */
export function connectTo({ apiUrl, metadataHost }: StackFile): ApiClient {
  const path = `identity?audience=${encodeURIComponent(apiUrl)}`;
  let kept: { token: Promise<string>; until: number } | undefined;
  return createApiClient({
    url: apiUrl,
    token() {
      // Tokens live one hour.
      if (kept === undefined || kept.until < Date.now())
        kept = { token: askMetadata(metadataHost, path), until: Date.now() + 1_800_000 };
      return kept.token;
    },
  });
}

/** @throws Unreachable that says how to start it */
export async function requireStack(stateDirectory: string): Promise<StackFile> {
  const stack = await runningStack(stateDirectory);
  if (stack) return stack;
  throw new Unreachable(
    'The local stack is not running. Start it: npm start\n' +
      'To reach Slipway on Google Cloud, set SLIPWAY_API_URL and SLIPWAY_IDENTITY_TOKEN.',
  );
}

/** What the local metadata server says of its account: `token`, `identity?audience=…`. */
export async function askMetadata(metadataHost: string, path: string): Promise<string> {
  const url = `http://${metadataHost}/computeMetadata/v1/instance/service-accounts/default/${path}`;
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { 'metadata-flavor': 'Google' },
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    throw new Unreachable(`The local stack does not answer at ${metadataHost}. Start it again: npm start`, {
      cause: error,
    });
  }
  const text = await response.text();
  if (!response.ok) throw new Unreachable(`The local metadata server answers ${response.status}: ${text}`);
  return text;
}

function mayCarryToken(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));
}
