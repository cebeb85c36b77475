import type { Check, CheckOutcome } from '#shared/domain/check.ts';
import type { Takeover } from '#shared/domain/deployment.ts';
import type { Claim, Report, Suite } from './document.ts';

/** `2026-01-01 00:00:41 UTC` */
export const utc = (iso: string): string =>
  `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `21 ms`, `41 s`, `5 min 41 s`, `1 h 2 min` */
export function durationInWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [big, bigUnit, small, smallUnit] =
    seconds < 3600
      ? [Math.floor(seconds / 60), 'min', seconds % 60, 's']
      : [Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min'];
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** `41.0 MB`, as registries count: 10⁶ bytes; below one of them `63.4 kB`. */
export const sizeInWords = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** `29.7 MB (42.0 %) less than 70.7 MB: 41,000,000 bytes against 70,700,000`, `as large as 41.0 MB` */
export function besideInWords({
  bytes,
  differenceBytes,
  percent,
}: {
  bytes: number;
  differenceBytes: number;
  percent: number | null;
}): string {
  if (differenceBytes === 0) return `as large as ${sizeInWords(bytes)}`;
  const part = percent === null ? '' : ` (${Math.abs(percent).toFixed(1)} %)`;
  const exact = (count: number): string => count.toLocaleString('en');
  return `${sizeInWords(Math.abs(differenceBytes))}${part} ${differenceBytes < 0 ? 'less' : 'more'} than ${sizeInWords(bytes)}: ${exact(bytes + differenceBytes)} bytes against ${exact(bytes)}`;
}

/** What a claim rests on: what was seen, each thing once, and where and when it was looked for last. */
export function groundsOf({ by, evidence }: Exclude<Claim, { status: 'not-verified' }>): {
  by: string;
  seen: string;
  where: string;
} {
  const seen = [...new Set(evidence.map(({ observed }) => observed))].join(', ');
  const last = evidence.at(-1);
  const often = evidence.length > 1 ? `asked ${evidence.length} times, last ` : '';
  return { by, seen, where: last ? `${last.source}, ${often}${utc(last.at)}` : '' };
}

/** `live with recommendations: 3 advisory checks failed` */
export const outcomeAndWhy = (
  outcome: Report['outcome'],
  { status, explanation }: NonNullable<Report['verdict']>,
): string => {
  const isLive = outcome === 'live' || outcome === 'live-with-recommendations';
  return `${(isLive ? outcome : status).replaceAll('-', ' ')}: ${explanation}`;
};

/** When in a deployment something was asked. */
export function phaseInWords(phase: string): string {
  const percent = percentOf(phase);
  if (percent !== undefined) return `at ${percent} % of the traffic`;
  return { candidate: 'before traffic', after: 'at the end' }[phase] ?? phase;
}

/** `validate`, or `health-probe at 25 %` where the phase tells something. */
export function stepInWords({ step, phase }: { step: string; phase: string }): string {
  const percent = percentOf(phase);
  return percent === undefined ? step : `${step} at ${percent} %`;
}

const percentOf = (phase: string): string | undefined => /^traffic-(\d+)$/.exec(phase)?.[1];

export const outcomeInWords = (outcome: CheckOutcome): string =>
  outcome === 'not-run' ? 'Not run' : outcome;

/** One character that says the same without colour. */
export const markOf = (outcome: CheckOutcome): string =>
  ({ pass: '✓', fail: '✗', inconclusive: '?', 'not-run': '–' })[outcome];

/** `1 check`, `2 checks` */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** The most a bad release can have touched; an upper bound, and said so. */
export function exposureInWords({ percent, from, until }: NonNullable<Report['exposure']>): string {
  const share = `At most ${percent} % of the requests met the release`;
  if (until === null) return `${share} since ${utc(from)}, and still may`;
  return `${share}, for at most ${durationInWords(Math.max(0, Date.parse(until) - Date.parse(from)))}`;
}

/** Behind "Rollback". */
export function rollbackInWords({ result, withheld }: NonNullable<Report['rollback']>): string {
  if (withheld !== null) return 'withheld';
  return result === 'verified' ? 'verified' : 'NOT verified';
}

/** `Taken over by ana@example.com 2026-01-01 00:00:41 UTC: it hangs` */
export const takeoverInWords = ({ by, at, reason }: Omit<Takeover, 'executionId'>): string =>
  `Taken over by ${by} ${utc(at)}: ${reason}`;

/** `observed 500, expected 200`, `Not run: no key` */
export const sawInWords = (check: Exclude<Check, { outcome: 'pass' }>): string =>
  check.outcome === 'not-run'
    ? `Not run: ${check.reason}`
    : `observed ${check.evidence.observed}, expected ${check.evidence.expected}`;

/** `2/3 passed`, and where the rest did not fail, what it did: `0/1 passed: 1 not run` */
export function roundInWords({ passed, total, checks }: Suite['rounds'][number]): string {
  const count = (outcome: CheckOutcome): number => checks.filter((check) => check.outcome === outcome).length;
  const open = (['inconclusive', 'not-run'] as const)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome.replace('-', ' ')}`);
  return `${passed}/${total} passed${open.length === 0 ? '' : `: ${open.join(', ')}`}`;
}

/** `2 recommendations, 1 question open`: what was found, and what has no answer yet. */
export function adviceInWords(all: Report['recommendations']): string {
  const failed = all.filter(({ outcome }) => outcome === 'fail').length;
  const open = all.length - failed;
  return [
    ...(failed > 0 ? [counted(failed, 'recommendation')] : []),
    ...(open > 0 ? [`${counted(open, 'question')} open`] : []),
  ].join(', ');
}

/** `Answers 3/3 before traffic, 3/3 at 100 % of the traffic` */
export const suiteInWords = ({ title, rounds }: Suite): string =>
  `${title} ${rounds.map(({ passed, total, phase }) => `${passed}/${total} ${phaseInWords(phase)}`).join(', ')}`;

/** `image push` or `CLI or API` */
export const howInWords = (source: Report['request']['source']): string =>
  ({ api: 'CLI or API', slack: 'Slack', 'image-push': 'image push' })[source];
