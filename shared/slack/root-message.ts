import type { Acknowledgement, Deployment, TakenBack } from '#shared/domain/deployment.ts';
import { shortDigest } from '#shared/domain/image.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { quarantineId, quarantineReason } from '#shared/domain/quarantine.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import type { Report } from '#shared/report/document.ts';
import type { ReportPage } from '#shared/report/links.ts';
import { buildReport } from '#shared/report/report.ts';
import { adviceInWords, durationInWords, howInWords, takeoverInWords } from '#shared/report/words.ts';
import { actions, context, fields, header, plan, section } from './blocks.ts';
import { buttonsOf } from './buttons.ts';
import { escapeText } from './escape.ts';
import { commandLine, failureLine, failureLines } from './failure-lines.ts';
import { fitted } from './fitted.ts';
import { servicePageUrl } from './links.ts';
import { mention, personInWords } from './mention.ts';
import { code, foreign, link, preformatted, time } from './mrkdwn.ts';
import { probeSeries, sparkline } from './probe-series.ts';
import { progressTitle, taskLine, tasksOf } from './progress.ts';

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

/** How often the same failure was seen in a short time: it is counted here and not called out again. */
export interface Repeat {
  /** This one included: 2 or more. */
  times: number;
  /** ISO 8601: the first of them. */
  since: string;
}

/**
 * The one message of a deployment, edited as it goes. Read from the top: what serves now and whether somebody must act,
 * what failed, how far it is, what changed, what one can do, who asked. It calls nobody. Its `text` says the same alone:
 * screen readers and phones show nothing else. The blocks have no ids: Slack makes new ones with every edit, as it wants.
 * @param now milliseconds since the epoch, for how long it runs already
 */
export function rootMessage(
  deployment: Deployment,
  now: number,
  { repeat, page }: { repeat?: Repeat; page?: ReportPage } = {},
): SlackMessage {
  const report = buildReport(deployment);
  const { outcome, takeovers, action } = report;
  const mark = deployment.takenBack ? '↩' : outcome === null ? '…' : marks[outcome];
  const { headline, serving } = deployment.takenBack
    ? takenBackInWords(deployment.takenBack, report)
    : { headline: report.headline, serving: foreign(report.serving.sentence, 1000) };
  const what = failureLine(report);
  const taken = takeovers.map((one) => `${foreign(takeoverInWords(one), 500)}.`);
  const said = [
    ...(deployment.acknowledged ? [acknowledgedLine(deployment.acknowledged)] : []),
    ...(repeat ? [`The ${ordinal(repeat.times)} time since ${time(repeat.since)}.`] : []),
    ...taken,
  ];
  const blocks = (progress: Record<string, unknown>[]) => [
    header(escapeText(headline)),
    ...section(`${mark} *${serving}* ${foreign(action.sentence, 500)}`),
    ...(action.command ? section(preformatted(action.command.line)) : []),
    ...section(...said),
    ...section(...failureLines(report)),
    ...section(...report.warnings.map((warning) => foreign(warning, 500))),
    ...section(...recommendationLines(report)),
    ...section(...signalLines(deployment)),
    ...progress,
    ...fields(factsOf(deployment, report)),
    ...actions(...buttonsOf(deployment)),
    context(...smallPrint(deployment, report, page)),
  ];
  const tasks = isShownAsPlan(deployment) ? tasksOf(deployment) : [];
  const title = progressTitle(deployment, tasks, now);
  return fitted({
    text: [
      `${foreign(headline, 500)}.`,
      serving,
      foreign(action.sentence, 500),
      ...commandLine(report),
      ...said,
      ...(what === undefined ? [] : [what]),
    ].join(' '),
    blocks: blocks(tasks.length === 0 ? [] : [plan(title, tasks)]),
    ...(tasks.length === 0 ? {} : { simpler: blocks(section(`${title}.`, ...tasks.map(taskLine))) }),
  });
}

/** What was read at its end is not what serves any more. `serving` is mrkdwn. */
function takenBackInWords(
  { by, reason, at, to }: TakenBack,
  { place, release, request }: Report,
): { headline: string; serving: string } {
  const name = releaseName(release, request);
  const what = [place.service, ...(name === null ? [] : [name])].join(' ');
  return {
    headline: `Taken back: ${what} to ${place.environment}`,
    serving: `${code(to, 63)} has its traffic since ${time(at)}, by ${personInWords(by)}: ${foreign(reason)}.`,
  };
}

/** As people call it. */
const releaseName = (release: Report['release'], request: Report['request']): string | null =>
  release?.version ?? release?.tag ?? request.tag;

/** What never started has no way to show, and of what is live nobody asks. */
function isShownAsPlan({ status, startedAt, result }: Deployment): boolean {
  if (!result) return status !== 'waiting';
  const { outcome } = result;
  return (
    startedAt !== undefined &&
    (outcome === 'failed' || outcome === 'rolled-back' || outcome === 'rollback-failed')
  );
}

/** `@ana is on it since 02:18`; it names who pressed the button or said it elsewhere. */
export const acknowledgedLine = ({ by, slackUser, at }: Acknowledgement): string =>
  `${slackUser === undefined ? personInWords(by) : mention(slackUser)} is on it since ${time(at)}.`;

function ordinal(count: number): string {
  const ending = { one: 'st', two: 'nd', few: 'rd', zero: 'th', many: 'th', other: 'th' };
  return `${count}${ending[new Intl.PluralRules('en', { type: 'ordinal' }).select(count)]}`;
}

function recommendationLines({ recommendations: all }: Report): string[] {
  if (all.length === 0) return [];
  return [
    `*${adviceInWords(all)}*`,
    ...all
      .slice(0, shownRecommendations)
      .map(
        ({ change, measured, limit }) =>
          `• ${foreign(change)}: found ${code(measured, 100)}, limit ${code(limit, 100)}`,
      ),
    ...(all.length > shownRecommendations ? ['• … more in the thread'] : []),
  ];
}

function signalLines({ signal, status }: Deployment): string[] {
  if (status === 'finished') return [];
  return [
    ...(status === 'waiting' ? ['Waits for its turn: another deployment is on its way there.'] : []),
    ...(signal
      ? [`*${signal.kind} asked for* by ${personInWords(signal.by)}: ${foreign(signal.reason)}`]
      : []),
  ];
}

function factsOf(
  { approvedBy = [], overrides = [] }: Deployment,
  { release, change, request, place, durations }: Report,
): Record<string, string | undefined> {
  const took = durations.requestedToFinishedMs;
  const name = releaseName(release, request);
  const title = change && `${change.id}: ${change.title}`;
  return {
    Release: name === null ? undefined : code(name),
    Change: title === null ? undefined : change?.url ? link(change.url, title) : foreign(title),
    Requested: `${personInWords(request.requestedBy)}, ${howInWords(request.source)}, ${time(request.requestedAt)}`,
    Reason: request.reason === null ? undefined : foreign(request.reason),
    'Approved by': approvedBy.length === 0 ? undefined : approvedBy.map(personInWords).join(', '),
    'Set aside':
      overrides.length === 0
        ? undefined
        : overrides.map(({ what, by, reason }) => foreign(`${what}, by ${by}: ${reason}`)).join('\n'),
    Source: release?.source ? code(release.source) : undefined,
    Address: place.url === null ? undefined : foreign(place.url),
    Took: took === null ? undefined : durationInWords(took),
  };
}

function smallPrint(
  deployment: Deployment,
  { deploymentId, release, request, place }: Report,
  page: ReportPage | undefined,
): string[] {
  const digest = release?.digest ?? request.digest;
  const probes = probeSeries(deployment.checks);
  return [
    ...quarantineLines(deployment),
    ...(probes
      ? [
          `Health probe ${probes.when} ${sparkline(probes.points.map(({ milliseconds }) => milliseconds))} at most ${durationInWords(probes.slowestMs)}`,
        ]
      : []),
    code(deploymentId),
    ...(digest === null ? [] : [`image ${code(shortDigest(digest))}`]),
    ...(deployment.startedAt === undefined ? [] : [link(servicePageUrl(place), 'Cloud Run')]),
    ...(hasReport(deployment) && page && 'url' in page ? [link(page.url, 'Report')] : []),
  ];
}

/** It is stored when one that had started ends. */
const hasReport = ({ result, startedAt }: Deployment): boolean =>
  result !== undefined && startedAt !== undefined;

/** The next push would deploy it again, if it were not held. */
function quarantineLines(deployment: Deployment): string[] {
  const { release, result, service, environment, configHash } = deployment;
  if (!release || !result || quarantineReason(deployment, result.outcome) === undefined) return [];
  const what =
    release.source === undefined ? `image ${code(shortDigest(release.digest))}` : code(release.source);
  const id = quarantineId(`${service}.${environment}`, release.digest, configHash);
  return [
    `Revert or fix ${what} first: quarantined until a person lets it go: ${code(`slipway quarantine release ${id} --reason …`)}`,
  ];
}
