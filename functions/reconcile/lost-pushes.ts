import { createHash } from 'node:crypto';
import { isDeployedTag } from '#shared/config/tag-policy.ts';
import type { AdmitMessage } from '#shared/domain/requests.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { placeId, requestKey } from '#shared/ledger/ledger.ts';
import type { ImageTag } from '#shared/ports.ts';
import type { Deps } from '#functions/deps.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';

/** An image, and the places that deploy its tags by themselves and had a release before. */
interface WatchedImage {
  image: string;
  places: ServiceConfig[];
}

/** A place without a live release is left alone: what lies in the registry when Slipway comes is no news. */
export async function watchedImages(deps: Deps): Promise<WatchedImage[]> {
  const configs = (await readServiceFiles(deps)).flatMap((file) => file.configs.map(({ config }) => config));
  const places = new Map<string, ServiceConfig[]>();
  for (const config of configs) {
    const { image, service, environment, policy } = config;
    if (policy.autoDeploy.length === 0) continue;
    if (!(await deps.ledger.get('live', placeId(service, environment)))) continue;
    places.set(image, [...(places.get(image) ?? []), config]);
  }
  return [...places].map(([image, list]) => ({ image, places: list }));
}

/**
 * Asks for what was pushed and never heard of. Safe to repeat: the request's id comes from image, tag and digest, so that
 * the second one is answered with the first one's decision.
 */
export async function requestLostPushes(deps: Deps, { image, places }: WatchedImage): Promise<void> {
  const tags = await deps.registry.tags(image);
  const requests = new Map<string, Extract<AdmitMessage, { kind: 'image' }>>();
  for (const config of places) {
    const lost = await lostPush(deps, config, tags);
    if (!lost) continue;
    const { tag, digest, uploadedAt } = lost;
    const requestId = requestIdOf(image, lost);
    deps.log(
      'WARNING',
      `${image}:${tag} was pushed at ${uploadedAt} and nothing came of it: it is asked for`,
      {
        metric: 'lost_push',
        requestId,
        service: config.service,
        environment: config.environment,
      },
    );
    const requestedAt = new Date(deps.clock.now()).toISOString();
    requests.set(requestId, {
      version: 1,
      kind: 'image',
      requestId,
      image,
      tag,
      digest,
      requestedBy: 'reconcile',
      requestedAt,
    });
  }
  // It asks every place that tracks the tag, as the notification would have.
  for (const request of requests.values()) await deps.pubsub.publish('deploy-requests', request);
}

/**
 * The newest image that this place deploys by itself, if nobody ever asked for it: uploaded after the request of the newest
 * deployment and longer ago than its notification may take, without a deployment of its digest and without any request
 * since. One that is older than another asked-for one is not looked for: it would be superseded.
 */
async function lostPush(
  deps: Deps,
  config: ServiceConfig,
  tags: readonly ImageTag[],
): Promise<ImageTag | undefined> {
  const { service, environment, policy } = config;
  const [newest] = await deps.ledger.list('deployments', { service, environment }, 1);
  if (!newest) return undefined;
  const sinceMs = Date.parse(newest.request.requestedAt);
  const younger = tags
    .map((found) => ({ ...found, uploadedMs: Date.parse(found.uploadedAt) }))
    .filter(({ tag, uploadedMs }) => uploadedMs > sinceMs && isDeployedTag(policy.autoDeploy, tag))
    .sort((a, b) => b.uploadedMs - a.uploadedMs || a.tag.localeCompare(b.tag));
  for (const found of younger) {
    // Pushed by a build of ours: its deployment goes on with it.
    if (await deps.ledger.get('deployments', found.tag)) continue;
    if (found.uploadedMs + deps.config.pushGraceSeconds * 1000 > deps.clock.now()) return undefined;
    return (await isAnswered(deps, config, found)) ? undefined : found;
  }
  return undefined;
}

async function isAnswered(deps: Deps, config: ServiceConfig, found: ImageTag): Promise<boolean> {
  const { ledger } = deps;
  const { service, environment, image } = config;
  const { digest, uploadedAt } = found;
  const key = requestKey(requestIdOf(image, found), placeId(service, environment));
  if (await ledger.get('requests', key)) return true;
  for (const field of ['request.digest', 'release.digest']) {
    const [deployment] = await ledger.list('deployments', { service, environment, [field]: digest }, 1);
    if (deployment) return true;
  }
  // Records of requests do not say which digest they asked for: one that came after the upload is taken for its own. One
  // that led to a deployment is judged by that: its time is when it was decided, which approvals may make late.
  const requests = await ledger.list('requests', { service, environment });
  return requests.some(
    (one) => one.deploymentId === undefined && Date.parse(one.at) >= Date.parse(uploadedAt),
  );
}

function requestIdOf(image: string, { tag, digest }: ImageTag): string {
  const sum = createHash('sha256').update(`${image}:${tag}@${digest}`).digest('hex');
  return `reconcile-${sum.slice(0, 32)}`;
}
