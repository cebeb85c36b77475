import type { Change } from '#shared/domain/change.ts';
import type { OverrideWish } from '#shared/domain/deployment.ts';
import type { Via } from '#shared/domain/permission.ts';
import type { Person } from '#shared/domain/people.ts';
import type { AdmitMessage } from '#shared/domain/requests.ts';
import type { z } from 'zod';
import type { Deps } from '#functions/deps.ts';

export interface DeployWish {
  /** Of repeats of one wish all the same, and of no other person's. */
  requestId: string;
  service: string;
  environment: string;
  tag?: string | undefined;
  digest?: string | undefined;
  /** Of what the person was shown. */
  configHash?: string | undefined;
  reason?: string | undefined;
  change?: Change | undefined;
  override?: OverrideWish | undefined;
}

/** Asks `admit` for a deployment; it decides, also whether this person may. @returns the id of the request */
export async function orderDeploy(
  deps: Deps,
  { person, via }: { person: Person; via: Via },
  wish: DeployWish,
): Promise<string> {
  const { requestId, service, environment, ...rest } = wish;
  const { id, slackUser, groups = [] } = person;
  const message = {
    version: 1,
    kind: 'deploy',
    requestId,
    service,
    environment,
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<
      Pick<DeployWish, 'tag' | 'digest' | 'configHash' | 'reason' | 'change' | 'override'>
    >),
    via,
    ...(slackUser === undefined ? {} : { slackUser }),
    groups: [...groups],
    requestedBy: id,
    requestedAt: new Date(deps.clock.now()).toISOString(),
  } satisfies z.input<typeof AdmitMessage>;
  await deps.pubsub.publish('deploy-requests', message);
  return requestId;
}
