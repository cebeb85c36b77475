import type { Check } from '#shared/domain/check.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import type { Suite } from '#shared/report/document.ts';
import { markOf, outcomeInWords, phaseInWords, suiteInWords } from '#shared/report/words.ts';
import { section, table } from './blocks.ts';
import { code, foreign } from './mrkdwn.ts';

/** Of all checks as a table, of a suite as lines; the whole is in the report. */
const shownRows = 40;
const shownLines = 15;

/** Every check with what was seen, as a table, in lines for a workspace that has none. What did not pass comes first. */
export function checksMessage(suites: readonly Suite[]): SlackMessage {
  const text = `Checks: ${suites.map((suite) => foreign(suiteInWords(suite))).join('; ') || 'none was made'}`;
  if (suites.length === 0) return { text, blocks: section('No check was made.') };
  const checks = unpassedFirst(suites.flatMap(checksOf));
  const left = checks.length - shownRows;
  return {
    text,
    blocks: [
      ...section(suites.map((suite) => `*${foreign(suiteInWords(suite))}*`).join('\n')),
      table([
        ['Result', 'Check', 'When', 'Observed', 'Expected'],
        ...checks
          .slice(0, shownRows)
          .map((check) => [
            `${markOf(check.outcome)} ${outcomeInWords(check.outcome)}`,
            `${foreign(check.title, 60)}${check.severity === 'advisory' ? ' (advisory)' : ''}`,
            foreign(phaseInWords(check.phase), 40),
            ...(check.outcome === 'not-run'
              ? [foreign(check.reason, 80), '–']
              : [foreign(check.evidence.observed, 80), foreign(check.evidence.expected, 60)]),
          ]),
      ]),
      ...(left > 0 ? section(`… and ${left} more in the report`) : []),
    ],
    simpler: suites.flatMap((suite) => section(...suiteLines(suite))),
  };
}

const checksOf = ({ rounds }: Suite): Check[] => rounds.flatMap((round) => round.checks);

/** They must not be what is left out. */
const unpassedFirst = (checks: readonly Check[]): Check[] => [
  ...checks.filter((check) => check.outcome !== 'pass'),
  ...checks.filter((check) => check.outcome === 'pass'),
];

function suiteLines(suite: Suite): string[] {
  const ordered = unpassedFirst(checksOf(suite));
  const left = ordered.length - shownLines;
  return [
    `*${foreign(suiteInWords(suite))}*`,
    ...ordered.slice(0, shownLines).map(checkLine),
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
