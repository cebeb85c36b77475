import {
  code,
  facts,
  linkTo,
  list,
  notRun,
  paragraph,
  strong,
  text,
  type Block,
  type Section,
} from './content.ts';
import type { Report } from './document.ts';
import { deploymentSections } from './sections-deployment.ts';
import { evidenceSections } from './sections-evidence.ts';
import { failedChecks } from './suites.ts';
import {
  exposureInWords,
  howInWords,
  outcomeAndWhy,
  rollbackInWords,
  stepInWords,
  takeoverInWords,
  utc,
  groundsOf,
  sawInWords,
} from './words.ts';

/**
 * The report from its top: what serves now, whether somebody must act, what failed; then what was done, what changed, what
 * was checked and seen, and what follows. Every section is always there, except that of a failure; one without evidence
 * says why it has none.
 */
export function sectionsOf(report: Report): Section[] {
  return [
    ...failure(report),
    summary(report),
    ...deploymentSections(report),
    change(report),
    ...evidenceSections(report),
    nextSteps(report),
    conclusion(report),
  ];
}

/** What stands under the headline, before all sections. */
export function headOf({
  serving,
  action,
  takeovers,
  warnings,
  outcome,
  status,
  explanation,
}: Report): Block[] {
  return [
    paragraph`${strong('Serving:')} ${serving.sentence}`,
    paragraph`${strong('Action:')} ${action.sentence}`,
    ...(action.command ? [shell(action.command.line)] : []),
    ...takeovers.map((one) => paragraph`${strong('Mind:')} ${takeoverInWords(one)}`),
    ...warnings.map((warning) => paragraph`${strong('Mind:')} ${warning}`),
    paragraph`${strong('Outcome:')} ${outcome ?? `none yet, ${status}`}${explanation === null ? [] : text`; ${explanation}`}`,
  ];
}

const shell = (line: string): Block => ({ kind: 'lines', text: line, language: 'sh' });

function failure({ failure, rollback, exposure, suites }: Report): Section[] {
  if (!failure && !rollback) return [];
  const { cause = null, lastLines = [] } = failure ?? {};
  const items = [
    ...(failure
      ? [text`${utc(failure.at)}, ${stepInWords(failure)} (${failure.code}): ${failure.message}`]
      : []),
    ...failedChecks(suites).map((check) =>
      check.outcome === 'not-run'
        ? text`${check.title}: ${sawInWords(check)}`
        : text`${check.title}: ${check.outcome}, observed ${code(check.evidence.observed)}, expected ${code(check.evidence.expected)}${check.evidence.logUri === undefined ? [] : text` (log: ${linkTo(check.evidence.logUri, 'log')})`}`,
    ),
    ...(exposure ? [text`${exposureInWords(exposure)}`] : []),
    ...(rollback
      ? [text`Rollback ${rollbackInWords(rollback)}, ${utc(rollback.at)}: ${rollback.observed}`]
      : []),
    ...(rollback?.remains ?? []).map((remain) => text`Remains: ${remain}`),
  ];
  const blocks: Block[] = [
    ...(cause
      ? [
          paragraph`${strong('Cause')} (${cause.class}): ${cause.sentence}`,
          paragraph`${strong('Next step:')} ${cause.nextStep}`,
          ...(cause.command ? [shell(cause.command.line)] : []),
        ]
      : []),
    ...list(items),
    ...(lastLines.length === 0
      ? []
      : [
          paragraph`The container wrote last (secrets redacted):`,
          { kind: 'lines' as const, text: lastLines.join('\n'), language: 'text' as const },
        ]),
  ];
  return [{ id: 'failure', title: 'What failed', blocks }];
}

function summary({
  place,
  request,
  verdict,
  approvedBy,
  overrides,
  acknowledged,
  outcome,
  ...report
}: Report): Section {
  const { config, headline, durations } = report;
  const { requestedAt } = request;
  const done = durations.requestedToFinishedMs;
  const ended = done === null ? null : utc(new Date(Date.parse(requestedAt) + done).toISOString());
  return {
    id: 'summary',
    title: 'Deployment summary',
    blocks: [
      facts([
        ['What', text`${headline}`],
        ['Service', text`${code(place.service)} in ${code(place.environment)}`],
        [
          'Requested',
          text`by ${code(request.requestedBy)}, ${howInWords(request.source)}, ${utc(requestedAt)}`,
        ],
        ['Reason', request.reason === null ? null : text`${request.reason}`],
        [
          'Approved by',
          approvedBy.length === 0
            ? null
            : approvedBy.flatMap((one, index) => text`${index === 0 ? [] : text`, `}${code(one)}`),
        ],
        ...overrides.map(({ what, by, reason }): [string, ReturnType<typeof text>] => [
          'In spite of',
          text`${what}, by ${code(by)}: ${reason}`,
        ]),
        ['Looked after', acknowledged && text`by ${code(acknowledged.by)} since ${utc(acknowledged.at)}`],
        ['Verdict', verdict && text`${outcomeAndWhy(outcome, verdict)}`],
        ['Ended', ended === null ? null : text`${ended}`],
        ['Configuration', text`${code(config.source)}, hash ${code(config.hash.slice(0, 12))}`],
      ]),
    ],
  };
}

function change({ change }: Report): Section {
  const section = { id: 'change', title: 'Change and claims' };
  if (!change)
    return {
      ...section,
      blocks: [notRun('neither the request, the image nor the service file names a change')],
    };
  const { id, title, url, claims } = change;
  return {
    ...section,
    blocks: [
      paragraph`${id}: ${title}${url === null ? [] : text` (${linkTo(url, 'where it is described')})`}`,
      ...list(
        claims.map((claim) => {
          const status = strong(claim.status.replace('-', ' '));
          if (claim.status === 'not-verified') return text`${claim.claim}: ${status} (${claim.reason})`;
          const { by, seen, where } = groundsOf(claim);
          return text`${claim.claim}: ${status} by ${by}: ${code(seen)} (${where})`;
        }),
      ),
      ...(claims.length === 0 ? [paragraph`It claims nothing that could be verified.`] : []),
    ],
  };
}

const urgency = { now: 'Now', before: 'Before the next deployment', later: 'Later' } as const;

function nextSteps({ nextSteps, verdict }: Report): Section {
  const blocks = (['now', 'before', 'later'] as const).flatMap((when): Block[] => {
    const steps = nextSteps.filter((step) => step.when === when);
    if (steps.length === 0) return [];
    const items = steps.map(
      ({ sentence, because, command }) =>
        text`${sentence} (${because})${command ? text`: ${code(command.line)}` : []}`,
    );
    return [paragraph`${strong(urgency[when])}`, ...list(items)];
  });
  const none = verdict
    ? paragraph`None: nothing failed and nothing is advised.`
    : notRun('the deployment has no verdict yet');
  return { id: 'next-steps', title: 'Next steps', blocks: blocks.length === 0 ? [none] : blocks };
}

function conclusion({ outcome, verdict, explanation, serving, headline }: Report): Section {
  const section = { id: 'conclusion', title: 'Conclusion' };
  if (outcome === null) return { ...section, blocks: [notRun('the deployment is not over')] };
  const isLive = outcome === 'live' || outcome === 'live-with-recommendations';
  return {
    ...section,
    blocks: [
      paragraph`${headline}. ${serving.sentence}`,
      paragraph`${strong('Outcome:')} ${isLive && verdict ? outcomeAndWhy(outcome, verdict) : outcome.replaceAll('-', ' ')}${isLive || explanation === null ? [] : text`; ${explanation}`}`,
    ],
  };
}
