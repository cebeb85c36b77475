import type { Deployment } from '#shared/domain/deployment.ts';
import { candidateRevision } from '#shared/domain/ids.ts';
import { shortDigest } from '#shared/domain/image.ts';
import { needsPerson } from '#shared/domain/outcome.ts';
import type { StepName } from '#shared/domain/steps.ts';
import { shares, type TrafficTarget } from '#shared/domain/traffic.ts';
import { rescueCommand, shellLine } from './command.ts';
import type { Report } from './document.ts';
import { recommendationsOf } from './suites.ts';
import { adviceInWords, utc } from './words.ts';

/** `hello 1.1.0 to staging` */
function subjectOf({ service, environment, release, request }: Deployment): string {
  const digest = release?.digest ?? request.digest;
  const label = release?.version ?? release?.tag ?? request.tag ?? (digest && shortDigest(digest));
  return `${service} ${label === undefined ? '' : `${label} `}to ${environment}`;
}

/** What happened, in one line. */
export function headlineOf(deployment: Deployment): string {
  const subject = subjectOf(deployment);
  const outcome = deployment.result?.outcome;
  if (outcome === undefined) {
    return `${deployment.status === 'waiting' ? 'Waiting to deploy' : 'Deploying'} ${subject}`;
  }
  const advice = adviceInWords(recommendationsOf(deployment.checks));
  const withheld = deployment.rollback?.withheld !== undefined;
  return {
    live: `Deployed ${subject}`,
    'live-with-recommendations': `Deployed ${subject}, with ${advice}`,
    failed: `Deployment failed: ${subject}`,
    'rolled-back': `Rolled back: ${subject}`,
    'rollback-failed': `${withheld ? 'NOT ROLLED BACK' : 'ROLLBACK FAILED'}: ${deployment.service} in ${deployment.environment} needs a person`,
    refused: `Refused: ${subject}`,
    superseded: `Superseded: ${subject}`,
    cancelled: `Cancelled: ${subject}`,
  }[outcome];
}

/** What users get now, and where that is known from. */
export function servingOf(deployment: Deployment): Report['serving'] {
  const { result, startedAt, trafficWritten, stable } = deployment;
  const unread = (sentence: string) => ({ sentence, targets: null, readAt: null });
  if (!result) {
    if (!startedAt) return unread('Nothing was changed yet.');
    if (stable?.first && !deployment.trafficMoved)
      return unread('No user is served: the service is not open yet.');
    if (!trafficWritten) return unread('The traffic is as it was before.');
    return unread(`${inWords(deployment, trafficWritten)}, as written last.`);
  }
  if (result.serving === null) {
    if (!startedAt) return unread('It never started and changed nothing.');
    return unread('What serves now could not be read from Cloud Run.');
  }
  const { serving: targets, finishedAt: readAt } = result;
  if (targets.length === 0) return { sentence: 'Nothing serves users now.', targets, readAt };
  const before = shares(stable?.targets ?? []).map(({ revision }) => revision);
  const again =
    result.outcome === 'rolled-back' && targets.every(({ revision }) => before.includes(revision));
  const verb = targets.length === 1 ? 'serves' : 'serve';
  const sentence = `${inWords(deployment, targets)} ${verb}${again ? ' again' : ' now'} (read from Cloud Run ${utc(readAt)}).`;
  return { sentence, targets, readAt };
}

/** `hello-a 75 % · hello-b 25 % (this release)`: names alone do not tell which one is in question. */
function inWords({ config, id }: Deployment, targets: readonly TrafficTarget[]): string {
  const candidate = candidateRevision(config.cloudRunService, id);
  return shares(targets)
    .map(
      ({ revision, percent }) => `${revision} ${percent} %${revision === candidate ? ' (this release)' : ''}`,
    )
    .join(' · ');
}

/** Whether somebody must act, and how. */
export function actionOf(deployment: Deployment): Report['action'] {
  const { result } = deployment;
  if (!result) return { needed: false, sentence: 'No action needed.', command: null };
  const needed = needsPerson(result.outcome);
  const rescue = needed ? rescueCommand(deployment) : undefined;
  const command = rescue ? { line: shellLine(rescue.argv), arguments: rescue.argv } : null;
  return { needed, sentence: actionSentence(deployment, result, rescue?.effect), command };
}

type Result = NonNullable<Deployment['result']>;

function actionSentence(
  deployment: Deployment,
  { outcome, serving }: Result,
  effect: string | undefined,
): string {
  const fix = afterwards(deployment);
  const untouched = 'no user met the release';
  const closed = 'the service is closed again, there was nothing to go back to';
  const sentence = {
    live: 'No action needed.',
    'live-with-recommendations': 'No action needed now; see the recommendations.',
    cancelled: 'No action needed.',
    superseded: 'No action needed.',
    refused: 'No action needed now; the request was not followed.',
    failed: `No action needed now: ${deployment.trafficMoved ? closed : untouched}. ${fix}`,
    'rolled-back': `No action needed now: the rollback is verified. ${fix}`,
    'rollback-failed': deployment.rollback?.withheld
      ? decision(effect)
      : effect === undefined
        ? 'A person must act now: look at the service and its traffic.'
        : `A person must act now. The command below ${effect}; look at the service afterwards.`,
  }[outcome];
  const unread = serving === null && deployment.startedAt !== undefined && !needsPerson(outcome);
  return unread ? `${sentence} Look at what serves.` : sentence;
}

/** What these say no to is not the release. */
const apart: ReadonlySet<StepName> = new Set(['preflight', 'shift-traffic']);

/** Only a "no" is about the release. */
function afterwards({ failure, completed, signal }: Deployment): string {
  const ending = failure?.ending ?? (completed ? 'rejected' : signal ? 'cancelled' : 'fault');
  switch (ending) {
    case 'fault':
    case 'interrupted':
      return 'The release was not judged and can be tried again.';
    case 'cancelled':
      return signal?.kind === 'rollback'
        ? 'A person took it back; see why before it is deployed again.'
        : 'It was stopped; the release was not judged.';
    default:
      return failure && apart.has(failure.step)
        ? 'Put right what it says, then deploy again; the release was not judged.'
        : 'Fix or revert the release before it is pushed again.';
  }
}

/** The command stands right below, so what speaks against it is said before. */
const decision = (effect: string | undefined): string =>
  `A person must decide now: mend it with a new release, or go back. ${
    effect === undefined ? 'Going back' : `The command below ${effect}, which`
  } may do harm: the release is marked as not safe to roll back. First see that what ran before can work with the data as it is now.`;

/**
 * What is left that can hurt later. After a deployment that did not go live its template is still the service's newest
 * (traps 16), if its revision was made.
 */
export function warningsOf(deployment: Deployment): string[] {
  const { result, candidate, rollback, config, id } = deployment;
  if (!result || result.outcome === 'live' || result.outcome === 'live-with-recommendations') return [];
  const revision = candidateRevision(config.cloudRunService, id);
  const warnings: string[] = [];
  if (candidate !== undefined || rollback?.remains.some((remain) => remain.includes(revision))) {
    const which = result.outcome === 'cancelled' ? 'cancelled' : 'failed';
    warnings.push(
      `The service's template still holds the ${which} release: the next edit in the console would deploy it.`,
    );
  }
  warnings.push(...migrationWarnings(deployment));
  if (rollback?.result === 'failed' && !needsPerson(result.outcome)) {
    warnings.push(`What this deployment left behind is not cleaned up: ${rollback.observed}.`);
  }
  return [...warnings, ...(rollback?.notes ?? [])];
}

/** Taking back a release takes back no data. */
function migrationWarnings({ migration }: Deployment): string[] {
  if (!migration) return [];
  const { job, execution, status } = migration;
  const name = `The migration (job ${job}${execution === undefined ? '' : `, execution ${execution.split('/').at(-1)}`})`;
  const partly = 'what it changed until then was not undone';
  switch (status) {
    case 'succeeded':
      return [`${name} was run and was not undone.`];
    case 'failed':
      return [`${name} failed; ${partly}.`];
    case 'stopped':
      return [
        execution === undefined
          ? `${name} was about to be run; no execution was found.`
          : `${name} was cancelled; ${partly}.`,
      ];
    case 'running':
      return [`${name} may still run: nobody saw its end. What it changes is not undone.`];
    default:
      return [`${name} was to be run; whether it was is not known. What it changed is not undone.`];
  }
}
