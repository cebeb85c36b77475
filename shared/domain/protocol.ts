import { z } from 'zod';
import { DeploymentId } from './ids.ts';
import { stepNames } from './steps.ts';

/** What the workflow publishes to a step's topic (design: the step protocol). */
export const StepMessage = z.strictObject({
  version: z.literal(1),
  deploymentId: DeploymentId,
  executionId: z.string().min(1).max(128),
  /** Counts every dispatch of the deployment; assigned by the workflow. */
  seq: z.int().positive(),
  step: z.enum(stepNames),
  /** Counts retries of one step only, from 1. */
  attempt: z.int().positive(),
  /** Tells repeated steps apart: `candidate`, `traffic-25`, `after`. */
  phase: z
    .string()
    .regex(
      /^(candidate|after|traffic-(100|[1-9]\d?))$/,
      'expected candidate, after or traffic-1 to traffic-100',
    ),
  callbackUrl: z.url(),
  /** Seconds since the epoch after which nobody awaits the reply. */
  deadline: z.number().positive(),
});
export type StepMessage = z.infer<typeof StepMessage>;

/** Small decisions the workflow needs; all other state stays in the deployment record. */
export const Decision = z.record(z.string(), z.json());
export type Decision = z.infer<typeof Decision>;

export const StepReply = z.discriminatedUnion('status', [
  z.object({ seq: z.int(), status: z.literal('succeeded'), decision: Decision }),
  /** It did its work and the answer is no; never retried. */
  z.object({ seq: z.int(), status: z.literal('rejected'), reason: z.string() }),
  /** A fault; retried by the workflow when `retryable`. */
  z.object({
    seq: z.int(),
    status: z.literal('failed'),
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    retryAfterSeconds: z.number().nonnegative(),
  }),
  /** Look again at `again` (seconds since the epoch), or when poked. */
  z.object({ seq: z.int(), status: z.literal('pending'), again: z.number() }),
  /** The deployment belongs to another execution; this one must end without touching anything. */
  z.object({ seq: z.int(), status: z.literal('not-owner') }),
]);
export type StepReply = z.infer<typeof StepReply>;
