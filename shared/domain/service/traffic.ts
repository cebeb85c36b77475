import { z } from 'zod';
import { duration, name, ratio } from './units.ts';

export const Traffic = z.strictObject({
  /** Ascending percentages, the last of them 100. */
  steps: z
    .array(z.int().min(1).max(100))
    .min(1)
    .refine((steps) => steps.at(-1) === 100, 'expected the last step to be 100')
    .refine(
      (steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)),
      'expected ascending percentages',
    )
    .default([100]),
  /** How long the candidate is watched at each percentage. */
  bake: duration(0, 86_400).prefault('10s'),
  /** Leave a tag `previous` on the revision that served before, so that one can look at it. */
  keepPrevious: z.boolean().default(false),
});
/** What users' requests must look like while the candidate has traffic. */
export const Analysis = z.strictObject({
  errorRatio: z
    .strictObject({
      /** 5xx of the candidate's requests. */
      maximum: ratio.optional(),
      /** How much more of them may fail than of the stable revision's in the same time. */
      aboveStable: ratio.optional(),
    })
    .optional(),
  latencyP95: z
    .strictObject({
      maximum: duration(0.001, 3600).optional(),
      timesStable: z.number().min(1).max(100).optional(),
    })
    .optional(),
  /** Looked at all the time, in the request log: more of them end the bake at once. */
  serverErrorLogs: z.strictObject({ maximum: z.int().min(0).max(500) }).optional(),
  /** Below it nothing is concluded from a ratio or a percentile. */
  minimumRequests: z.int().min(1).max(1_000_000).default(50),
  /** What becomes of a candidate of which too little is known. */
  inconclusive: z.enum(['hold', 'extend', 'go-on', 'roll-back']).default('extend'),
  extendBy: duration(1, 86_400).prefault('2m'),
  maximumExtensions: z.int().min(1).max(100).default(3),
});
export type Analysis = z.infer<typeof Analysis>;

/** A Cloud Run job that changes what the release needs changed, such as a database, before it gets traffic. */
export const Migration = z.strictObject({
  /** A job of the same project and region, which somebody else declares. */
  job: name.max(63, 'expected at most 63 characters, as Cloud Run allows for a job'),
  /** In place of the job's own. */
  args: z.array(z.string()).max(1000).optional(),
  timeout: duration(1, 86_400).prefault('30m'),
  /** `release`: the job is given the release's image, by digest. `own`: it keeps the image it has. */
  image: z.enum(['release', 'own']).default('release'),
});
export type Migration = z.infer<typeof Migration>;
