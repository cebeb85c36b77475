import { createHash } from 'node:crypto';
import { isDeployedTag } from '#shared/config/tag-policy.ts';
import type { AdmitMessage } from '#shared/domain/requests.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { placeId, requestKey } from '#shared/ledger/ledger.ts';
import { seeTags, type PutBetween } from '#shared/ledger/seen-tags.ts';
import type { ImageTag } from '#shared/ports/images.ts';
import type { Deps } from '#functions/deps.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';

/** An image, and the places that deploy its tags by themselves and had a release before. */
interface WatchedImage {
  image: string;
  places: ServiceConfig[];
}

/** `afterMs` and `byMs` are both the time of upload, unless the image was there before the tag was put on it. */
type Put = ImageTag & PutBetween;

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
 * Asks for what was pushed and never heard of. Safe to repeat: the request's id comes from image, tag and digest, and for a
 * tag that was put on an old image from when that was, so that the second one is answered with the first one's decision.
 */
export async function requestLostPushes(deps: Deps, { image, places }: WatchedImage): Promise<void> {
  const nowMs = deps.clock.now();
  const tags = await deps.registry.tags(image);
  const putAt = await seeTags(deps.ledger, image, tags, nowMs);
  const puts = tags.map((tag) => ({ ...tag, ...timeOf(tag, putAt(tag)) }));
  const requests = new Map<string, Extract<AdmitMessage, { kind: 'image' }>>();
  for (const config of places)
    for (const lost of await lostPushes(deps, config, puts)) {
      const { tag, digest } = lost;
      const requestId = requestIdOf(image, lost);
      const by = new Date(lost.byMs).toISOString();
      deps.log('WARNING', `${image}:${tag} was pushed by ${by} and nothing came of it: it is asked for`, {
        metric: 'lost_push',
        requestId,
        service: config.service,
        environment: config.environment,
      });
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

/** A tag that came in the same look as its image is taken for pushed with it. */
function timeOf({ uploadedAt }: ImageTag, put: PutBetween | undefined): PutBetween {
  const uploadedMs = Date.parse(uploadedAt);
  return put && put.afterMs > uploadedMs ? put : { afterMs: uploadedMs, byMs: uploadedMs };
}

const isOnOldImage = ({ uploadedAt, afterMs }: Put): boolean => afterMs > Date.parse(uploadedAt);

/**
 * The newest tag that this place deploys by itself, if nobody ever asked for it: put after the request of the newest
 * deployment and longer ago than its notification may take, and not answered. One that is older than another asked-for one
 * is not looked for: it would be superseded. Those of which looking does not tell which one is newer are all looked for.
 */
async function lostPushes(deps: Deps, config: ServiceConfig, puts: readonly Put[]): Promise<Put[]> {
  const { service, environment, policy } = config;
  const [newest] = await deps.ledger.list('deployments', { service, environment }, 1);
  if (!newest) return [];
  const sinceMs = Date.parse(newest.request.requestedAt);
  const younger = puts
    .filter(({ tag, byMs }) => byMs > sinceMs && isDeployedTag(policy.autoDeploy, tag))
    .sort((a, b) => b.byMs - a.byMs || a.tag.localeCompare(b.tag));
  let sureMs = Number.NEGATIVE_INFINITY;
  const lost: Put[] = [];
  for (const put of younger) {
    if (put.byMs < sureMs) break;
    // Pushed by a build of ours: its deployment goes on with it.
    if (await deps.ledger.get('deployments', put.tag)) continue;
    if (put.byMs + deps.config.pushGraceSeconds * 1000 > deps.clock.now()) return [];
    sureMs = Math.max(sureMs, put.afterMs);
    if (!(await isAnswered(deps, config, put))) lost.push(put);
  }
  return lost;
}

/** True when there is a request or a deployment of the digest at the place, made after the tag was put on it. */
async function isAnswered({ ledger }: Deps, config: ServiceConfig, put: Put): Promise<boolean> {
  const { service, environment, image } = config;
  const { digest } = put;
  if (await ledger.get('requests', requestKey(requestIdOf(image, put), placeId(service, environment))))
    return true;
  // Nothing can have asked for an image before it was there; the registry's clock is not ours.
  const isSince = (at: string): boolean => !isOnOldImage(put) || Date.parse(at) >= put.afterMs;
  const requests = await ledger.list('requests', { service, environment, digest });
  if (requests.some(({ at }) => isSince(at))) return true;
  for (const field of ['request.digest', 'release.digest']) {
    const [newest] = await ledger.list('deployments', { service, environment, [field]: digest }, 1);
    if (newest && isSince(newest.createdAt)) return true;
  }
  return false;
}

function requestIdOf(image: string, put: Put): string {
  const when = isOnOldImage(put) ? ` ${put.byMs}` : '';
  const sum = createHash('sha256').update(`${image}:${put.tag}@${put.digest}${when}`).digest('hex');
  return `reconcile-${sum.slice(0, 32)}`;
}
