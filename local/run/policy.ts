import { GoogleError } from '#local/google-error.ts';
import { SetIamPolicyRequest, type Policy } from './messages.ts';
import { shortName } from './names.ts';
import type { Records } from './records.ts';
import type { Services } from './services.ts';
import { readMessage } from './wire.ts';

/** Policies of services: stored whole, read by the proxy for roles/run.invoker. */
export function getIamPolicy(services: Services, name: string): Policy {
  return services.get(name).policy;
}

/** @throws GoogleError ABORTED when the policy's etag is not the current one, UNIMPLEMENTED for conditional bindings. */
export function setIamPolicy(
  services: Services,
  records: Records,
  uuid: () => string,
  name: string,
  body: unknown,
): Policy {
  const { policy } = readMessage(SetIamPolicyRequest, 'request', body);
  const record = services.get(name);
  if (policy.etag !== undefined && policy.etag !== record.policy.etag) {
    throw new GoogleError(
      'ABORTED',
      `There were concurrent policy changes on '${shortName(name)}'. Please retry the whole read-modify-write.`,
    );
  }
  if (policy.bindings?.some(({ condition }) => condition !== undefined)) {
    throw new GoogleError('UNIMPLEMENTED', 'The local cloud does not support conditions in IAM bindings');
  }
  const stored: Policy = { version: 1, ...policy, etag: Buffer.from(uuid().slice(0, 9)).toString('base64') };
  records.services.put(name, { ...record, policy: stored });
  return stored;
}
