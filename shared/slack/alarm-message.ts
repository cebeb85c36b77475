import type { Deployment } from '#shared/domain/deployment.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { buildReport } from '#shared/report/report.ts';
import { rollbackInWords } from '#shared/report/words.ts';
import { actionButton, actions, context, fields, header, section, type Button } from './blocks.ts';
import { openRunbook, revisionBefore, viewLogs } from './buttons.ts';
import { escapeText } from './escape.ts';
import { commandLine, failureLine } from './failure-lines.ts';
import { fitted } from './fitted.ts';
import { servicePageUrl } from './links.ts';
import { mentions } from './mention.ts';
import { code, foreign, link, preformatted } from './mrkdwn.ts';
import { acknowledgedLine } from './root-message.ts';

/**
 * Calls a person to a deployment that could not be taken back, or was not on purpose: what serves as it was read and when,
 * what was tried, the command to paste (it works when the bot does not) and a button that does the same where that is
 * safe. A new message of the channel, since an edit calls nobody; edited when somebody is on it, who then stands in place
 * of those who were called.
 * @param quiet nobody is called
 */
export function alarmMessage(deployment: Deployment, { quiet = false } = {}): SlackMessage {
  const report = buildReport(deployment);
  const { headline, serving, action, rollback, place } = report;
  const { acknowledged, config } = deployment;
  const called = quiet ? '' : mentions(whoIsCalled(config.slack));
  const who = acknowledged ? acknowledgedLine(acknowledged) : called;
  const tried = rollback
    ? `Rollback ${rollbackInWords(rollback)}: ${foreign(rollback.observed, 1000)}`
    : 'The rollback could not be tried.';
  const what = failureLine(report);
  return fitted({
    text: [
      ...(who === '' ? [] : [who]),
      `${foreign(headline, 500)}.`,
      foreign(serving.sentence, 1000),
      foreign(action.sentence, 500),
      ...commandLine(report),
      tried,
    ].join(' '),
    blocks: [
      header(escapeText(headline)),
      ...(who === '' ? [] : section(who)),
      ...section(`*${foreign(serving.sentence, 1000)}*`, foreign(action.sentence, 500)),
      ...(action.command ? section(preformatted(action.command.line)) : []),
      ...section(tried, ...(what === undefined ? [] : [what])),
      ...section(...report.warnings.map((warning) => foreign(warning, 500))),
      ...fields({
        Release: report.release
          ? code(report.release.version ?? report.release.tag ?? report.release.digest)
          : undefined,
        Requested: foreign(report.request.requestedBy),
      }),
      ...actions(
        ...sendTraffic(deployment),
        ...viewLogs(deployment),
        ...openRunbook(deployment),
        ...(acknowledged
          ? []
          : [actionButton('I Am on It', { action: 'on-it', deploymentId: deployment.id })]),
      ),
      context(code(deployment.id), link(servicePageUrl(place), 'Cloud Run')),
    ],
  });
}

/** Whoever is on call, or else the owners: an alarm that calls nobody is none. */
function whoIsCalled({ onCall, owners }: Deployment['config']['slack']): readonly string[] {
  return onCall.length > 0 ? onCall : owners;
}

/** Not for a release that is marked as not safe to roll back: the order would be refused, a person looks at the data first. */
function sendTraffic(deployment: Deployment): Button[] {
  const to = revisionBefore(deployment);
  if (to === undefined) return [];
  const { service, environment } = deployment;
  return [
    actionButton(
      `Send All Traffic to ${to}`,
      { action: 'roll-back', service, environment, to },
      {
        style: 'danger',
        confirm: {
          title: 'Send all traffic there?',
          text: `All traffic of ${foreign(service, 34)} in ${foreign(environment, 60)} goes to ${code(to, 63)}.`,
          yes: 'Send All Traffic',
        },
      },
    ),
  ];
}
