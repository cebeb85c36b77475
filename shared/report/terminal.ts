import type { Check } from '#shared/domain/check.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { shellLines } from './command.ts';
import type { Report } from './document.ts';
import { failedChecks } from './suites.ts';
import { createPen, narrowest, type Colour, type Pen } from './pen.ts';
import { columns, cutToColumns, padded } from './terminal-text.ts';
import { change, changes, nextSteps, policy } from './terminal-change.ts';
import { oneLine } from './text.ts';
import {
  durationInWords,
  exposureInWords,
  howInWords,
  markOf,
  sizeInWords,
  rollbackInWords,
  stepInWords,
  suiteInWords,
  takeoverInWords,
  utc,
} from './words.ts';

/**
 * The report for people at a terminal: no line is wider than `width` columns, marks say the same as colours, and nothing
 * foreign can send the terminal a command. Sentences are wrapped, names cut in their middle.
 */
export function renderTerminal(report: Report, options: { color: boolean; width: number }): string {
  const pen = createPen(options.color, Math.max(narrowest, Math.floor(options.width)));
  const sections = [
    head,
    failure,
    facts,
    policy,
    change,
    changes,
    recommendations,
    checks,
    steps,
    nextSteps,
  ].map((section) => section(report, pen));
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const looks: Record<Outcome, { mark: string; colour: Colour }> = {
  live: { mark: '✓', colour: 'green' },
  'live-with-recommendations': { mark: '✓', colour: 'green' },
  failed: { mark: '✗', colour: 'red' },
  'rolled-back': { mark: '↩', colour: 'yellow' },
  'rollback-failed': { mark: '✗', colour: 'red' },
  refused: { mark: '–', colour: 'yellow' },
  superseded: { mark: '–', colour: 'dim' },
  cancelled: { mark: '–', colour: 'yellow' },
};

function head(
  { outcome, headline, serving, action, takeovers, warnings, explanation }: Report,
  pen: Pen,
): string[] {
  const { mark, colour } = outcome === null ? { mark: '…', colour: 'bold' as const } : looks[outcome];
  return [
    ...pen.behind(`${mark} `, headline, colour),
    ...pen.behind('  ', serving.sentence),
    ...pen.behind(action.needed ? '! ' : '  ', action.sentence, action.needed ? 'red' : 'dim'),
    ...(action.command ? ['', ...shellLines(action.command.arguments, pen.width), ''] : []),
    ...(explanation === null ? [] : pen.behind('  Why: ', explanation, 'dim')),
    ...takeovers.flatMap((one) => pen.behind('! ', takeoverInWords(one), 'yellow')),
    ...warnings.flatMap((warning) => pen.behind('! ', warning, 'yellow')),
  ];
}

function failure({ failure, rollback, exposure, suites }: Report, pen: Pen): string[] {
  if (!failure && !rollback) return [];
  const verified = rollback?.result === 'verified';
  return [
    pen.line('What failed', 'bold'),
    ...(failure
      ? [
          ...causeLines(failure, pen),
          ...pen.behind('✗ ', `${utc(failure.at)} ${stepInWords(failure)}: ${failure.message}`, 'red'),
        ]
      : []),
    ...failedChecks(suites).flatMap((check) => evidence(check, pen)),
    ...(exposure ? pen.behind('  ', exposureInWords(exposure)) : []),
    ...(rollback
      ? pen.behind(
          verified ? '↩ ' : '✗ ',
          `rollback ${rollbackInWords(rollback)} ${utc(rollback.at)}: ${rollback.observed}`,
          verified ? 'green' : 'red',
        )
      : []),
    ...(rollback?.remains ?? []).flatMap((remain) => pen.behind('  remains: ', remain, 'dim')),
    ...(failure?.lastLines ?? []).flatMap((line) => pen.behind('  │ ', line, 'dim')),
  ];
}

function causeLines({ cause }: NonNullable<Report['failure']>, pen: Pen): string[] {
  if (!cause) return [];
  return [
    ...pen.behind('✗ ', `${cause.class}: ${cause.sentence}`, 'red'),
    ...pen.behind('  Next: ', cause.nextStep),
    ...(cause.command ? ['', ...shellLines(cause.command.arguments, pen.width), ''] : []),
  ];
}

function facts(
  { place, release, request, candidate, durations, deploymentId, config }: Report,
  pen: Pen,
): string[] {
  const took = durations.requestedToFinishedMs;
  const rows: [string, string | null][] = [
    ['Deployment', deploymentId],
    ['Service', `${place.service} in ${place.environment} (${place.project}, ${place.region})`],
    ['Address', place.url],
    ['Image', release && release.image],
    ['Digest', release && release.digest],
    [
      'Release',
      release && [release.version, release.tag, release.source].filter((name) => name !== null).join(' · '),
    ],
    ['Size', release && `${sizeInWords(release.sizeBytes)}, ${release.platforms.join(', ')}`],
    ['Revision', candidate && candidate.revision],
    ['Requested', `${request.requestedBy}, ${howInWords(request.source)}, ${utc(request.requestedAt)}`],
    ['Reason', request.reason],
    ['Took', took === null ? null : `${durationInWords(took)} from request to outcome`],
    ['Config', `${config.source}, hash ${config.hash.slice(0, 12)}`],
  ];
  return rows.flatMap(([name, value]) => {
    if (value === null) return [];
    const lead = padded(name, 12);
    return [pen.paint(lead, 'dim') + cutToColumns(oneLine(value), pen.width - lead.length)];
  });
}

function recommendations({ recommendations }: Report, pen: Pen): string[] {
  if (recommendations.length === 0) return [];
  return [
    pen.line('Recommendations', 'bold'),
    ...recommendations.flatMap(({ change, measured, limit, check }) =>
      pen.behind('! ', `${change}: found ${measured}, limit ${limit} (${check})`, 'yellow'),
    ),
  ];
}

function checks({ suites }: Report, pen: Pen): string[] {
  if (suites.length === 0) return [pen.line('No check was made.', 'dim')];
  return suites.flatMap((suite) => [
    ...pen.behind('', suiteInWords(suite), 'bold'),
    ...suite.rounds.flatMap((round) => round.checks.flatMap((check) => evidence(check, pen))),
  ]);
}

function evidence(check: Check, pen: Pen): string[] {
  const colour = { pass: 'green', fail: 'red', inconclusive: 'yellow', 'not-run': 'dim' } as const;
  const lead = `  ${markOf(check.outcome)} `;
  const title = `${check.title}${check.severity === 'advisory' ? ' (advisory)' : ''}`;
  if (check.outcome === 'not-run') return pen.behind(lead, `${title}: Not run, ${check.reason}`, 'dim');
  const { observed, expected } = check.evidence;
  const saw =
    check.outcome === 'pass' ? observed : `${check.outcome}, observed ${observed}, expected ${expected}`;
  const log = check.outcome === 'pass' ? undefined : check.evidence.logUri;
  return [
    ...pen.behind(lead, `${title}: ${saw}`, colour[check.outcome]),
    ...(log === undefined ? [] : pen.behind('    log: ', log, 'dim')),
  ];
}

function steps({ steps }: Report, pen: Pen): string[] {
  if (steps.length === 0) return [pen.line('No step was run.', 'dim')];
  const names = steps.map(
    (run) => `${stepInWords(run)}${run.attempt > 1 ? ` (attempt ${run.attempt})` : ''}`,
  );
  const nameColumns = Math.min(Math.floor(pen.width / 3), Math.max(...names.map(columns)));
  const took = steps.map(({ durationMs }) => (durationMs === null ? '–' : durationInWords(durationMs)));
  const tookColumns = Math.max(...took.map(columns));
  return [
    pen.line('Steps', 'bold'),
    ...steps.map((run, index) => {
      const { mark, colour } = stepLooks[run.status];
      const name = padded(cutToColumns(names[index] ?? '', nameColumns), nameColumns);
      const time = (took[index] ?? '').padStart(tookColumns);
      const lead = `${mark} ${name}  ${time}  `;
      return pen.paint(lead, colour) + cutToColumns(oneLine(run.summary ?? '–'), pen.width - columns(lead));
    }),
  ];
}

const stepLooks: Record<Report['steps'][number]['status'], { mark: string; colour: Colour }> = {
  running: { mark: '…', colour: 'bold' },
  pending: { mark: '…', colour: 'bold' },
  succeeded: { mark: '✓', colour: 'green' },
  rejected: { mark: '✗', colour: 'red' },
  failed: { mark: '✗', colour: 'red' },
  skipped: { mark: '–', colour: 'dim' },
};
