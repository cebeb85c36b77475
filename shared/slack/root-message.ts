import type { Deployment } from '#shared/domain/deployment.ts';
import { shortDigest } from '#shared/domain/image.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import type { SlackMessage } from '#shared/ports.ts';
import type { Report } from '#shared/report/document.ts';
import { buildReport } from '#shared/report/report.ts';
import { failedChecks } from '#shared/report/suites.ts';
import {
  counted,
  durationInWords,
  exposureInWords,
  howInWords,
  rollbackInWords,
  stepInWords,
} from '#shared/report/words.ts';
import { context, fields, header, section } from './blocks.ts';
import { escapeText } from './escape.ts';
import { fitted } from './limits.ts';
import { code, foreign, link, preformatted, time } from './mrkdwn.ts';

/** Told apart at a glance, without colour: taken back is not failed, and failed to take back is neither. */
const marks: Record<Outcome, string> = {
  live: '✓',
  'live-with-recommendations': '✓',
  failed: '✗',
  'rolled-back': '↩',
  'rollback-failed': '‼',
  refused: '–',
  superseded: '–',
  cancelled: '–',
};
/** The rest stands in the thread. */
const shownRecommendations = 3;
const shownChecks = 3;
const shownSteps = 12;

/**
 * The one message of a deployment, edited as it goes. Read from the top: what serves now and whether somebody must act,
 * what failed, what changed, who asked. Its `text` says the same alone: screen readers and phones show nothing else.
 * @param now milliseconds since the epoch, for how long it runs already
 */
export function rootMessage(deployment: Deployment, now: number): SlackMessage {
  const report = buildReport(deployment);
  const { headline, serving, action, outcome } = report;
  const mark = outcome === null ? '…' : marks[outcome];
  const what = failureLine(report);
  return fitted({
    text: [
      `${foreign(headline, 500)}.`,
      foreign(serving.sentence, 1000),
      foreign(action.sentence, 500),
      ...(what === undefined ? [] : [what]),
    ].join(' '),
    blocks: [
      header(escapeText(headline)),
      ...section(`${mark} *${foreign(serving.sentence, 1000)}* ${foreign(action.sentence, 500)}`),
      ...(action.command ? section(preformatted(action.command.line)) : []),
      ...section(...failureLines(report)),
      ...section(...report.warnings.map((warning) => foreign(warning, 500))),
      ...section(...recommendationLines(report)),
      ...fields(factsOf(report)),
      ...section(...progressLines(deployment, report, now)),
      context(...smallPrint(report)),
    ],
  });
}

function failureLine({ failure }: Report): string | undefined {
  if (!failure) return undefined;
  const verb = failure.ending === 'cancelled' ? 'Stopped' : 'Failed';
  return `${verb} in ${foreign(stepInWords(failure))}: ${foreign(failure.cause?.sentence ?? failure.message, 600)}`;
}

function failureLines(report: Report): string[] {
  const { suites, exposure, rollback, outcome } = report;
  const what = failureLine(report);
  const bad = failedChecks(suites);
  return [
    ...(what === undefined ? [] : [what]),
    ...bad
      .slice(0, shownChecks)
      .map(
        ({ title, evidence }) =>
          `• ${foreign(title)}: observed ${code(evidence.observed)}, expected ${code(evidence.expected)}${evidence.logUri === undefined ? '' : ` (${link(evidence.logUri, 'log')})`}`,
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

function recommendationLines({ recommendations: all }: Report): string[] {
  if (all.length === 0) return [];
  return [
    `*${counted(all.length, 'recommendation')}*`,
    ...all
      .slice(0, shownRecommendations)
      .map(
        ({ change, measured, limit }) =>
          `• ${foreign(change)}: measured ${code(measured, 100)}, limit ${code(limit, 100)}`,
      ),
    ...(all.length > shownRecommendations ? ['• … more in the thread'] : []),
  ];
}

function factsOf({ release, change, request, place, durations }: Report): Record<string, string | undefined> {
  const took = durations.requestedToFinishedMs;
  const name = release?.version ?? release?.tag ?? request.tag;
  const title = change && `${change.id}: ${change.title}`;
  return {
    Release: name === null ? undefined : code(name),
    Change: title === null ? undefined : change?.url ? link(change.url, title) : foreign(title),
    Requested: `${foreign(request.requestedBy)}, ${howInWords(request.source)}`,
    Source: release?.source ? code(release.source) : undefined,
    Address: place.url === null ? undefined : foreign(place.url),
    Took: took === null ? undefined : durationInWords(took),
  };
}

function progressLines(deployment: Deployment, { status, steps }: Report, now: number): string[] {
  if (status === 'finished') return [];
  if (status === 'waiting') return ['Waits for its turn: another deployment is on its way there.'];
  const { signal, startedAt } = deployment;
  const ran = startedAt === undefined ? undefined : durationInWords(Math.max(0, now - Date.parse(startedAt)));
  const symbols = { running: '▸', pending: '▸', succeeded: '✓', rejected: '✗', failed: '✗', skipped: '–' };
  return [
    ...(signal ? [`*${signal.kind} asked for* by ${foreign(signal.by)}: ${foreign(signal.reason)}`] : []),
    ...(ran === undefined ? ['Starting.'] : [`Running for ${ran}.`]),
    ...steps.slice(-shownSteps).map((run) => {
      const attempt = run.attempt > 1 ? ` (attempt ${run.attempt})` : '';
      const summary = run.summary === null ? '' : `: ${foreign(run.summary, 150)}`;
      return `${symbols[run.status]} ${foreign(stepInWords(run))}${attempt}${summary}`;
    }),
  ];
}

function smallPrint({ deploymentId, release, request }: Report): string[] {
  const digest = release?.digest ?? request.digest;
  return [
    code(deploymentId),
    ...(digest === null ? [] : [`image ${code(shortDigest(digest))}`]),
    `by ${foreign(request.requestedBy)}, ${time(request.requestedAt)}`,
  ];
}
