import { shellLine } from './command.ts';
import type { NextStep } from './document-parts.ts';
import type { Report } from './document.ts';
import { failedChecks } from './suites.ts';
import { sawInWords, stepInWords } from './words.ts';

/**
 * What follows from what the report says, most pressing first: what a person has to do now, what stands behind the failure,
 * checks that did not pass, what may hurt later, claims that do not hold, recommendations. Nothing that is not said
 * elsewhere in it; none when nothing failed and nothing is advised.
 */
export function nextStepsOf(report: Omit<Report, 'nextSteps'>): NextStep[] {
  const { action, warnings, headline } = report;
  return [
    ...(action.needed
      ? [{ when: 'now' as const, sentence: action.sentence, because: headline, command: action.command }]
      : []),
    ...afterFailure(report),
    ...failedChecks(report.suites).map((check) => ({
      when: 'before' as const,
      sentence: `${toDo[check.outcome]}: ${check.title}`,
      because: `${check.suite}: ${sawInWords(check)}`,
      command: null,
    })),
    ...warnings.map((warning) => ({
      when: 'before' as const,
      sentence: warning,
      because: 'it is left over from this deployment',
      command: null,
    })),
    ...claims(report),
    ...report.recommendations.map(({ change, measured, limit, suite, check }) => ({
      when: 'later' as const,
      sentence: change,
      because: `${suite}, ${check}: found ${measured}, limit ${limit}`,
      command: null,
    })),
  ];
}

const toDo = {
  fail: 'Make this pass',
  inconclusive: 'Find out why this has no answer',
  'not-run': 'Have this run',
} as const;

/** A "no" is about the release; a fault or an interruption says nothing of it. */
function afterFailure({ failure, place, request, release }: Omit<Report, 'nextSteps'>): NextStep[] {
  if (!failure) return [];
  const { cause, ending } = failure;
  const because = `${stepInWords(failure)}: ${failure.message}`;
  const mend: NextStep[] = cause
    ? [{ when: 'before', sentence: cause.nextStep, because, command: cause.command }]
    : [];
  if (ending === 'rejected') return mend;
  const named = request.tag ?? release?.digest ?? request.digest;
  const argv = ['slipway', 'deploy', place.service, place.environment, ...(named ? [named] : [])];
  const command = /^[\x20-\x7e]+$/.test(argv.join(' ')) ? { line: shellLine(argv), arguments: argv } : null;
  const what =
    ending === 'cancelled'
      ? 'Deploy it again if it is wanted after all'
      : 'Deploy it again: the release was not judged';
  return [...mend, { when: 'before', sentence: what, because, command }];
}

function claims({ change }: Omit<Report, 'nextSteps'>): NextStep[] {
  return (change?.claims ?? []).flatMap((claim): NextStep[] => {
    switch (claim.status) {
      case 'verified':
        return [];
      case 'contradicted': {
        const because = claim.evidence.map(({ observed }) => observed).join('; ');
        const sentence = `Correct the release or what is claimed of it: ${claim.claim}`;
        return [{ when: 'before', sentence, because, command: null }];
      }
      default:
        return [
          {
            when: 'later',
            sentence: `Have a check verify: ${claim.claim}`,
            because: claim.reason,
            command: null,
          },
        ];
    }
  });
}
