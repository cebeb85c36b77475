import { z } from 'zod';
import { outcomes } from '#shared/domain/outcome.ts';

/**
 * What the command line reads of the answers of Slipway's API. Fields it does not know are kept, for `--json`; a server
 * may be newer than the command line, so what is not needed is not asked for.
 */
export const StepView = z.looseObject({
  step: z.string(),
  phase: z.string(),
  seq: z.number(),
  attempt: z.number(),
  status: z.enum(['running', 'pending', 'succeeded', 'rejected', 'failed', 'skipped']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  summary: z.string().optional(),
});
export type StepView = z.infer<typeof StepView>;

export const DeploymentView = z.looseObject({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  fence: z.number().optional(),
  status: z.enum(['waiting', 'starting', 'active', 'finished']),
  request: z.looseObject({
    requestedBy: z.string(),
    requestedAt: z.iso.datetime(),
    tag: z.string().optional(),
    digest: z.string().optional(),
  }),
  release: z.looseObject({ digest: z.string(), version: z.string().optional() }).optional(),
  serviceUrl: z.string().optional(),
  steps: z.array(StepView),
  approvedBy: z.array(z.string()).optional(),
  overrides: z
    .array(z.looseObject({ rule: z.string(), what: z.string(), by: z.string(), reason: z.string() }))
    .optional(),
  failure: z
    .looseObject({
      cause: z
        .looseObject({
          class: z.string(),
          sentence: z.string(),
          nextStep: z.string(),
          command: z.array(z.string()).optional(),
        })
        .optional(),
    })
    .optional(),
  signal: z.looseObject({ kind: z.string(), by: z.string(), reason: z.string() }).optional(),
  takeovers: z.array(z.looseObject({ by: z.string(), reason: z.string(), at: z.iso.datetime() })).optional(),
  result: z
    .looseObject({
      outcome: z.enum(outcomes),
      explanation: z.string(),
      serving: z.array(z.looseObject({ revision: z.string(), percent: z.number() })).nullable(),
      finishedAt: z.iso.datetime(),
    })
    .optional(),
  createdAt: z.iso.datetime(),
});
export type DeploymentView = z.infer<typeof DeploymentView>;

export const RequestView = z.looseObject({
  decision: z.enum([
    'admitted',
    'waiting',
    'duplicate',
    'refused',
    'ignored',
    'superseded',
    'awaiting-approval',
  ]),
  reason: z.string(),
  deploymentId: z.string().optional(),
  approvalId: z.string().optional(),
});
export type RequestView = z.infer<typeof RequestView>;

export const RefusalView = z.looseObject({
  target: z.string(),
  messageId: z.string(),
  reason: z.string(),
  at: z.iso.datetime(),
});
export type RefusalView = z.infer<typeof RefusalView>;
