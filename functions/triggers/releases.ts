import { Fault } from '#shared/domain/fault.ts';
import { orderOf, type ReleaseOrder } from '#shared/domain/release-order.ts';
import type { LookUpOrder } from '#shared/ledger/admission-facts.ts';
import type { RegistryImage } from '#shared/ports/images.ts';
import type { Deps } from '#functions/deps.ts';

/**
 * The digest a tag points at right now, and what puts it in an order; or why there is none.
 * @throws Fault when the registry does not answer: the event comes again
 */
export async function resolveTag(
  deps: Deps,
  image: string,
  tag: string,
): Promise<{ digest: string; order: ReleaseOrder } | { problem: string }> {
  const found = await lookUpImage(deps, image, tag);
  if (found instanceof Fault) return { problem: found.message };
  if (!found) return { problem: `${image} has no tag ${tag}` };
  return { digest: found.digest, order: orderOf({ ...found, tag }) };
}

/**
 * Looks releases of one image up. Of one that is not there, or is no image, nothing is known.
 * @throws Fault when the registry does not answer
 */
export const orderLookUp =
  (deps: Deps, image: string): LookUpOrder =>
  async ({ digest, tag }) => {
    const found = await lookUpImage(deps, image, digest);
    if (found instanceof Fault)
      deps.log('WARNING', `the order of ${image}@${digest} is not known: ${found.message}`);
    const facts = found instanceof Fault || !found ? { labels: {} } : found;
    return orderOf({ ...facts, tag });
  };

/** A fault that no repetition mends is an answer. */
export async function lookUpImage(
  deps: Deps,
  image: string,
  reference: string,
): Promise<RegistryImage | Fault | undefined> {
  try {
    return await deps.registry.resolve(image, reference);
  } catch (error) {
    if (error instanceof Fault && !error.retryable) return error;
    throw error;
  }
}
