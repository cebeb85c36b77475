import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { Iam } from '#shared/ports/look-ups.ts';
import type { Rest } from './rest.ts';

const Tested = z.object({ permissions: z.array(z.string()).default([]) });

/** https://cloud.google.com/policy-intelligence/docs/reference/policytroubleshooter/rest/v3/iam/troubleshoot */
const Troubleshot = z.object({ overallAccessState: z.string() });

const ServiceAccount = z.object({ email: z.string(), disabled: z.boolean().default(false) });

/** The version of the API behind the host of a full resource name. */
const versions: Record<string, string> = {
  'artifactregistry.googleapis.com': 'v1',
  'cloudresourcemanager.googleapis.com': 'v3',
  'iam.googleapis.com': 'v1',
  'run.googleapis.com': 'v2',
  'secretmanager.googleapis.com': 'v1',
};

/**
 * Who may do what. Another account's access is asked of Policy Troubleshooter v3: its v1 does not know deny policies and
 * would answer "granted" where one denies.
 * @param options.endpointOf where an API answers, by its host
 */
export function createIam(options: { endpointOf: (host: string) => string; rest: Rest }): Iam {
  const { endpointOf, rest } = options;
  const post = <T>(schema: z.ZodType<T>, url: string, body: unknown): Promise<T> =>
    rest.json(schema, {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  return {
    async mine(resource, permissions) {
      const [, host = '', path = ''] = /^\/\/([^/]+)\/(.+)$/.exec(resource) ?? [];
      const version = versions[host];
      if (version === undefined)
        throw new Fault('unsupported', `permissions on ${resource} cannot be tested: its API is not known`);
      const url = `${endpointOf(host)}/${version}/${path}:testIamPermissions`;
      return (await post(Tested, url, { permissions })).permissions;
    },

    async granted(principal, fullResourceName, permission) {
      const url = `${endpointOf('policytroubleshooter.googleapis.com')}/v3/iam:troubleshoot`;
      const accessTuple = { principal, fullResourceName, permission };
      const { overallAccessState } = await post(Troubleshot, url, { accessTuple });
      if (overallAccessState === 'CAN_ACCESS') return 'yes';
      return overallAccessState === 'CANNOT_ACCESS' ? 'no' : 'unknown';
    },

    async serviceAccount(email) {
      const url = `${endpointOf('iam.googleapis.com')}/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}`;
      const found = await rest.find(ServiceAccount, { url });
      return found && { disabled: found.disabled };
    },
  };
}
