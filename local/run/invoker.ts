import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '#local/identity/identity.ts';
import type { Policy, Service } from './messages.ts';

export interface Refusal {
  status: number;
  message: string;
}

/**
 * IAM in front of a service, as Cloud Run has it: open to all when `allUsers` has roles/run.invoker or the check is off;
 * else an ID token is asked for whose audience is the *service's* address (also on a tag's address) or a declared custom
 * audience, of somebody with that role. No token or no role is 403, a token that does not hold is 401.
 */
export async function checkInvoker(options: {
  headers: IncomingHttpHeaders;
  service: Service;
  policy: Policy;
  identity: Identity;
  mayInvoke: (email: string) => boolean;
}): Promise<Refusal | undefined> {
  const { service, headers } = options;
  const members = new Set(
    (options.policy.bindings ?? [])
      .filter((binding) => binding.role === 'roles/run.invoker')
      .flatMap((binding) => binding.members),
  );
  if (service.invokerIamDisabled || members.has('allUsers')) return undefined;

  // X-Serverless-Authorization goes before Authorization, which then is the application's own:
  // https://cloud.google.com/run/docs/authenticating/service-to-service
  const header = headers['x-serverless-authorization'] ?? headers.authorization;
  const token = typeof header === 'string' ? /^Bearer (.+)$/i.exec(header)?.[1] : undefined;
  if (token === undefined) return forbidden;
  const audiences = [service.uri, ...(service.customAudiences ?? [])];
  for (const audience of audiences) {
    const email = audience === undefined ? undefined : await options.identity.verifyIdToken(token, audience);
    if (email === undefined) continue;
    const named =
      members.has('allAuthenticatedUsers') ||
      members.has(`serviceAccount:${email}`) ||
      members.has(`user:${email}`);
    return named || options.mayInvoke(email) ? undefined : forbidden;
  }
  return { status: 401, message: 'The access token could not be verified' };
}

const forbidden: Refusal = {
  status: 403,
  message: 'Your client does not have permission to get this URL from this server.',
};
