import type { Change } from '#shared/domain/change.ts';
import type { Deployment, DeploymentRequest, OverrideWish } from '#shared/domain/deployment.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** One request for one service in one environment, with the configuration read for it. */
export interface Wanted {
  requestId: string;
  source: DeploymentRequest['source'];
  config: ServiceConfig;
  configHash: string;
  configSource: string;
  tag: string | undefined;
  digest: string | undefined;
  reason?: string | undefined;
  change: Change | undefined;
  override?: OverrideWish | undefined;
  /** What the registry said of the digest, if it was asked. */
  order?: ReleaseOrder | undefined;
  /** The approval that was given for it. */
  approvalId?: string | undefined;
  requestedBy: string;
  slackUser?: string | undefined;
  /** Of the user groups that the policy names, those the person is in. */
  groups?: string[] | undefined;
  requestedAt: string;
}

/** The record of a deployment that was just admitted, or just waits. @param at ISO 8601 */
export function newDeployment(
  wanted: Wanted,
  id: DeploymentId,
  fence: number,
  status: 'waiting' | 'starting',
  at: string,
): Deployment {
  const { config } = wanted;
  return {
    recordVersion: 1,
    id,
    revision: 1,
    service: config.service,
    environment: config.environment,
    request: requestOf(wanted),
    config,
    configHash: wanted.configHash,
    configSource: wanted.configSource,
    status,
    mode: 'deploy',
    fence,
    deadExecutions: [],
    newestSeq: 0,
    trafficMoved: false,
    completed: false,
    steps: [],
    checks: [],
    createdAt: at,
    updatedAt: at,
  };
}

/** What was asked for, as it is kept. */
export function requestOf(wanted: Wanted): DeploymentRequest {
  const { requestId, source, requestedBy, slackUser, groups = [], requestedAt } = wanted;
  const { tag, digest, reason, change, order, override } = wanted;
  return {
    id: requestId,
    source,
    requestedBy,
    ...(slackUser === undefined ? {} : { slackUser }),
    ...(groups.length === 0 ? {} : { groups }),
    requestedAt,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(reason === undefined ? {} : { reason }),
    ...(change === undefined ? {} : { change }),
    ...(order === undefined ? {} : { order }),
    ...(override === undefined ? {} : { override }),
  };
}
