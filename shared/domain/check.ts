import { z } from 'zod';

/** One look of several that make up an evidence. */
export const Attempt = z.object({
  /** ISO 8601 */
  at: z.iso.datetime(),
  ok: z.boolean(),
  /** `200`, `no answer in time` */
  seen: z.string(),
  durationMs: z.number().nonnegative(),
  /** The HTTP status of each address asked, 0 without an answer; where somebody subtracts these requests from a metric. */
  statuses: z.array(z.int()).optional(),
});
export type Attempt = z.infer<typeof Attempt>;

/** What was looked at, what was seen, what was expected, when. A report line without it cannot be written. */
export const Evidence = z.object({
  /** Who answered: `GET https://…`, `Cloud Run revision hello-d…`, `registry`. */
  source: z.string().min(1),
  asked: z.string(),
  observed: z.string(),
  expected: z.string(),
  /** ISO 8601 */
  at: z.iso.datetime(),
  durationMs: z.number().nonnegative().optional(),
  /** Every single look, oldest first, where there were several. */
  attempts: z.array(Attempt).optional(),
  /** Where its log can be read. */
  logUri: z.url({ protocol: /^https$/ }).optional(),
});
export type Evidence = z.infer<typeof Evidence>;

export const Recommendation = z.object({
  /** What to do, without a full stop: the figures follow it. */
  change: z.string().min(1),
  measured: z.string(),
  limit: z.string(),
  /** The rule behind it, by id or link. */
  rule: z.string(),
  /** Where one can read about it. */
  link: z.url({ protocol: /^https$/ }).optional(),
});
export type Recommendation = z.infer<typeof Recommendation>;

export const Severity = z.enum(['required', 'advisory']);
export type Severity = z.infer<typeof Severity>;

export const CheckOutcome = z.enum(['pass', 'fail', 'inconclusive', 'not-run']);
export type CheckOutcome = z.infer<typeof CheckOutcome>;

const base = {
  id: z.string().min(1),
  title: z.string().min(1),
  /** The named group it is reported under ("Database resilience 10/10"). */
  suite: z.string().min(1),
  severity: Severity,
  /** Which step asked, and in which phase of it. */
  step: z.string(),
  phase: z.string(),
  /** It says no more than other checks of its suite do one by one: it is shown, and they are counted. */
  isSum: z.boolean().optional(),
};

/** One question with its answer. Only a check that was not run has no evidence, and then it says why. */
export const Check = z.discriminatedUnion('outcome', [
  z.object({ ...base, outcome: z.literal('pass'), evidence: Evidence }),
  z.object({
    ...base,
    outcome: z.literal('fail'),
    evidence: Evidence,
    recommendation: Recommendation.optional(),
  }),
  z.object({ ...base, outcome: z.literal('inconclusive'), evidence: Evidence }),
  z.object({ ...base, outcome: z.literal('not-run'), reason: z.string().min(1) }),
]);
export type Check = z.infer<typeof Check>;

/** Those that are counted. */
export const countedOf = <T extends Pick<Check, 'isSum'>>(checks: readonly T[]): T[] =>
  checks.filter(({ isSum }) => isSum !== true);
