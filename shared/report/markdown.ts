import type { Check } from '#shared/domain/check.ts';
import type { Report } from './document.ts';
import { cell, code, fenced, prose } from './markdown-escape.ts';
import { failedChecks } from './suites.ts';
import { oneLine } from './text.ts';
import {
  counted,
  durationInWords,
  exposureInWords,
  howInWords,
  markOf,
  megabytes,
  outcomeInWords,
  phaseInWords,
  rollbackInWords,
  stepInWords,
  suiteInWords,
  takeoverInWords,
  utc,
} from './words.ts';

/**
 * The report in GitHub-flavoured Markdown, readable as plain text too. It is read from the top: what serves now, whether
 * somebody must act, what failed, what changed, who asked, then the evidence.
 */
export function renderMarkdown(report: Report): string {
  const sections = [
    head(report),
    failure(report),
    change(report),
    facts(report),
    recommendations(report),
    checks(report),
    steps(report),
    foot(report),
  ];
  return `${sections
    .filter((section) => section.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function head(report: Report): string[] {
  const { headline, serving, action, takeovers, warnings, outcome, status, explanation } = report;
  return [
    `# ${prose(headline)}`,
    '',
    `**Serving:** ${prose(serving.sentence)}`,
    '',
    `**Action:** ${prose(action.sentence)}`,
    ...(action.command ? ['', ...fenced(action.command.line)] : []),
    ...takeovers.flatMap((one) => ['', `**${prose(takeoverInWords(one))}**`]),
    ...warnings.flatMap((warning) => ['', `**Mind:** ${prose(warning)}`]),
    '',
    `**Outcome:** ${outcome ?? `none yet, ${status}`}${explanation === null ? '' : `; ${prose(explanation)}`}`,
  ];
}

function failure({ failure, rollback, exposure, suites }: Report): string[] {
  if (!failure && !rollback) return [];
  return [
    '## What failed',
    '',
    ...(failure
      ? [
          ...causeLines(failure),
          `- ${utc(failure.at)}, ${stepInWords(failure)} (${prose(failure.code)}): ${prose(failure.message)}`,
        ]
      : []),
    ...failedChecks(suites).map(
      ({ title, outcome, evidence }) =>
        `- ${prose(title)}: ${outcome}, observed ${code(evidence.observed)}, expected ${code(evidence.expected)}${evidence.logUri === undefined ? '' : ` (log: <${new URL(evidence.logUri).href}>)`}`,
    ),
    ...(exposure ? [`- ${exposureInWords(exposure)}`] : []),
    ...(rollback
      ? [`- Rollback ${rollbackInWords(rollback)}, ${utc(rollback.at)}: ${prose(rollback.observed)}`]
      : []),
    ...(rollback?.remains ?? []).map((remain) => `- Remains: ${prose(remain)}`),
    ...lastLinesOf(failure),
  ];
}

function causeLines({ cause }: NonNullable<Report['failure']>): string[] {
  if (!cause) return [];
  return [
    `**Cause** (${cause.class}): ${prose(cause.sentence)}`,
    '',
    `**Next step:** ${prose(cause.nextStep)}`,
    ...(cause.command ? ['', ...fenced(cause.command.line)] : []),
    '',
  ];
}

function lastLinesOf(failure: Report['failure']): string[] {
  if (!failure || failure.lastLines.length === 0) return [];
  const lines = failure.lastLines.map(oneLine).join('\n');
  return ['', 'The container wrote last (secrets redacted):', '', ...fenced(lines, 'text')];
}

function change({ change }: Report): string[] {
  if (!change) return [];
  return [
    '## What changed',
    '',
    `${prose(change.id)}: ${prose(change.title)}${change.url === null ? '' : ` (<${new URL(change.url).href}>)`}`,
    '',
    ...change.claims.map((claim) => {
      const about =
        claim.status === 'not-verified'
          ? prose(claim.reason)
          : claim.evidence.map(({ observed }) => code(observed)).join(', ');
      return `- ${prose(claim.claim)}: ${claim.status.replace('-', ' ')} (${about})`;
    }),
  ];
}

function facts({ place, release, request, candidate, verdict, durations, config }: Report): string[] {
  const asked = durations.requestedToFinishedMs;
  const rows: [string, string | null][] = [
    [
      'Service',
      `${code(place.service)} in ${code(place.environment)}, ${code(`${place.project}/${place.region}/${place.cloudRunService}`)}`,
    ],
    ['Address', place.url && code(place.url)],
    ['Image', release && code(release.image)],
    ['Digest', release && code(release.digest)],
    ['Tag', release?.tag ? code(release.tag) : null],
    ['Version', release?.version ? code(release.version) : null],
    [
      'Size',
      release &&
        `${megabytes(release.sizeBytes)} compressed, ${release.platforms.map(code).join(', ') || 'platform not known'}`,
    ],
    ['Source', release && (release.source === null ? 'not named by the image' : code(release.source))],
    ['Revision', candidate && code(candidate.revision)],
    [
      'Requested',
      `by ${code(request.requestedBy)}, ${howInWords(request.source)}, ${utc(request.requestedAt)}`,
    ],
    ['Verdict', verdict && `${verdict.status}: ${prose(verdict.explanation)}`],
    ['Took', asked === null ? null : `${durationInWords(asked)} from request to outcome`],
    ['Configuration', `${code(config.source)}, hash ${code(config.hash.slice(0, 12))}`],
  ];
  return [
    '## Facts',
    '',
    '| | |',
    '|---|---|',
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`| ${name} | ${cell(value)} |`])),
  ];
}

function recommendations({ recommendations }: Report): string[] {
  if (recommendations.length === 0) return [];
  return [
    '## Recommendations',
    '',
    ...recommendations.map(
      ({ suite, check, change, measured, limit, rule }) =>
        `- ${prose(change)}: measured ${code(measured)}, limit ${code(limit)} (${prose(suite)}, ${prose(check)}, rule ${code(rule)})`,
    ),
  ];
}

function checks({ suites }: Report): string[] {
  if (suites.length === 0) return ['## Checks', '', 'No check was made.'];
  return suites.flatMap((suite, index) => [
    index === 0 ? '## Checks\n' : '',
    `### ${prose(suiteInWords(suite))}`,
    '',
    '| | Check | Observed | Expected | When | Source |',
    '|---|---|---|---|---|---|',
    ...suite.rounds.flatMap((round) => round.checks.map(checkRow)),
  ]);
}

function checkRow(check: Check): string {
  const title = `${prose(check.title)}${check.severity === 'advisory' ? ' (advisory)' : ''}`;
  const mark = `${markOf(check.outcome)} ${outcomeInWords(check.outcome)}`;
  const when = prose(phaseInWords(check.phase));
  if (check.outcome === 'not-run') return row([mark, title, `Not run: ${prose(check.reason)}`, '', when, '']);
  const { observed, expected, at, durationMs, source } = check.evidence;
  const took = durationMs === undefined ? '' : `, ${durationInWords(durationMs)}`;
  return row([mark, title, code(observed), code(expected), `${when}, ${utc(at)}${took}`, code(source)]);
}

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

function steps({ steps }: Report): string[] {
  if (steps.length === 0) return ['## Steps', '', 'No step was run.'];
  return [
    `## Steps: ${counted(steps.length, 'run')}`,
    '',
    '| Step | Status | Started | Took | What it did |',
    '|---|---|---|---|---|',
    ...steps.map((run) =>
      row([
        `${stepInWords(run)}${run.attempt > 1 ? `, attempt ${run.attempt}` : ''}`,
        run.status,
        utc(run.startedAt),
        run.durationMs === null ? '–' : durationInWords(run.durationMs),
        run.summary === null ? '–' : prose(run.summary),
      ]),
    ),
  ];
}

const foot = ({ deploymentId, revision, request }: Report): string[] => [
  `Deployment ${code(deploymentId)}, record revision ${revision}, request ${code(request.id)}. Times are UTC.`,
];
