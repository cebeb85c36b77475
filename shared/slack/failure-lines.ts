import type { Report } from '#shared/report/document.ts';
import { failedChecks } from '#shared/report/suites.ts';
import { counted, exposureInWords, rollbackInWords, sawInWords, stepInWords } from '#shared/report/words.ts';
import { escapeText } from './escape.ts';
import { code, foreign, link, time } from './mrkdwn.ts';

/** The rest stands in the thread. */
const shownChecks = 3;

/** What ended it, in one sentence, or undefined: it goes on, it is live. One that no step spoke of has a reason all the same. */
export function failureLine({ failure, outcome, explanation }: Report): string | undefined {
  if (failure) {
    const verb = failure.ending === 'cancelled' ? 'Stopped' : 'Failed';
    return `${verb} in ${foreign(stepInWords(failure))}: ${foreign(failure.cause?.sentence ?? failure.message, 600)}`;
  }
  const isGood = outcome === null || outcome === 'live' || outcome === 'live-with-recommendations';
  return isGood || explanation === null ? undefined : `Why: ${foreign(explanation, 600)}`;
}

/** The command of the action's sentence, for a text that stands alone. */
export const commandLine = ({ action }: Report): string[] =>
  action.command ? [`Command: ${code(action.command.line, 800)}`] : [];

/** What ended it with its evidence, whom it met, and what became of the way back. */
export function failureLines(report: Report): string[] {
  const { failure, suites, exposure, rollback, outcome } = report;
  const bad = failedChecks(suites);
  // The first of the checks below is all that the sentence would say.
  const isItsChecks = failure?.cause?.class === 'check' && bad.length > 0;
  const what = isItsChecks ? `Failed in ${foreign(stepInWords(failure))}:` : failureLine(report);
  return [
    ...(what === undefined ? [] : [what]),
    ...bad
      .slice(0, shownChecks)
      .map((check) =>
        check.outcome === 'not-run'
          ? `• ${foreign(`${check.title}: ${sawInWords(check)}`)}`
          : `• ${foreign(check.title)}: observed ${code(check.evidence.observed)}, expected ${code(check.evidence.expected)}${check.evidence.logUri === undefined ? '' : ` (${link(check.evidence.logUri, 'log')})`}`,
      ),
    ...(bad.length > shownChecks ? [`• … and ${counted(bad.length - shownChecks, 'more check')}`] : []),
    ...(exposure ? [`${escapeText(exposureInWords(exposure))}.`] : []),
    ...(rollback && (outcome === 'rolled-back' || outcome === 'rollback-failed')
      ? [
          `Rollback ${rollback.result === 'verified' ? 'verified' : `*${rollbackInWords(rollback)}*`} ${time(rollback.at)}: ${foreign(rollback.observed)}`,
        ]
      : []),
  ];
}
