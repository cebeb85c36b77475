import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { shifted, snapshotTraffic, withCandidate, type TrafficTarget } from '#shared/domain/traffic.ts';
import { ingressOf, revisionTemplate, undeclaredFields } from '#shared/config/template.ts';
import type { LiveService, RevisionState } from '#shared/ports/cloud-run.ts';
import {
  checkFence,
  placeOf,
  provenAnnotation,
  stamped,
  trafficBody,
  waitFor,
} from '#functions/steps/place.ts';
import { lastLines, lastWords } from '#functions/steps/last-words.ts';
import { lastTemplate, templateOf } from '#functions/preflight/service.ts';
import type { Step, StepContext, StepResult } from '#functions/steps/step.ts';

/** Google gives a container at most 4 minutes to start; the rest is scheduling and pulling. */
const readyWithinSeconds = 600;

/**
 * Makes the candidate revision: by digest, named from the deployment id, 0 %, under our tag. It is judged by its own
 * Ready condition; the operation and the service's conditions can say otherwise (traps 10).
 */
export const deploy: Step = {
  name: 'deploy',
  async run(context) {
    const { ref, revision } = placeOf(context.deployment);
    if (!(await context.deps.run.getRevision(ref, revision))) {
      const refused = await create(context);
      if (refused) return refused;
    }
    const state = await waitFor(context, 15, 0.25, async () => {
      const seen = await context.deps.run.getRevision(ref, revision);
      return seen === undefined || seen.status === 'pending' ? undefined : seen;
    });
    return judge(context, state);
  },
};

/** @returns a rejection, or undefined when the candidate is on its way */
async function create(context: StepContext): Promise<StepResult | undefined> {
  const { deps, deployment } = context;
  const { ref, revision, tag } = placeOf(deployment);
  const { release, config } = deployment;
  if (!release) throw new Fault('internal', 'the record has no release: push did not run');
  const template = revisionTemplate(config, `${release.image}@${release.digest}`, revision);
  const live = await deps.run.getService(ref);
  if (!live) {
    const traffic: TrafficTarget[] = [{ revision, percent: 100, tag }];
    await context.save({ stable: { first: true, targets: [] }, trafficIntended: traffic });
    // Without public access: nobody but a caller with a grant reaches it before it is proven.
    await deps.run.createService(ref, {
      template,
      traffic: trafficBody(traffic),
      ingress: ingressOf(config),
      annotations: stamped(deployment, undefined, { [provenAnnotation]: 'false' }),
    });
    return undefined;
  }
  checkFence(deployment, live);
  const undeclared = undeclaredFields(templateOf(live), [
    template,
    ...(await lastTemplate(deps.ledger, deployment)),
  ]);
  if (undeclared.length > 0) {
    return {
      status: 'rejected',
      reason: `the service has what its file does not declare: ${undeclared.join(', ')}`,
    };
  }
  // As it is now: an earlier attempt's look may be out of date, and without a candidate nothing in it is ours.
  const stable = stableOf(live);
  if ('refused' in stable) return { status: 'rejected', reason: stable.refused };
  const current = snapshotTraffic(live.traffic, live.latestReadyRevision);
  const targets = current.status === 'taken' ? current.targets : stable.targets;
  // A service that was never proven has nobody but us; tags that somebody put on it stay all the same.
  const base = stable.first
    ? shifted({ current: targets, stable: [], candidate: revision, percent: 100 })
    : targets;
  const traffic = withCandidate(base, revision, tag);
  await context.save({ stable, trafficIntended: traffic });
  await deps.run.updateService(
    ref,
    { template, traffic: trafficBody(traffic), annotations: stamped(deployment, live) },
    ['template', 'traffic', 'annotations'],
    live.etag,
  );
  return undefined;
}

function stableOf(live: LiveService): NonNullable<Deployment['stable']> | { refused: string } {
  if (live.annotations[provenAnnotation] === 'false') return { first: true, targets: [] };
  const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
  return snapshot.status === 'taken'
    ? { first: false, targets: snapshot.targets }
    : { refused: snapshot.reason };
}

async function judge(context: StepContext, state: RevisionState | undefined): Promise<StepResult> {
  const { deps, deployment, message, startedMs } = context;
  const { ref, revision, tag } = placeOf(deployment);
  const seconds = (deps.clock.now() - startedMs) / 1000;
  const check = {
    id: 'ready',
    title: 'Candidate revision is ready',
    suite: 'Cloud Run service',
    severity: 'required' as const,
    step: message.step,
    phase: message.phase,
  };
  const evidence = {
    source: `Cloud Run revision ${revision}`,
    asked: 'Ready condition',
    expected: 'ready',
    at: new Date(deps.clock.now()).toISOString(),
  };
  if (!state) {
    const waited = `revision ${revision} is not ready after ${Math.round(seconds)} s`;
    if (seconds < readyWithinSeconds) return { status: 'pending', againSeconds: 3, summary: waited };
    return {
      status: 'rejected',
      reason: waited,
      patch: {
        checks: [{ ...check, outcome: 'fail', evidence: { ...evidence, observed: 'still pending' } }],
      },
    };
  }
  if (state.status === 'failed') {
    const { reason, message: words } = state;
    const failed = (observed: string) => ({
      checks: [{ ...check, outcome: 'fail' as const, evidence: { ...evidence, observed } }],
    });
    // Told at once; why it failed is in a log that is late.
    await context.save(failed(`${reason}: ${words}`));
    const lines = await lastLines(context);
    const observed = `${reason}: ${words}${lastWords(lines)}`;
    return {
      status: 'rejected',
      reason: observed,
      patch: failed(observed),
      condition: { reason, message: words },
      lastLines: lines,
    };
  }
  const addresses = await waitFor(context, 10, 0.25, async () => {
    const live = await deps.run.getService(ref);
    const url = live?.trafficStatuses.find((target) => target.tag === tag)?.url;
    return live && url !== undefined ? { url, serviceUrl: live.url } : undefined;
  });
  if (!addresses) {
    // Traffic comes into effect as a whole: one tag of somebody's on a broken revision keeps ours away for ever.
    const waiting = `${revision} is ready, but its tag has no address`;
    return seconds < readyWithinSeconds
      ? { status: 'pending', againSeconds: 3, summary: waiting }
      : {
          status: 'rejected',
          reason: `${waiting} after ${Math.round(seconds)} s: the traffic is not taken over`,
        };
  }
  return {
    status: 'succeeded',
    summary: `${revision} is ready at 0 %, tag ${tag}`,
    patch: {
      candidate: { revision, tag, url: addresses.url },
      serviceUrl: addresses.serviceUrl,
      ...(deployment.trafficIntended === undefined ? {} : { trafficWritten: deployment.trafficIntended }),
      checks: [
        {
          ...check,
          outcome: 'pass',
          evidence: { ...evidence, observed: 'ready', durationMs: Math.round(seconds * 1000) },
        },
      ],
    },
  };
}
