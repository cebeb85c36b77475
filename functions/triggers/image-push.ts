import { z } from 'zod';
import { parseImage } from '#shared/domain/image.ts';
import type { AdmitMessage } from '#shared/domain/requests.ts';
import { recordRequest } from '#shared/ledger/admission.ts';
import { requestKey } from '#shared/ledger/ledger.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';

/** Artifact Registry's notification (https://cloud.google.com/artifact-registry/docs/configure-notifications). */
const RegistryEvent = z.object({
  action: z.enum(['INSERT', 'DELETE']),
  digest: z.string().optional(),
  tag: z.string().optional(),
});

/** Turns "an image got a tag" into a request; everything else on the topic is recorded or refused, with the reason. */
export async function imagePush(deps: Deps, delivery: Delivery): Promise<void> {
  const event = RegistryEvent.safeParse(delivery.data);
  if (!event.success) return refuse(deps, delivery, 'not an Artifact Registry notification');
  const { action, digest, tag } = event.data;
  const tagged = tag === undefined ? undefined : parseImage(tag);
  const digested = digest === undefined ? undefined : parseImage(digest);
  if ((tag !== undefined && !tagged?.tag) || (digest !== undefined && !digested?.digest)) {
    return refuse(deps, delivery, `not an image reference: ${tag ?? ''} ${digest ?? ''}`.trim());
  }
  if (action === 'DELETE') return ignore(`${tag ?? digest ?? 'an image'} was deleted`);
  // Children of an index and attestations come without a tag; the tag's own notification follows (gcp.md §1.1).
  if (!tagged?.tag) return ignore(`${digest ?? 'an image'} has no tag`);
  if (digested && digested.name !== tagged.name) {
    return refuse(deps, delivery, `tag ${tag} and digest ${digest} name different images`);
  }
  // The form alone would swallow a release that somebody called so.
  if (await deps.ledger.get('deployments', tagged.tag))
    return ignore(`${tag} was pushed by a deployment of Slipway`);
  const request: AdmitMessage = {
    version: 1,
    kind: 'image',
    requestId: delivery.messageId,
    image: tagged.name,
    tag: tagged.tag,
    ...(digested?.digest === undefined ? {} : { digest: digested.digest }),
    requestedBy: 'topic gcr',
    requestedAt: new Date(deps.clock.now()).toISOString(),
  };
  await deps.pubsub.publish('deploy-requests', request);

  async function ignore(reason: string): Promise<void> {
    deps.log('INFO', `image-push ignored ${delivery.messageId}: ${reason}`);
    const at = new Date(deps.clock.now()).toISOString();
    const { messageId: requestId } = delivery;
    await recordRequest(deps.ledger, requestKey(requestId), {
      requestId,
      decision: 'ignored',
      reason,
      requestedBy: 'topic gcr',
      at,
    });
  }
}
