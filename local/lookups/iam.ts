import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type LocalRequest, type Route } from '#local/http.ts';

/** What was taken away, by account, permission and resource; `*` for every resource. */
export interface Grants {
  /** @param resource a part of the full resource name: `/secrets/database` */
  deny(email: string, permission: string, resource?: string): void;
  /** Policies that the caller of Policy Troubleshooter may not see. */
  hide(email: string, permission: string): void;
  has(email: string, permission: string, resource: string): boolean;
  isHidden(email: string, permission: string): boolean;
  /** Accounts that are not as all others, which exist. */
  accounts: Map<string, 'missing' | 'disabled'>;
}

export function createGrants(): Grants {
  const denied: { email: string; permission: string; resource: string }[] = [];
  const hidden = new Set<string>();
  return {
    deny: (email, permission, resource = '') => void denied.push({ email, permission, resource }),
    hide: (email, permission) => void hidden.add(`${email} ${permission}`),
    has: (email, permission, resource) =>
      !denied.some(
        (one) => one.email === email && one.permission === permission && resource.includes(one.resource),
      ),
    isHidden: (email, permission) => hidden.has(`${email} ${permission}`),
    accounts: new Map(),
  };
}

const Permission = z.string().regex(/^[a-z]+(\.[A-Za-z]+){2}$/, 'expected service.resource.verb');
const TestBody = z.strictObject({ permissions: z.array(Permission).min(1).max(100) });
const TroubleshootBody = z.strictObject({
  accessTuple: z.strictObject({
    principal: z.email(),
    fullResourceName: z.string().regex(/^\/\/[a-z]+\.googleapis\.com\/.+$/),
    permission: Permission,
  }),
});

/** By the version of the path, whose resource it is: each API tests the permissions on its own. */
const hosts: [version: string, pattern: RegExp, host: string][] = [
  ['v3', /^projects\/[^/]+$/, 'cloudresourcemanager'],
  ['v1', /^projects\/[^/]+\/secrets\/[^/]+$/, 'secretmanager'],
  ['v1', /^projects\/[^/]+\/serviceAccounts\/[^/]+$/, 'iam'],
  ['v1', /^projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+$/, 'artifactregistry'],
  ['v2', /^projects\/[^/]+\/locations\/[^/]+\/(services|jobs)\/[^/]+$/, 'run'],
];

/**
 * Permissions of the caller, of others by Policy Troubleshooter v3, and service accounts
 * (https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts).
 */
export function iamRoutes(
  grants: Grants,
  { project, projectNumber }: { project: string; projectNumber: string },
): Route[] {
  function test(version: string, request: LocalRequest): { json: unknown } {
    const name = request.params['resource'] ?? '';
    const [, , host] = hosts.find(([known, pattern]) => known === version && pattern.test(name)) ?? [];
    if (host === undefined)
      throw new GoogleError(
        'UNIMPLEMENTED',
        `The local cloud does not test permissions on ${version}/${name}`,
      );
    const { permissions } = parsedBody(request, TestBody);
    const resource = `//${host}.googleapis.com/${name}`;
    const held = permissions.filter((permission) => grants.has(request.principal, permission, resource));
    return { json: held.length > 0 ? { permissions: held } : {} };
  }

  return [
    ...['v1', 'v2', 'v3'].map((version): Route => ({
      method: 'POST',
      path: `/${version}/{resource=**}:testIamPermissions`,
      handle: (request) => test(version, request),
    })),
    {
      method: 'POST',
      path: '/v3/iam:troubleshoot',
      handle(request) {
        const { accessTuple } = parsedBody(request, TroubleshootBody);
        const { principal, permission, fullResourceName } = accessTuple;
        const granted = grants.has(principal, permission, fullResourceName) ? 'CAN_ACCESS' : 'CANNOT_ACCESS';
        const overallAccessState = grants.isHidden(principal, permission) ? 'UNKNOWN_INFO' : granted;
        return { json: { overallAccessState, accessTuple } };
      },
    },
    {
      method: 'GET',
      path: '/v1/projects/{project}/serviceAccounts/{email}',
      handle({ params }) {
        const email = params['email'] ?? '';
        const own = [
          `@${project}.iam.gserviceaccount.com`,
          `${projectNumber}-compute@developer.gserviceaccount.com`,
        ];
        const state = own.some((end) => email.endsWith(end)) ? grants.accounts.get(email) : 'missing';
        if (state === 'missing') throw new GoogleError('NOT_FOUND', `Unknown service account: ${email}`);
        const name = `projects/${project}/serviceAccounts/${email}`;
        return {
          json: { name, email, projectId: project, ...(state === 'disabled' ? { disabled: true } : {}) },
        };
      },
    },
  ];
}
