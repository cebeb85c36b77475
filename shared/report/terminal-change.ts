import { shellLines } from './command.ts';
import type { Report } from './document.ts';
import type { Pen } from './pen.ts';
import { oneLine } from './text.ts';
import { besideInWords, groundsOf, utc } from './words.ts';

/** What it is for, and whether that holds. */
export function change({ change }: Report, pen: Pen): string[] {
  if (!change) return [];
  return [
    ...pen.behind('Change      ', `${change.id}: ${change.title}`, 'dim'),
    ...change.claims.flatMap((claim) => {
      const mark = { verified: '✓', contradicted: '✗', 'not-verified': '?' }[claim.status];
      const colour = { verified: 'green', contradicted: 'red', 'not-verified': 'yellow' } as const;
      const status = claim.status.replace('-', ' ');
      const words = (): string => {
        if (claim.status === 'not-verified') return `${status} (${claim.reason})`;
        const { by, seen, where } = groundsOf(claim);
        return `${status} by ${by}: ${seen} (${where})`;
      };
      return pen.behind(`  ${mark} `, `${claim.claim}: ${words()}`, colour[claim.status]);
    }),
  ];
}

/** Whose word it took to deploy it. */
export function policy({ approvedBy, overrides, acknowledged }: Report, pen: Pen): string[] {
  return [
    ...(approvedBy.length === 0 ? [] : pen.behind('', `Approved by ${approvedBy.map(oneLine).join(', ')}`)),
    ...overrides.flatMap(({ what, by, reason }) =>
      pen.behind('', `In spite of ${what}, by ${oneLine(by)}: ${reason}`),
    ),
    ...(acknowledged
      ? pen.behind('', `Looked after by ${acknowledged.by} since ${utc(acknowledged.at)}`)
      : []),
  ];
}

/** From what was live before. */
export function changes({ changes, imageSize }: Report, pen: Pen): string[] {
  if (!changes?.since) return [];
  const beside = imageSize?.previous;
  const rows = [
    ...changes.image.map(({ what, from, to }) => [`image ${what}`, `${from ?? '–'} → ${to ?? '–'}`] as const),
    ...(beside ? [['image size', besideInWords(beside)] as const] : []),
    ...changes.config.map(({ path, from, to }) => [path, `${from ?? '–'} → ${to ?? '–'}`] as const),
  ];
  return [
    pen.line(`Since ${changes.since.deploymentId}, live since ${utc(changes.since.at)}`, 'bold'),
    ...rows.flatMap(([what, words]) => pen.behind('  ', `${what}: ${words}`)),
    ...(rows.length === 0 ? ['  nothing changed'] : []),
  ];
}

/** Warnings and what to do at once stand above already. */
export function nextSteps({ nextSteps, warnings }: Report, pen: Pen): string[] {
  const steps = nextSteps.filter(({ when, sentence }) => when !== 'now' && !warnings.includes(sentence));
  if (steps.length === 0) return [];
  return [
    pen.line('Next steps', 'bold'),
    ...steps.flatMap(({ sentence, because, command }) => [
      ...pen.behind('→ ', `${sentence} (${because})`),
      ...(command ? shellLines(command.arguments, pen.width) : []),
    ]),
  ];
}
