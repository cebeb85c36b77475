import { changeOfLabels, newChange, type Change } from '#shared/domain/change.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import type { RegistryImage } from '#shared/ports/images.ts';
import type { Deps } from '#functions/deps.ts';
import { lookUpImage } from '#functions/triggers/releases.ts';

/**
 * What a release is for, as it is known before it begins: what was asked with it, else what its service file names that is
 * not live yet. Where people have to approve, they are told what the image says of itself too; `push` reads that anyway.
 * @throws Fault when the ledger or the registry does not answer
 */
export async function changeFor(
  deps: Deps,
  {
    config,
    digest,
    change,
  }: { config: ServiceConfig; digest: string | undefined; change: Change | undefined },
): Promise<Change | undefined> {
  if (change) return change;
  const named = newChange(config.change, (await liveConfig(deps, config))?.change);
  if (named || digest === undefined || !config.policy.approvals) return named;
  const found = await lookUpImage(deps, config.image, digest);
  return found instanceof Fault || !found ? undefined : labelledChange(found);
}

/** What the image's labels say, when they can be understood. */
export function labelledChange({ labels }: Pick<RegistryImage, 'labels'>): Change | undefined {
  const said = changeOfLabels(labels);
  return said && 'change' in said ? said.change : undefined;
}

/** The configuration that serves, if a deployment of ours put it there and nobody took it back. */
async function liveConfig(
  deps: Deps,
  { service, environment }: Pick<ServiceConfig, 'service' | 'environment'>,
): Promise<ServiceConfig | undefined> {
  const live = await deps.ledger.get('live', placeId(service, environment));
  if (!live || live.takenBack) return undefined;
  return (await deps.ledger.get('deployments', live.deploymentId))?.config;
}
