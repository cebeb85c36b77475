import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';

/** An IAM policy: who has which role on one resource. */
const Policy = z.strictObject({
  version: z.int().optional(),
  etag: z.string().optional(),
  bindings: z.array(z.strictObject({ role: z.string(), members: z.array(z.string()) })).default([]),
});
export type Policy = Pick<z.infer<typeof Policy>, 'bindings'>;

/** Conditional bindings are refused as unknown. */
export const SetPolicyBody = z.strictObject({ policy: Policy, updateMask: z.string().optional() });

/** Whether this account itself is a member of the role; groups and domains do not exist here. */
export function grants(policy: Policy, role: string, email: string): boolean {
  const kind = email.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user';
  return policy.bindings.some(
    (binding) => binding.role === role && binding.members.includes(`${kind}:${email}`),
  );
}

/** @throws GoogleError ABORTED when the etag sent along is not that of the current policy */
export function changedPolicy(current: Policy, { policy }: z.infer<typeof SetPolicyBody>): Policy {
  if (policy.etag !== undefined && policy.etag !== etagOf(current)) {
    throw new GoogleError(
      'ABORTED',
      'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
    );
  }
  return { bindings: policy.bindings };
}

/** As `getIamPolicy` answers it: empty bindings are left out. */
export function shownPolicy({ bindings }: Policy): Record<string, unknown> {
  return { version: 1, etag: etagOf({ bindings }), ...(bindings.length > 0 ? { bindings } : {}) };
}

function etagOf({ bindings }: Policy): string {
  return createHash('sha256').update(JSON.stringify(bindings)).digest('base64').slice(0, 12);
}
