import { shortName } from './names.ts';
import { RevisionFailure } from './revision-status.ts';
import type { Container } from './template-message.ts';

/**
 * The value of a secret's version (by the secret's short name), or undefined when there is none or the service account may
 * not read it.
 */
export type SecretValue = (
  secret: string,
  version: string,
  account: string | undefined,
) => string | undefined;

/**
 * Exactly what the container sees: the image's variables, then the declared ones, then those of the platform. Nothing is
 * inherited from the local cloud's own environment.
 * @throws RevisionFailure SECRETS_ACCESS_CHECK_FAILED naming the secret, never its value
 */
export function environmentOf(options: {
  container: Container;
  imageEnv: string[];
  /** What Cloud Run itself sets. */
  platform: Record<string, string>;
  secretValue: SecretValue;
  /** Who the container runs as. */
  account: string | undefined;
}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const pair of options.imageEnv) {
    const equals = pair.indexOf('=');
    if (equals > 0) env[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  for (const { name, value, valueSource } of options.container.env ?? []) {
    const reference = valueSource?.secretKeyRef;
    env[name] = reference
      ? readSecret(options, shortName(reference.secret), reference.version ?? 'latest')
      : (value ?? '');
  }
  return { ...env, ...options.platform };
}

function readSecret(
  { secretValue, account }: { secretValue: SecretValue; account: string | undefined },
  secret: string,
  version: string,
): string {
  const value = secretValue(secret, version, account);
  if (value !== undefined) return value;
  throw new RevisionFailure({
    condition: 'ResourcesAvailable',
    reason: 'SECRETS_ACCESS_CHECK_FAILED',
    message: `Secret ${secret}/versions/${version} was not found, or the revision's service account may not access it.`,
  });
}
