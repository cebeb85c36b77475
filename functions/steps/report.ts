import {
  isFinished,
  type Deployment,
  type Previous,
  type Result,
  type Serving,
} from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { needsPerson, outcomeOf, type Ending, type Outcome } from '#shared/domain/outcome.ts';
import { shares } from '#shared/domain/traffic.ts';
import { verdict } from '#shared/domain/verdict.ts';
import { finishDeployment } from '#shared/ledger/finish.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import { previousOf } from '#shared/report/changes.ts';
import { renderHtml } from '#shared/report/html.ts';
import { reportPage } from '#shared/report/links.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport, reportName } from '#shared/report/report.ts';
import type { Deps } from '#functions/deps.ts';
import { announce } from '#functions/events.ts';
import { meetsUsers, placeOf, waitFor } from '#functions/steps/place.ts';
import type { Step } from '#functions/steps/step.ts';

/** How long the workflow waits until the final status is in Slack; the outcome stands whatever Slack does. */
const slackWaitSeconds = 120;

/**
 * Ends the deployment: outcome, lock and next waiter in one transaction, then the report is stored, and the workflow is
 * kept until `notify` has shown the final status.
 */
export const report: Step = {
  name: 'report',
  ignoresSignals: true,
  async run(context) {
    const { deps, message, claim, startedMs } = context;
    // Before the end, because then this deployment itself may be what is live.
    const deployment =
      context.deployment.previous || isFinished(context.deployment)
        ? context.deployment
        : await context.save({ previous: await previousIn(deps, context.deployment) });
    // Every look does it all again, because a crash may have cut the one before short; what is done already stays so.
    const result = deployment.result ?? (await resultOf(deps, deployment));
    const ended = await finishDeployment(deps.ledger, message, claim, result, deps.clock.now());
    if (!ended)
      throw new Fault('lock-lost', 'another execution took this deployment over', { retryable: false });
    const { finished, next } = ended;
    await storeReport(deps, finished);
    if (next)
      await deps.pubsub.publish('deploy-requests', { version: 1, kind: 'start', deploymentId: next.id });

    const outcome = finished.result?.outcome ?? result.outcome;
    if (needsPerson(outcome))
      deps.log('ERROR', `${finished.id}: the rollback of ${finished.service} failed; a person is needed`, {
        metric: 'rollback_failed',
        deploymentId: finished.id,
      });
    if (!deps.config.hasSlack) {
      return { status: 'succeeded', summary: `${outcome}; Slack is not configured`, decision: { outcome } };
    }
    await announce(deps, finished);
    // Slack mostly answers within a second: waiting that long here is cheaper than another dispatch.
    const shown = await waitFor(context, 2, 0.1, async () => {
      const seen = await deps.ledger.get('notifications', deployment.id);
      return seen?.final || seen?.undeliverable !== undefined ? seen : undefined;
    });
    if (shown?.final)
      return { status: 'succeeded', summary: `${outcome}, shown in Slack`, decision: { outcome } };
    const waited = (deps.clock.now() - startedMs) / 1000;
    if (shown || waited >= slackWaitSeconds) {
      const why =
        shown?.undeliverable ?? `no word from Slack for ${slackWaitSeconds} s; it is told when it answers`;
      return { status: 'succeeded', summary: `${outcome}; Slack: ${why}`, decision: { outcome } };
    }
    return {
      status: 'pending',
      againSeconds: Math.max(3, waited / 2),
      summary: `${outcome}; waiting for Slack`,
    };
  },
};

async function resultOf(deps: Deps, deployment: Deployment): Promise<Result> {
  const sum = verdict(deployment.checks);
  const ending: Ending = deployment.completed
    ? 'completed'
    : (deployment.failure?.ending ?? endingWithoutFailure(deployment));
  const outcome = outcomeOf({
    ending,
    verdict: sum.status,
    trafficMoved: deployment.trafficMoved,
    first: deployment.stable?.first ?? false,
    rollback: deployment.rollback?.result ?? 'not-run',
  });
  return {
    outcome,
    verdict: sum,
    explanation: explain(outcome, deployment, sum.explanation),
    serving: await readServing(deps, deployment),
    finishedAt: new Date(deps.clock.now()).toISOString(),
  };
}

const endingWithoutFailure = (deployment: Deployment): Ending => {
  if (deployment.signal) return 'cancelled';
  return deployment.mode === 'recover' ? 'interrupted' : 'fault';
};

function explain(outcome: Outcome, deployment: Deployment, checks: string): string {
  if (outcome === 'live' || outcome === 'live-with-recommendations') return checks;
  const { failure, rollback, mode } = deployment;
  const why = failure
    ? `${failure.step} (${failure.phase}): ${failure.message}`
    : mode === 'recover'
      ? interruption(deployment)
      : lastWord(deployment);
  if (outcome === 'rollback-failed') return `${why}; rollback: ${rollback?.observed ?? 'it could not run'}`;
  return why;
}

/** What became of the execution that went forward. */
function interruption({ takeovers = [], deadExecutions }: Deployment): string {
  const takeover = takeovers.find(({ executionId }) => executionId === deadExecutions[0]);
  if (!takeover) return 'its workflow execution ended before the deployment did';
  return `taken over by ${takeover.by}: ${takeover.reason}`;
}

const lastWord = (deployment: Deployment): string => {
  const run = deployment.steps.findLast((known) => known.step !== 'rollback' && known.step !== 'report');
  return run ? `${run.step} (${run.phase}) gave no answer` : 'no step gave an answer';
};

/** What serves now, by asking; null says that it could not be read. */
async function readServing(deps: Deps, deployment: Deployment): Promise<Serving> {
  try {
    const live = await deps.run.getService(placeOf(deployment).ref);
    // A service that was never opened, or was closed again, serves no user, whatever its traffic says.
    const { stable, completed, rollback } = deployment;
    const leftOpen = live !== undefined && rollback?.result !== 'verified' && meetsUsers(deployment, live);
    const closed = stable?.first === true && !completed && !leftOpen;
    return live && !closed ? shares(live.trafficStatuses) : [];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    deps.log('WARNING', `what ${deployment.id} left serving could not be read: ${error.message}`);
    return null;
  }
}

/** What was live in the place when this deployment ran: nothing else could become live meanwhile. */
async function previousIn({ ledger }: Deps, deployment: Deployment): Promise<Previous> {
  const { service, environment, stable } = deployment;
  const live = await ledger.get('live', placeId(service, environment));
  const none = (reason: string): Previous => ({ status: 'none', reason });
  if (!live) {
    if (!stable) return none('nothing was live that Slipway deployed');
    return none(
      stable.first ? 'this is the first deployment' : 'what served before was not deployed by Slipway',
    );
  }
  if (live.takenBack) return none(`${live.deploymentId} was taken back by ${live.takenBack.by}`);
  const before = await ledger.get('deployments', live.deploymentId);
  return before
    ? previousOf(before, live.at, deployment)
    : none(`${live.deploymentId} is not on record any more`);
}

async function storeReport(deps: Deps, finished: Deployment): Promise<void> {
  const document = buildReport(finished);
  const name = reportName(finished);
  await deps.objects.write(`${name}.json`, JSON.stringify(document, null, 2), 'application/json');
  const html = renderHtml(document, `${finished.id}.json`);
  await deps.objects.write(`${name}.html`, html, 'text/html; charset=utf-8');
  const { bucket, endpoints } = deps.config;
  const page = reportPage(finished, { bucket, storage: endpoints.storage });
  await deps.objects.write(`${name}.md`, renderMarkdown(document, page), 'text/markdown; charset=utf-8');
}
