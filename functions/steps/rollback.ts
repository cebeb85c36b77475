import type { Deployment, Rollback } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import {
  restored,
  sameTraffic,
  settled,
  shares,
  shifted,
  snapshotTraffic,
  trafficInWords,
  type TrafficTarget,
} from '#shared/domain/traffic.ts';
import { notSafeToRollBack } from '#shared/domain/way-back.ts';
import type { LiveService, RawJson } from '#shared/ports/cloud-run.ts';
import { askService } from '#functions/steps/ask-service.ts';
import {
  carriesFence,
  checkFence,
  isFenced,
  meetsUsers,
  placeOf,
  stamped,
  trafficBody,
  waitFor,
} from '#functions/steps/place.ts';
import { endMigration } from '#functions/steps/migration.ts';
import { endTestJobs } from '#functions/steps/validate/job.ts';
import { changedByOthers } from '#functions/steps/shift-traffic.ts';
import type { Step, StepContext, StepResult } from '#functions/steps/step.ts';

/**
 * Undoes what this deployment did, and nothing else: traffic exactly as before, our tag gone, a service opened by us
 * closed again. A release that is marked as not safe to roll back and has users is left as it is: a person decides.
 * Verified by asking Cloud Run for the traffic in effect and the service for its health; never by the operation or
 * `latestReady`, which may go on showing the failed candidate (traps 10).
 */
export const rollback: Step = {
  name: 'rollback',
  ignoresSignals: true,
  async run(context) {
    const { deps, deployment } = context;
    if (deployment.completed) return done(context, 'the deployment was complete; nothing to undo', []);
    await cancelBuild(context);
    await endTestJobs(context);
    const migrating = await endMigration(context);
    if (migrating) return migrating;
    if (!deployment.stable) return done(context, 'nothing was changed yet', []);
    const { ref, revision } = placeOf(deployment);
    const live = await deps.run.getService(ref);
    if (!live) return done(context, `the service ${ref.name} does not exist`, []);
    if (deployment.signal?.kind === 'rollback' && isFenced(deployment, live)) return takenBack(context, live);
    checkFence(deployment, live);
    const unsafe = notSafeToRollBack(deployment);
    if (unsafe !== undefined && meetsUsers(deployment, live)) return withhold(context, live, unsafe);
    const plan = planOf(deployment, live);
    // Also with nothing to undo the fence is raised: a write that is still under way from before must not get through.
    if (!isUndone(plan, live) || !carriesFence(deployment, live)) {
      await context.save({ trafficIntended: plan.want });
      await deps.run.updateService(
        ref,
        { traffic: trafficBody(plan.want), annotations: stamped(deployment, live), ...plan.body },
        ['traffic', 'annotations', ...plan.mask],
        live.etag,
      );
    }
    const seen = await waitFor(context, 20, 0.25, async () => {
      const now = await deps.run.getService(ref);
      return now && isUndone(plan, now) ? now : undefined;
    });
    if (!seen) return unverified(context, `traffic is not ${trafficInWords(plan.want)} yet`);
    const asked = deployment.stable.first
      ? { ok: true, words: 'closed to the public' }
      : await askAgain(context, seen);
    const observed = `Cloud Run: ${deployment.stable.first ? 'not public' : trafficInWords(seen.trafficStatuses)}; service: ${asked.words}`;
    if (!asked.ok) return unverified(context, observed);
    const remains = (await deps.run.getRevision(ref, revision))
      ? [`revision ${revision}, without traffic from us and without a tag`]
      : [];
    if (deployment.stable.first) remains.unshift(`service ${ref.name}, closed to the public`);
    return done(context, observed, remains, plan.notes);
  },
};

/** A build that nobody waits for any more costs money and ends with a push that looks like a release. */
async function cancelBuild({ deps, deployment }: StepContext): Promise<void> {
  const { buildId, release, config } = deployment;
  if (buildId === undefined || release) return;
  const place = { project: config.project, region: config.region };
  if ((await deps.build.get(place, buildId)).status === 'running') await deps.build.cancel(place, buildId);
}

/** A person went back from outside, under the next number: nothing is left to do here but to see that it is so. */
function takenBack(context: StepContext, live: LiveService): StepResult {
  const { revision } = placeOf(context.deployment);
  const ours = shares(live.trafficStatuses).find((target) => target.revision === revision);
  const observed = `Cloud Run: ${trafficInWords(live.trafficStatuses)}`;
  if (ours) return unverified(context, observed);
  const by = context.deployment.signal?.by ?? 'somebody';
  return done(
    context,
    observed,
    [`revision ${revision}, without traffic`],
    [`rolled back from outside by ${by}`],
  );
}

/** Changes nothing that users meet. Only the fence is raised, so that no late write changes it either. */
async function withhold(context: StepContext, live: LiveService, unsafe: string): Promise<StepResult> {
  const { deps, deployment } = context;
  const { ref, revision, tag } = placeOf(deployment);
  if (!carriesFence(deployment, live)) {
    const annotations = stamped(deployment, live);
    await deps.run.updateService(ref, { annotations }, ['annotations'], live.etag);
  }
  const observed = `not rolled back: this release is marked as not safe to roll back (${unsafe}); Cloud Run: ${trafficInWords(live.trafficStatuses)}`;
  const asked = snapshotTraffic(live.traffic, live.latestReadyRevision);
  const stranger = asked.status === 'taken' ? changedByOthers(deployment, asked.targets) : asked.reason;
  const remains = [`revision ${revision}, with its share of the traffic and the tag ${tag}`];
  const left = rollbackOf(context, 'failed', observed, remains, stranger === undefined ? [] : [stranger]);
  return { status: 'rejected', reason: observed, patch: { rollback: { ...left, withheld: unsafe } } };
}

interface Plan {
  /** False when it does not matter which revision is in effect: nobody but us can call the service. */
  traffic: boolean;
  want: TrafficTarget[];
  body: RawJson;
  mask: string[];
  notes: string[];
}

function planOf(deployment: Deployment, live: LiveService): Plan {
  const { tag, revision } = placeOf(deployment);
  const { stable } = deployment;
  const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
  if (snapshot.status === 'refused')
    throw new Fault('unsupported', `the traffic cannot be put back: ${snapshot.reason}`);
  const current = snapshot.targets;
  if (!stable || stable.first) {
    const close = deployment.trafficMoved && live.isPublic;
    return {
      traffic: false,
      want: settled({ current, tag }),
      body: close ? { invokerIamDisabled: false } : {},
      mask: close ? ['invoker_iam_disabled'] : [],
      notes: [],
    };
  }
  const stranger = changedByOthers(deployment, current);
  if (!stranger || sameTraffic(shares(current), shares(stable.targets))) {
    return {
      traffic: true,
      want: restored({ current, stable: stable.targets, tag }),
      body: {},
      mask: [],
      notes: [],
    };
  }
  const share = (targets: readonly TrafficTarget[] | undefined): number =>
    shares(targets ?? []).find((target) => target.revision === revision)?.percent ?? 0;
  const oursToo = [deployment.trafficWritten, deployment.trafficIntended].some(
    (targets) => share(targets) === share(current),
  );
  const others = shares(current).filter((target) => target.revision !== revision);
  // A share of the candidate that a person gave it is the person's; one that is still ours is taken back.
  const takeBack = oursToo && share(current) > 0 && others.length > 0;
  const want = takeBack ? shifted({ current, stable: others, candidate: revision, percent: 0 }) : current;
  return { traffic: true, want: settled({ current: want, tag }), body: {}, mask: [], notes: [stranger] };
}

const isUndone = (plan: Plan, live: LiveService): boolean =>
  (!plan.traffic || sameTraffic(shares(live.trafficStatuses), shares(plan.want))) &&
  !live.traffic.some(
    (target) => target.tag !== undefined && !plan.want.some((wanted) => wanted.tag === target.tag),
  ) &&
  (plan.body.invokerIamDisabled === undefined || !live.isPublic);

/** Up to three times: traffic changes are not instant. */
async function askAgain(context: StepContext, live: LiveService): ReturnType<typeof askService> {
  const { deps, deployment, signal } = context;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await askService(deps, deployment, live, signal);
    if (answer.ok || attempt === 3) return answer;
    await deps.clock.sleep(500, signal);
  }
}

/** Asked again for a while; then it is said as it is and a person must look. */
function unverified(context: StepContext, observed: string): StepResult {
  const seconds = (context.deps.clock.now() - context.startedMs) / 1000;
  const patch = { rollback: rollbackOf(context, 'failed', observed, [], []) };
  if (seconds < 120) return { status: 'pending', againSeconds: 2, summary: observed, patch };
  return { status: 'rejected', reason: `rollback not verified: ${observed}`, patch };
}

const done = (
  context: StepContext,
  observed: string,
  remains: string[],
  notes: string[] = [],
): StepResult => ({
  status: 'succeeded',
  summary: [observed, ...notes].join('; '),
  patch: { rollback: rollbackOf(context, 'verified', observed, remains, notes) },
});

const rollbackOf = (
  { deps }: StepContext,
  result: Rollback['result'],
  observed: string,
  remains: string[],
  notes: string[],
): Rollback => ({ result, observed, at: new Date(deps.clock.now()).toISOString(), remains, notes });
