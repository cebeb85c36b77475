import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import {
  sameTraffic,
  settled,
  shares,
  shifted,
  snapshotTraffic,
  trafficInWords,
  type TrafficTarget,
} from '#shared/domain/traffic.ts';
import type { LiveService, RawJson } from '#shared/ports/cloud-run.ts';
import {
  checkFence,
  placeOf,
  previousAnnotation,
  provenAnnotation,
  stamped,
  trafficBody,
  waitFor,
} from '#functions/steps/place.ts';
import type { Step, StepContext, StepResult } from '#functions/steps/step.ts';

/** Cloud Run takes seconds; what is not in effect by then will not be. */
const inEffectWithinSeconds = 120;

/**
 * Gives the candidate its share, by name (phase `traffic-N`), and at the end takes our tag away (phase `after`).
 * Others' tags stay. Traffic that somebody else changed meanwhile is not fought: the deployment stops.
 */
export const shiftTraffic: Step = {
  name: 'shift-traffic',
  async run(context) {
    const { deps, deployment, message } = context;
    const { ref, revision } = placeOf(deployment);
    const live = await deps.run.getService(ref);
    if (!live) return { status: 'rejected', reason: `the service ${ref.name} is gone` };
    checkFence(deployment, live);
    const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
    if (snapshot.status === 'refused') return { status: 'rejected', reason: snapshot.reason };
    const stranger = changedByOthers(deployment, snapshot.targets);
    if (stranger) return { status: 'rejected', reason: stranger };
    if (message.phase === 'after') return settle(context, live, snapshot.targets);
    const percent = Number(message.phase.slice('traffic-'.length));
    if (!Number.isInteger(percent))
      throw new Fault('invalid-input', `phase "${message.phase}" names no percentage`);
    const { first, targets: stable } = deployment.stable ?? { first: false, targets: [] };
    const want = shifted({ current: snapshot.targets, stable, candidate: revision, percent });
    return apply(context, live, want, first && deployment.config.runtime.access === 'public');
  },
};

/** @returns what was found, when it is neither what we wrote nor what we meant to write */
export function changedByOthers(deployment: Deployment, found: readonly TrafficTarget[]): string | undefined {
  const ours = [deployment.trafficWritten, deployment.trafficIntended].filter(
    (targets) => targets !== undefined,
  );
  if (ours.length === 0 || ours.some((targets) => sameTraffic(shares(targets), shares(found))))
    return undefined;
  return `somebody changed the traffic to ${trafficInWords(found)}; it was ${trafficInWords(ours[0] ?? [])} and is left as it is`;
}

async function apply(
  context: StepContext,
  live: LiveService,
  want: TrafficTarget[],
  open: boolean,
): Promise<StepResult> {
  const { deps, deployment } = context;
  const { ref } = placeOf(deployment);
  const inEffect = (service: LiveService): boolean =>
    sameTraffic(shares(service.trafficStatuses), shares(want)) && (!open || service.isPublic);
  if (!inEffect(live)) {
    // On record before the first user can meet the candidate: a crash after this is a deployment under traffic.
    await context.save({ trafficMoved: true, trafficIntended: want });
    await write(
      context,
      live,
      want,
      open ? { invokerIamDisabled: true } : {},
      open ? ['invoker_iam_disabled'] : [],
    );
  }
  const done = await waitFor(context, 20, 0.25, async () => {
    const seen = await deps.run.getService(ref);
    return seen && inEffect(seen) ? seen : undefined;
  });
  if (!done) {
    const seconds = Math.round((deps.clock.now() - context.startedMs) / 1000);
    return seconds < inEffectWithinSeconds
      ? { status: 'pending', againSeconds: 3, summary: `waiting for ${trafficInWords(want)}` }
      : { status: 'rejected', reason: `traffic is not ${trafficInWords(want)} after ${seconds} s` };
  }
  return {
    status: 'succeeded',
    summary: `${trafficInWords(done.trafficStatuses)}${open ? ', open to the public' : ''}`,
    patch: { trafficMoved: true, trafficWritten: want, trafficIntended: want },
  };
}

async function settle(
  context: StepContext,
  live: LiveService,
  current: TrafficTarget[],
): Promise<StepResult> {
  const { deployment } = context;
  const { tag, revision } = placeOf(deployment);
  const previous = deployment.stable?.targets.toSorted((a, b) => b.percent - a.percent)[0]?.revision;
  const wanted = deployment.config.traffic.keepPrevious && previous !== undefined && previous !== revision;
  const there = current.find((target) => target.tag === 'previous');
  const isForeign = there !== undefined && there.revision !== live.annotations[previousAnnotation];
  const keep = wanted && !isForeign;
  const want = settled({ current, tag, ...(keep ? { previous } : {}) });
  const proven = live.annotations[provenAnnotation] === 'false';
  if (proven || !sameTraffic(current, want)) {
    await context.save({ trafficIntended: want });
    await write(context, live, want, {}, [], {
      ...(proven ? { [provenAnnotation]: 'true' } : {}),
      ...(keep ? { [previousAnnotation]: previous } : {}),
    });
  }
  const note = keep
    ? `; ${previous} keeps the tag previous`
    : wanted
      ? `; the tag previous on ${there?.revision} is somebody else's and stays there`
      : '';
  return {
    status: 'succeeded',
    summary: `tag ${tag} removed${note}`,
    patch: { completed: true, trafficWritten: want, trafficIntended: want },
  };
}

async function write(
  { deps, deployment }: StepContext,
  live: LiveService,
  want: TrafficTarget[],
  more: RawJson = {},
  mask: string[] = [],
  annotations: Record<string, string> = {},
): Promise<void> {
  await deps.run.updateService(
    placeOf(deployment).ref,
    { traffic: trafficBody(want), annotations: stamped(deployment, live, annotations), ...more },
    ['traffic', 'annotations', ...mask],
    live.etag,
  );
}
