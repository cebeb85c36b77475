import type { Deployment } from '#shared/domain/deployment.ts';
import { isFinished } from '#shared/domain/deployment.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import type { Report } from '#shared/report/document.ts';
import type { ReportPage } from '#shared/report/links.ts';
import { buildReport, reportName } from '#shared/report/report.ts';
import {
  adviceInWords,
  counted,
  durationInWords,
  rollbackInWords,
  stepInWords,
} from '#shared/report/words.ts';
import { context, section } from './blocks.ts';
import { chartMessage } from './chart-message.ts';
import { checksMessage } from './checks-message.ts';
import { fitted } from './fitted.ts';
import { code, foreign, link, preformatted, preformattedTail, time } from './mrkdwn.ts';
import { probeSeries } from './probe-series.ts';

/** Of what the container wrote; the whole is in its log. */
const shownLines = 15;

/**
 * The details under a finished deployment's message: what failed with its evidence, every check, how quickly the health probe
 * was answered, the steps, and where the report is. None for one that still runs, or that never started: its message says everything.
 */
export function threadMessages(deployment: Deployment, page?: ReportPage): SlackMessage[] {
  if (!isFinished(deployment) || deployment.startedAt === undefined) return [];
  const report = buildReport(deployment);
  const { suites, steps, recommendations } = report;
  const messages: SlackMessage[] = [];
  if (report.failure || report.rollback) messages.push(evidenceMessage(report));
  if (recommendations.length > 0) {
    messages.push({
      text: `${adviceInWords(recommendations)} for ${foreign(report.place.service)}`,
      blocks: recommendations.flatMap(({ change, measured, limit, suite, check, rule }) =>
        section(
          `*${foreign(change)}*`,
          `found ${code(measured)}, limit ${code(limit)} (${foreign(suite)}, ${foreign(check)}, rule ${code(rule)})`,
        ),
      ),
    });
  }
  messages.push(checksMessage(suites));
  const probes = probeSeries(deployment.checks);
  if (probes) messages.push(chartMessage(probes));
  // The report waits for this very message.
  const done = steps.filter(({ step }) => step !== 'report');
  messages.push({
    text: `Steps: ${counted(done.length, 'run')}. Report: ${page ? whereIs(page) : foreign(`${reportName(deployment)}.html`)}`,
    blocks: [
      ...section(...done.map(stepLine)),
      context(
        `${reportIn(page)}in the bucket as ${code(`${reportName(deployment)}.html`)}, ${code('.md')} and ${code('.json')}`,
      ),
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
      // Its command stands in the root message.
      action.command ? undefined : foreign(action.sentence, 500),
    ]
      .filter((line) => line !== undefined)
      .join(' '),
    blocks: [
      ...(failure && cause
        ? section(
            `*Cause* (${cause.class}), ${time(failure.at)}: ${foreign(cause.sentence, 600)}`,
            `*Next step:* ${foreign(cause.nextStep, 500)}`,
          )
        : []),
      ...(cause?.command ? section(preformatted(cause.command.line)) : []),
      ...(failure && failure.lastLines.length > 0
        ? section(
            '*The container wrote last*, secrets redacted',
            preformattedTail(failure.lastLines.slice(-shownLines)),
          )
        : []),
      ...(failure && failed !== undefined && cause?.sentence !== failure.message
        ? section(`*What ended it*, ${time(failure.at)}`, failed)
        : []),
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

const whereIs = (page: ReportPage): string => ('url' in page ? link(page.url, 'open') : code(page.command));

const reportIn = (page: ReportPage | undefined): string => {
  if (page === undefined) return 'Report ';
  return 'url' in page ? `${link(page.url, 'Report')} ` : `Report: ${code(page.command)}; `;
};

function stepLine(run: Report['steps'][number]): string {
  const took = run.durationMs === null ? '' : `, ${durationInWords(run.durationMs)}`;
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  const summary = run.summary === null ? '' : `: ${foreign(run.summary, 150)}`;
  return `${foreign(stepInWords(run))} ${run.status}${took}${attempt}${summary}`;
}
