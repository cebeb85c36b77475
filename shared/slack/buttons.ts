import type { Deployment } from '#shared/domain/deployment.ts';
import { candidateRevision } from '#shared/domain/ids.ts';
import { quarantineReason } from '#shared/domain/quarantine.ts';
import { shares } from '#shared/domain/traffic.ts';
import { notSafeToRollBack } from '#shared/domain/way-back.ts';
import { counted } from '#shared/report/words.ts';
import { actionButton, linkButton, type Button } from './blocks.ts';
import { logsUrl } from './links.ts';
import { code, foreign } from './mrkdwn.ts';

/**
 * What one can do about a deployment, the best first, at most three: what a button does is decided afresh when it is
 * pressed, so it may say no.
 *
 * | it | buttons |
 * |---|---|
 * | waits | Cancel |
 * | runs | View Logs, Cancel unless somebody has said so |
 * | is live | Roll Back unless somebody did, and where there is one revision to go back to, View Logs |
 * | failed or was rolled back | View Logs, Open Runbook, Retry Deploy where a fault ended it and not the release |
 * | could not be rolled back | View Logs, Open Runbook; what to do about it is in a message of its own |
 * | never started, or was cancelled | – |
 */
export function buttonsOf(deployment: Deployment): Button[] {
  const { result, signal } = deployment;
  if (!result) return [...viewLogs(deployment), ...(signal ? [] : [cancel(deployment)])];
  switch (result.outcome) {
    case 'live':
    case 'live-with-recommendations':
      return [...(deployment.takenBack ? [] : rollBack(deployment)), ...viewLogs(deployment)];
    case 'failed':
    case 'rolled-back':
      return [...viewLogs(deployment), ...openRunbook(deployment), ...retry(deployment)];
    case 'rollback-failed':
      return [...viewLogs(deployment), ...openRunbook(deployment)];
    case 'refused':
    case 'superseded':
    case 'cancelled':
      return [];
  }
}

export function viewLogs(deployment: Deployment): Button[] {
  const url = logsUrl(deployment);
  return url === undefined ? [] : [linkButton('View Logs', url)];
}

export const openRunbook = ({ config }: Deployment): Button[] =>
  config.slack.runbook === undefined ? [] : [linkButton('Open Runbook', config.slack.runbook)];

/**
 * The one revision that had all traffic before, or undefined: where there were several, where there was none, and where
 * going back may do harm, a person has to look first.
 */
export function revisionBefore(deployment: Deployment): string | undefined {
  const { stable, rollback } = deployment;
  const isUnsafe = notSafeToRollBack(deployment) !== undefined || rollback?.withheld !== undefined;
  if (!stable || stable.first || isUnsafe) return undefined;
  const [only, ...others] = shares(stable.targets);
  return only && others.length === 0 && /^[a-z0-9-]{1,63}$/.test(only.revision) ? only.revision : undefined;
}

function cancel(deployment: Deployment): Button {
  const { id, service, environment } = deployment;
  return actionButton(
    'Cancel',
    { action: 'cancel', deploymentId: id },
    {
      confirm: {
        title: 'Cancel this deployment?',
        text: `${foreign(service, 60)} in ${foreign(environment, 60)}: ${whatStays(deployment)}`,
        yes: 'Cancel Deployment',
      },
    },
  );
}

function whatStays(deployment: Deployment): string {
  const { stable, trafficMoved, startedAt } = deployment;
  if (startedAt === undefined) return 'it has not started; nothing changes.';
  if (stable?.first === true) return 'nothing served before, and nothing will.';
  const before = shares(stable?.targets ?? []);
  const [only] = before;
  const what =
    only && before.length === 1 ? code(only.revision, 63) : counted(before.length, 'revision before it');
  if (!trafficMoved) return `${only ? what : 'what serves now'} stays live; no user has met the release.`;
  return notSafeToRollBack(deployment) === undefined
    ? `the traffic goes back to ${what}.`
    : 'the release keeps the traffic it has: it is marked as not safe to roll back.';
}

function rollBack(deployment: Deployment): Button[] {
  const to = revisionBefore(deployment);
  if (to === undefined) return [];
  const { service, environment, config, id, migration } = deployment;
  const from = candidateRevision(config.cloudRunService, id);
  const data = migration ? ' Its migration is not undone.' : '';
  return [
    actionButton(
      'Roll Back',
      { action: 'roll-back', service, environment, to },
      {
        confirm: {
          title: 'Roll back?',
          text: `All traffic of ${foreign(service, 34)} in ${foreign(environment, 40)} goes from ${code(from, 63)} to ${code(to, 63)}.${data}`,
          yes: 'Roll Back',
        },
      },
    ),
  ];
}

/** Where nothing was said, an execution died or a step never answered. */
const endedByFault = ({ failure, completed, signal }: Deployment): boolean =>
  failure ? failure.ending === 'fault' || failure.ending === 'interrupted' : !completed && !signal;

/** Trying again what a check found bad would find it bad again, and admission refuses it. */
function retry(deployment: Deployment): Button[] {
  const { result, id, service, environment } = deployment;
  if (!result || !endedByFault(deployment)) return [];
  if (quarantineReason(deployment, result.outcome) !== undefined) return [];
  return [
    actionButton(
      'Retry Deploy',
      { action: 'retry', deploymentId: id },
      {
        confirm: {
          title: 'Deploy it again?',
          text: `The same release of ${foreign(service, 34)} to ${foreign(environment, 60)}.`,
          yes: 'Retry Deploy',
        },
      },
    ),
  ];
}
