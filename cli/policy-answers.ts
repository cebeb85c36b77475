import { z } from 'zod';

/** What the command line reads of the answers about locks, approvals, quarantine, rollback, drift, the audit and the doctor; as in `answers.ts`. */

const Time = z.iso.datetime();

const Lock = z.looseObject({
  owner: z.string(),
  reason: z.string(),
  since: Time,
  expiresAt: Time.optional(),
});

/** A place with its lock while one holds, and every change of it, newest last. */
export const LockView = z.looseObject({
  service: z.string(),
  environment: z.string(),
  lock: Lock.optional(),
  history: z.array(z.looseObject({ change: z.string(), by: z.string(), before: Lock.optional() })),
});
export type LockView = z.infer<typeof LockView>;

const Word = z.looseObject({ by: z.string(), at: Time, reason: z.string().optional() });

export const ApprovalView = z.looseObject({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  status: z.enum(['open', 'approved', 'rejected', 'expired']),
  request: z.looseObject({
    tag: z.string().optional(),
    digest: z.string().optional(),
    reason: z.string().optional(),
    change: z.looseObject({ id: z.string(), title: z.string() }).optional(),
  }),
  requestedBy: z.string(),
  required: z.number(),
  from: z.array(z.string()),
  timeoutSeconds: z.number(),
  expiresAt: Time,
  approvals: z.array(Word),
  rejection: Word.optional(),
  settled: z.boolean(),
  outcome: z.string().optional(),
  deploymentId: z.string().optional(),
});
export type ApprovalView = z.infer<typeof ApprovalView>;

export const QuarantineView = z.looseObject({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  digest: z.string(),
  tag: z.string().optional(),
  reason: z.string(),
  deploymentId: z.string(),
  owner: z.string(),
  at: Time,
  holds: z.boolean(),
  releases: z.array(z.looseObject({ by: z.string(), reason: z.string(), at: Time })),
});
export type QuarantineView = z.infer<typeof QuarantineView>;

export const RollbackView = z.looseObject({
  status: z.literal('done'),
  serving: z.array(z.looseObject({ revision: z.string(), percent: z.number() })),
  observed: z.string(),
  tookBack: z.string(),
});
export type RollbackView = z.infer<typeof RollbackView>;

export const DriftView = z.looseObject({
  service: z.string(),
  environment: z.string(),
  kind: z.string(),
  expected: z.string(),
  observed: z.string(),
  since: Time,
});
export type DriftView = z.infer<typeof DriftView>;

/** What somebody asked for, and what came of it. */
export const AuditView = z.looseObject({
  at: Time,
  person: z.string(),
  via: z.string(),
  action: z.string(),
  service: z.string().optional(),
  environment: z.string().optional(),
  decision: z.string(),
  reason: z.string(),
});
export type AuditView = z.infer<typeof AuditView>;

export const FindingView = z.looseObject({
  id: z.string(),
  ok: z.union([z.boolean(), z.literal('unknown')]),
  what: z.string(),
  found: z.string(),
  fix: z.string().optional(),
});
export type FindingView = z.infer<typeof FindingView>;
