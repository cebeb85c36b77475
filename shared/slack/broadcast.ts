import type { Deployment } from '#shared/domain/deployment.ts';
import { frozenBy } from '#shared/domain/freeze.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { isProtected } from '#shared/domain/permission.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { buildReport } from '#shared/report/report.ts';
import { alarmMessage } from './alarm-message.ts';
import { failureLine } from './failure-lines.ts';
import { fitted } from './fitted.ts';
import { mention, mentions, personInWords } from './mention.ts';
import { foreign } from './mrkdwn.ts';
import { section } from './blocks.ts';

/** What is said besides the root message and its details when a deployment has ended. */
export type Call =
  | { kind: 'none' }
  /** Into the thread, and nowhere else. */
  | { kind: 'reply'; message: SlackMessage }
  /** Into the thread, and shown in the channel too. */
  | { kind: 'broadcast'; message: SlackMessage }
  /** A message of its own in the channel; edited when somebody is on it. */
  | { kind: 'alarm'; message: SlackMessage };

/**
 * Who is called when a deployment has ended, and how loudly. The first row that fits:
 *
 * | it | call |
 * |---|---|
 * | runs, was refused, superseded or cancelled | none |
 * | could not be rolled back, or was not on purpose | alarm: whoever is on call; a repeat is not left out |
 * | failed or was rolled back, and the same failure came in the last 30 minutes | none: the root message counts |
 * | failed or was rolled back in a protected environment | broadcast: who asked, and the owners |
 * | failed or was rolled back elsewhere | reply: who asked |
 * | is live, and the deployment before it was none of that | none |
 * | is live after one that failed | reply: recovered; calls nobody |
 *
 * In quiet hours of an environment that is not protected the same is said, and nobody is called.
 */
export function callFor(
  deployment: Deployment,
  {
    previousOutcome,
    sameFailureWithin30min,
    nowMs,
  }: {
    /** Of the deployment that ended before at this place and had started. */
    previousOutcome: Outcome | undefined;
    /** How many deployments before this one ended with the same `failureFingerprint` in the 30 minutes before its end. */
    sameFailureWithin30min: number;
    nowMs: number;
  },
): Call {
  const outcome = deployment.result?.outcome;
  const { slack } = deployment.config;
  const guarded = isProtected(deployment.config);
  const quiet = !guarded && frozenBy(slack.quiet, nowMs) !== undefined;
  switch (outcome) {
    case undefined:
    case 'refused':
    case 'superseded':
    case 'cancelled':
      return { kind: 'none' };
    case 'rollback-failed':
      return { kind: 'alarm', message: alarmMessage(deployment, { quiet }) };
    case 'failed':
    case 'rolled-back': {
      if (sameFailureWithin30min > 0) return { kind: 'none' };
      const who = [requester(deployment, quiet), ...(guarded && !quiet ? [mentions(slack.owners)] : [])];
      return { kind: guarded ? 'broadcast' : 'reply', message: failureMessage(deployment, who) };
    }
    case 'live':
    case 'live-with-recommendations':
      return previousOutcome !== undefined && isFailure(previousOutcome)
        ? { kind: 'reply', message: recoveredMessage(deployment) }
        : { kind: 'none' };
  }
}

/**
 * A rule was set aside: its owners hear of it when the deployment starts, not when it has ended. Also in quiet hours, as
 * it is their rule. Undefined when none was, or when nobody is named.
 */
export function overrideMessage({
  overrides = [],
  config,
  service,
  environment,
}: Deployment): SlackMessage | undefined {
  const { owners } = config.slack;
  if (overrides.length === 0 || owners.length === 0) return undefined;
  const lines = overrides.map(
    ({ by, what, reason }) =>
      `${personInWords(by)} deploys ${foreign(service)} to ${foreign(environment)} in spite of ${foreign(what)}: ${foreign(reason)}`,
  );
  const text = [mentions(owners), ...lines].join('\n');
  return fitted({ text, blocks: section(text) });
}

/**
 * The same for two deployments of one place that failed alike: same step, same cause, same required checks. Undefined for
 * one that did not fail.
 */
export function failureFingerprint(deployment: Deployment): string | undefined {
  const { result, failure, service, environment, checks } = deployment;
  if (!result || !isFailure(result.outcome)) return undefined;
  const bad = checks.filter(
    ({ severity, outcome }) => severity === 'required' && (outcome === 'fail' || outcome === 'inconclusive'),
  );
  return JSON.stringify([
    service,
    environment,
    failure?.step ?? 'unknown',
    failure?.cause?.class ?? failure?.ending ?? 'unknown',
    ...new Set(bad.map(({ id }) => id).sort()),
  ]);
}

const isFailure = (outcome: Outcome): boolean =>
  outcome === 'failed' || outcome === 'rolled-back' || outcome === 'rollback-failed';

/** Nobody can be called for a push: its requester is the topic it came by. */
function requester({ request }: Deployment, quiet: boolean): string {
  if (request.source === 'image-push') return '';
  const { slackUser, requestedBy } = request;
  return slackUser === undefined || quiet ? personInWords(requestedBy) : mention(slackUser);
}

function failureMessage(deployment: Deployment, who: readonly string[]): SlackMessage {
  const report = buildReport(deployment);
  const what = failureLine(report);
  const lines = [
    who.filter((one) => one !== '').join(' '),
    `*${foreign(report.headline, 500)}.* ${foreign(report.serving.sentence, 1000)} ${foreign(report.action.sentence, 500)}`,
    ...(what === undefined ? [] : [what]),
  ].filter((line) => line !== '');
  return fitted({ text: lines.join('\n'), blocks: section(...lines) });
}

function recoveredMessage(deployment: Deployment): SlackMessage {
  const { headline, serving } = buildReport(deployment);
  const text = `Recovered: ${foreign(headline, 500)}. ${foreign(serving.sentence, 1000)}`;
  return fitted({ text, blocks: section(text) });
}
