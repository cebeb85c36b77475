import type { Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { isFinished } from '#shared/domain/deployment.ts';
import type { SlackMessage } from '#shared/ports.ts';
import type { Report } from '#shared/report/document.ts';
import { buildReport, reportName } from '#shared/report/report.ts';
import {
  counted,
  durationInWords,
  markOf,
  outcomeInWords,
  rollbackInWords,
  stepInWords,
  suiteInWords,
} from '#shared/report/words.ts';
import { context, section } from './blocks.ts';
import { fitted } from './limits.ts';
import { code, foreign, preformatted, preformattedTail, time } from './mrkdwn.ts';

/** Lines of a suite that a message holds; the whole is in the report. */
const shownChecks = 15;

/**
 * The details under a finished deployment's message: what failed with its evidence, every check, the steps, and where the
 * report is. None for one that still runs, or that never started: its message says everything.
 */
export function threadMessages(deployment: Deployment): SlackMessage[] {
  if (!isFinished(deployment) || deployment.startedAt === undefined) return [];
  const report = buildReport(deployment);
  const { suites, steps, recommendations } = report;
  const messages: SlackMessage[] = [];
  if (report.failure || report.rollback) messages.push(evidenceMessage(report));
  if (recommendations.length > 0) {
    messages.push({
      text: `${counted(recommendations.length, 'recommendation')} for ${foreign(report.place.service)}`,
      blocks: recommendations.flatMap(({ change, measured, limit, suite, check, rule }) =>
        section(
          `*${foreign(change)}*`,
          `measured ${code(measured)}, limit ${code(limit)} (${foreign(suite)}, ${foreign(check)}, rule ${code(rule)})`,
        ),
      ),
    });
  }
  messages.push({
    text: `Checks: ${suites.map((suite) => foreign(suiteInWords(suite))).join('; ') || 'none was made'}`,
    blocks:
      suites.length === 0
        ? section('No check was made.')
        : suites.flatMap((suite) => section(...suiteLines(suite))),
  });
  messages.push({
    text: `Steps: ${counted(steps.length, 'run')}. Report: ${foreign(reportName(deployment))}.md`,
    blocks: [
      ...section(...steps.map(stepLine)),
      context(`Report ${code(`${reportName(deployment)}.md`)} and ${code('.json')} in the bucket`),
    ],
  });
  return messages.map(fitted);
}

function evidenceMessage({ failure, rollback, exposure, action }: Report): SlackMessage {
  const cause = failure?.cause;
  const failed = failure
    ? `${foreign(stepInWords(failure))} (${foreign(failure.code)}): ${foreign(failure.message, 1500)}`
    : undefined;
  const undone = rollback
    ? `Rollback ${rollbackInWords(rollback)}: ${foreign(rollback.observed, 1500)}`
    : undefined;
  return {
    text: [
      cause ? `${foreign(cause.sentence, 600)} ${foreign(cause.nextStep, 500)}` : failed,
      undone,
      foreign(action.sentence, 500),
    ]
      .filter((line) => line !== undefined)
      .join(' '),
    blocks: [
      ...(cause
        ? section(
            `*Cause* (${cause.class}): ${foreign(cause.sentence, 600)}`,
            `*Next step:* ${foreign(cause.nextStep, 500)}`,
          )
        : []),
      ...(cause?.command ? section(preformatted(cause.command.line)) : []),
      ...(failure && failure.lastLines.length > 0
        ? section('*The container wrote last*, secrets redacted', preformattedTail(failure.lastLines))
        : []),
      ...(failure && failed !== undefined ? section(`*What ended it*, ${time(failure.at)}`, failed) : []),
      ...(exposure
        ? section(
            `*Traffic*, at most ${exposure.percent} % from ${time(exposure.from)}${exposure.until === null ? ', and it still may' : ` to ${time(exposure.until)}`}`,
          )
        : []),
      ...(rollback && undone !== undefined
        ? section(
            `*Way back*, ${time(rollback.at)}`,
            undone,
            ...rollback.remains.map((remain) => `• remains: ${foreign(remain)}`),
            ...rollback.notes.map((note) => `• ${foreign(note)}`),
          )
        : []),
    ],
  };
}

/** What did not pass comes first: it must not be what is left out. */
function suiteLines(suite: Report['suites'][number]): string[] {
  const checks = suite.rounds.flatMap((round) => round.checks);
  const ordered = [
    ...checks.filter((check) => check.outcome !== 'pass'),
    ...checks.filter((check) => check.outcome === 'pass'),
  ];
  const left = ordered.length - shownChecks;
  return [
    `*${foreign(suiteInWords(suite))}*`,
    ...ordered.slice(0, shownChecks).map(checkLine),
    ...(left > 0 ? [`… and ${left} more in the report`] : []),
  ];
}

function checkLine(check: Check): string {
  const title = `${markOf(check.outcome)} ${foreign(check.title, 100)}${check.severity === 'advisory' ? ' (advisory)' : ''}`;
  if (check.outcome === 'not-run') return `${title}: Not run, ${foreign(check.reason, 150)}`;
  const { observed, expected } = check.evidence;
  if (check.outcome === 'pass') return `${title}: ${code(observed, 80)}`;
  return `${title}: ${outcomeInWords(check.outcome)}, observed ${code(observed, 150)}, expected ${code(expected, 150)}`;
}

function stepLine(run: Report['steps'][number]): string {
  const took = run.durationMs === null ? '' : `, ${durationInWords(run.durationMs)}`;
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  const summary = run.summary === null ? '' : `: ${foreign(run.summary, 150)}`;
  return `${foreign(stepInWords(run))} ${run.status}${took}${attempt}${summary}`;
}
