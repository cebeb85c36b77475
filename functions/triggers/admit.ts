import { configHash } from '#shared/config/config-hash.ts';
import { isDeployedTag } from '#shared/config/tag-policy.ts';
import { notEnoughNow, type Approval } from '#shared/domain/approval.ts';
import { newDeploymentId } from '#shared/domain/ids.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import { AdmitMessage } from '#shared/domain/requests.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { admitRequest, recordRequest, type Wanted } from '#shared/ledger/admission.ts';
import { refuseApproved } from '#shared/ledger/approvals.ts';
import { placeId, requestKey, type RequestRecord } from '#shared/ledger/ledger.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { announce, announceApproval } from '#functions/events.ts';
import { giveTurn } from '#functions/start.ts';
import { changeFor } from '#functions/triggers/change-for.ts';
import { orderLookUp, resolveTag } from '#functions/triggers/releases.ts';
import { findConfig, readServiceFiles, type ServiceFile } from '#functions/triggers/service-files.ts';

/** Turns a request into deployments, or into a refusal with its reason. A repeat gets the first answer. */
export async function admit(deps: Deps, delivery: Delivery): Promise<void> {
  const parsed = AdmitMessage.safeParse(delivery.data);
  if (!parsed.success)
    return refuse(
      deps,
      delivery,
      `not a request: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
    );
  const request = parsed.data;
  switch (request.kind) {
    case 'image':
      return admitImage(deps, request);
    case 'deploy':
      return admitByName(deps, request);
    case 'approved':
      return admitApproved(deps, delivery, request.approvalId);
    case 'start': {
      const deployment = await deps.ledger.get('deployments', request.deploymentId);
      if (!deployment) return refuse(deps, delivery, `there is no deployment ${request.deploymentId}`);
      return giveTurn(deps, deployment);
    }
  }
}

type ImageRequest = Extract<AdmitMessage, { kind: 'image' }>;
type NamedRequest = Extract<AdmitMessage, { kind: 'deploy' }>;
type Configured = ServiceFile['configs'][number];

/** Every environment of every service file that tracks this image and tag. */
async function admitImage(deps: Deps, request: ImageRequest): Promise<void> {
  const files = await readServiceFiles(deps);
  const broken = files.filter((file) => file.problems !== undefined && file.text.includes(request.image));
  for (const file of broken) await record(deps, request, file.name, 'refused', file.problems ?? '');
  const tracked = files
    .flatMap((file) => file.configs)
    .filter(({ config }) => config.image === request.image);
  const wanted = tracked.filter(({ config }) => isDeployedTag(config.policy.autoDeploy, request.tag));
  if (wanted.length === 0 && broken.length === 0) {
    const why =
      tracked.length === 0
        ? `no service file names ${request.image}`
        : `no environment deploys the tag ${request.tag} by itself`;
    await record(deps, request, undefined, 'ignored', why);
  }
  await admitEach(deps, request, wanted);
}

async function admitByName(deps: Deps, request: NamedRequest): Promise<void> {
  const { service, environment } = request;
  const found = findConfig(await readServiceFiles(deps), service, environment);
  if ('problem' in found)
    return record(deps, request, undefined, 'refused', found.problem, { service, environment });
  if (request.configHash !== undefined && request.configHash !== configHash(found.config)) {
    const reason = 'the configuration is not the one that was shown any more: look again, then ask again';
    return record(deps, request, placeId(service, environment), 'refused', reason, { service, environment });
  }
  return admitEach(deps, request, [found]);
}

/** Every decision is about an exact digest: a tag may point elsewhere a moment later. Only a build has none yet. */
async function admitEach(
  deps: Deps,
  request: ImageRequest | NamedRequest,
  places: readonly Configured[],
): Promise<void> {
  const [first] = places;
  if (!first) return;
  const { tag, digest } = request;
  const release =
    tag === undefined || digest !== undefined
      ? { digest, order: undefined }
      : await resolveTag(deps, first.config.image, tag);
  for (const place of places) {
    const { service, environment } = place.config;
    if ('problem' in release)
      await record(deps, request, placeId(service, environment), 'refused', release.problem, {
        service,
        environment,
      });
    else await admitOne(deps, wantedOf(request, place, release));
  }
}

/** The same digest and configuration that people approved, decided again with everything that holds now. */
async function admitApproved(deps: Deps, delivery: Delivery, id: string): Promise<void> {
  const approval = await deps.ledger.get('approvals', id);
  if (!approval) return refuse(deps, delivery, `there is no approval ${id}`);
  if (approval.status !== 'approved')
    return refuse(deps, delivery, `${id} is not approved: ${approval.status}`);
  const { service, environment, request } = approval;
  if (approval.settled) {
    const made = approval.deploymentId && (await deps.ledger.get('deployments', approval.deploymentId));
    if (made) await giveTurn(deps, made);
    return;
  }
  const found = findConfig(await readServiceFiles(deps), service, environment);
  const stale = 'problem' in found ? found.problem : staleApproval(approval, found.config);
  if ('problem' in found || stale !== undefined) {
    const reason = stale ?? '';
    await refuseApproved(deps.ledger, id, reason, deps.clock.now());
    await announceApproval(deps, id);
    deps.log('WARNING', `refused: request ${request.id}, approved as ${id}: ${reason}`);
    return;
  }
  await admitOne(deps, {
    requestId: request.id,
    source: request.source,
    config: found.config,
    configHash: approval.configHash,
    configSource: found.source,
    tag: request.tag,
    digest: request.digest,
    reason: request.reason,
    change: request.change,
    override: request.override,
    order: request.order,
    approvalId: id,
    slackUser: request.slackUser,
    groups: request.groups,
    requestedBy: request.requestedBy,
    requestedAt: request.requestedAt,
  });
}

/** Why what people approved is not what would be deployed now, or they are not who must approve it now. */
const staleApproval = (approval: Approval, config: ServiceConfig): string | undefined =>
  configHash(config) === approval.configHash
    ? notEnoughNow(config.policy, approval.approvals)
    : 'the configuration changed since it was approved';

async function admitOne(deps: Deps, request: Wanted): Promise<void> {
  const wanted = { ...request, change: await changeFor(deps, request) };
  const nowMs = deps.clock.now();
  const { service, environment, image } = wanted.config;
  const newId = newDeploymentId(nowMs, deps.random);
  const lookUp = orderLookUp(deps, image);
  const { record: decided, changed } = await admitRequest(deps.ledger, wanted, newId, nowMs, lookUp);
  const { decision, reason, deploymentId, approvalId } = decided;
  deps.log('INFO', `${decision}: ${service} → ${environment}: ${reason}`, {
    deploymentId,
    ...(approvalId === undefined ? {} : { approvalId }),
  });
  const asked = wanted.approvalId ?? approvalId;
  if (asked !== undefined) await announceApproval(deps, asked);
  for (const deployment of changed) await announce(deps, deployment);
  for (const deployment of changed) if (deployment.status === 'starting') await giveTurn(deps, deployment);
}

function wantedOf(
  request: ImageRequest | NamedRequest,
  { config, source }: Configured,
  { digest, order }: { digest: string | undefined; order: ReleaseOrder | undefined },
): Wanted {
  const { requestId, tag, requestedBy, requestedAt } = request;
  const byPerson = request.kind === 'deploy';
  return {
    requestId,
    source: byPerson ? request.via : 'image-push',
    config,
    configHash: configHash(config),
    configSource: source,
    tag,
    digest,
    order,
    reason: byPerson ? request.reason : undefined,
    change: byPerson ? request.change : undefined,
    override: byPerson ? request.override : undefined,
    slackUser: byPerson ? request.slackUser : undefined,
    groups: byPerson ? request.groups : undefined,
    requestedBy,
    requestedAt,
  };
}

async function record(
  deps: Deps,
  request: ImageRequest | NamedRequest,
  part: string | undefined,
  decision: RequestRecord['decision'],
  reason: string,
  place: Pick<RequestRecord, 'service' | 'environment'> = {},
): Promise<void> {
  deps.log(
    decision === 'refused' ? 'WARNING' : 'INFO',
    `${decision}: request ${request.requestId}: ${reason}`,
  );
  const { requestId, requestedBy, digest } = request;
  const at = new Date(deps.clock.now()).toISOString();
  await recordRequest(deps.ledger, requestKey(requestId, part), {
    requestId,
    decision,
    reason,
    ...place,
    ...(digest === undefined ? {} : { digest }),
    requestedBy,
    at,
  });
}
