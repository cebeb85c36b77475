import { z } from 'zod';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { DriftFound } from '#shared/domain/drift.ts';
import { sameTraffic, shares, trafficInWords } from '#shared/domain/traffic.ts';
import { recordDrift } from '#shared/ledger/drift.ts';
import { placeId, type Collections } from '#shared/ledger/ledger.ts';
import type { LiveService } from '#shared/ports/cloud-run.ts';
import type { Deps } from '#functions/deps.ts';
import { placeOf } from '#functions/steps/place.ts';

/**
 * Compares a live release with what Cloud Run has now, while no deployment works on it. Only says so: a rollback or an edit
 * of a person is the person's (traps 17).
 */
export async function watchDrift(deps: Deps, live: Collections['live']): Promise<void> {
  const { ledger, log } = deps;
  const lock = await ledger.get('locks', placeId(live.service, live.environment));
  // After a person went back to what has no record here there is nothing to hold it against.
  if (!lock || lock.active !== undefined || live.takenBack) return;
  const deployment = await ledger.get('deployments', live.deploymentId);
  if (!deployment) return;
  const service = await deps.run.getService(placeOf(deployment).ref);
  // Halfway through somebody's change there is nothing to compare.
  if (service?.reconciling) return;
  const found = driftOf(deployment, service);
  const { begun, ended } = await recordDrift(ledger, { live, fence: lock.fence }, found, deps.clock.now());
  for (const drift of begun) {
    const { service: name, environment, kind, expected, observed, deploymentId } = drift;
    log(
      'WARNING',
      `${name} → ${environment} is not as ${deploymentId} left it: ${observed}, not ${expected}`,
      {
        metric: 'drift',
        service: name,
        environment,
        kind,
        deploymentId,
      },
    );
  }
  for (const { service: name, environment, kind, since } of ended)
    log('INFO', `${name} → ${environment}: the drift of ${kind} since ${since} is over`);
}

const Template = z.object({
  revision: z.string().optional(),
  containers: z.array(z.object({ image: z.string().default('') })).default([]),
});

/** What is not as the deployment left it. Tags are not compared: people may set their own. */
function driftOf(deployment: Deployment, service: LiveService | undefined): DriftFound[] {
  const { ref } = placeOf(deployment);
  if (!service)
    return [
      { kind: 'missing', expected: `service ${ref.name}`, observed: `there is no service ${ref.name}` },
    ];
  const found: DriftFound[] = [];
  const { trafficWritten: traffic, release } = deployment;
  if (traffic && !sameTraffic(shares(traffic), shares(service.trafficStatuses)))
    found.push({
      kind: 'traffic',
      expected: trafficInWords(traffic),
      observed: trafficInWords(service.trafficStatuses),
    });
  const template = Template.parse(service.raw.template ?? {});
  const images = template.containers.map(({ image }) => image);
  if (release && !images.includes(`${release.image}@${release.digest}`))
    found.push({
      kind: 'template',
      expected: `template with ${release.image}@${release.digest}`,
      observed: `template${template.revision ? ` of ${template.revision}` : ''} with ${images.join(', ') || 'no image'}`,
    });
  return found;
}
