import { candidateRevision, candidateTag } from '#shared/domain/ids.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { shares, snapshotTraffic } from '#shared/domain/traffic.ts';
import type { LiveService, RawJson, ServiceRef } from '#shared/ports/cloud-run.ts';
import type { StepContext } from '#functions/steps/step.ts';

/** Where the deployment's service is, and what its own revision and tag are called. */
export function placeOf({ config, id }: Deployment): { ref: ServiceRef; revision: string; tag: string } {
  const { project, region, cloudRunService: name } = config;
  return { ref: { project, region, name }, revision: candidateRevision(name, id), tag: candidateTag(id) };
}

/** The fence: the number of the lock under which the service was written last. A reader of a higher one is no longer the owner. */
const fenceAnnotation = 'slipway.dev/fence';
/** `false` from a service's creation until its first deployment is proven: it has nothing to go back to. */
export const provenAnnotation = 'slipway.dev/proven';

/** @throws Fault `fenced` when a newer owner wrote this service: whoever reads it must not write any more */
export function checkFence(deployment: Deployment, live: LiveService): void {
  const stamped = Number(live.annotations[fenceAnnotation] ?? 0);
  if (stamped > deployment.fence) {
    throw new Fault(
      'fenced',
      `the service was taken over: it carries fence ${stamped}, ours is ${deployment.fence}`,
    );
  }
}

/** The revision on which we put the tag `previous`; one that is elsewhere is somebody else's. */
export const previousAnnotation = 'slipway.dev/previous';

/** True when the service was last written under this deployment's own number. */
export const carriesFence = (deployment: Deployment, live: LiveService): boolean =>
  live.annotations[fenceAnnotation] === String(deployment.fence);

/** The annotations of every write of ours: others' kept, ours renewed. */
export const stamped = (
  deployment: Deployment,
  live: LiveService | undefined,
  more: Record<string, string> = {},
): RawJson => ({ ...stampedWith(deployment.fence, deployment.id, live), ...more });

export const stampedWith = (fence: number, deploymentId: string, live: LiveService | undefined): RawJson => ({
  ...live?.annotations,
  [fenceAnnotation]: String(fence),
  'slipway.dev/deployment': deploymentId,
});

/** True when a newer owner wrote this service. */
export const isFenced = (deployment: Deployment, live: LiveService): boolean =>
  Number(live.annotations[fenceAnnotation] ?? 0) > deployment.fence;

/** True when a user's request can reach the candidate: it has a share, asked for or in effect, of a service that is open. */
export function meetsUsers(deployment: Deployment, live: LiveService): boolean {
  const { revision } = placeOf(deployment);
  const { trafficMoved, stable, config } = deployment;
  const open = !stable?.first || live.isPublic || config.runtime.access === 'private';
  const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
  const asked = snapshot.status === 'taken' ? snapshot.targets : [];
  return (
    trafficMoved &&
    open &&
    shares([...asked, ...live.trafficStatuses]).some((target) => target.revision === revision)
  );
}

/** v2 traffic targets by revision name. */
export const trafficBody = (
  targets: readonly { revision: string; percent: number; tag?: string }[],
): RawJson[] => targets.map((target) => ({ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', ...target }));

/**
 * Looks every `everySeconds` until `look` answers or `forSeconds` have passed.
 * @returns undefined when the time is up: answer `pending`, no function is paid for a longer wait
 */
export async function waitFor<T>(
  { deps: { clock }, signal }: StepContext,
  forSeconds: number,
  everySeconds: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = clock.now() + forSeconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (clock.now() + everySeconds * 1000 > end) return undefined;
    await clock.sleep(everySeconds * 1000, signal);
  }
}
