import { z } from 'zod';
import { Cause } from '#shared/domain/cause.ts';
import { Check, CheckOutcome, Evidence, Recommendation } from '#shared/domain/check.ts';
import { DeploymentId } from '#shared/domain/ids.ts';
import { outcomes } from '#shared/domain/outcome.ts';
import { stepNames } from '#shared/domain/steps.ts';
import { Changes, Command, Declared, ImageSize, NextStep, Probe } from './document-parts.ts';

/**
 * The report of a deployment as a JSON document. Consumers parse it with this schema; what changes its meaning raises
 * `reportVersion`. Times are ISO 8601 in UTC, durations milliseconds; what does not apply is null, never left out. What
 * came to version 1 later has a default, so that the schema reads older documents too.
 */

const Time = z.iso.datetime();
const Milliseconds = z.number().nonnegative();
const Step = z.enum(stepNames);
const Share = z.object({ revision: z.string(), percent: z.number() });

/** One asking of a suite: before traffic, or at one share of it. Each check carries its evidence, or why it was not run. */
const Round = z.object({
  phase: z.string(),
  passed: z.int(),
  total: z.int(),
  checks: z.array(Check).min(1),
});

const Suite = z.object({
  title: z.string(),
  /** The step that asked first. */
  step: z.string().default('validate'),
  /** A path through the service: one check after another. */
  ordered: z.boolean().default(false),
  rounds: z.array(Round).min(1),
});
export type Suite = z.infer<typeof Suite>;

const Judged = {
  claim: z.string(),
  /** The check's title, or the setting's path. */
  by: z.string().default(''),
  evidence: z.array(Evidence).min(1),
};

/** What a change says of itself. Only a check's evidence verifies it. */
const Claim = z.discriminatedUnion('status', [
  z.object({ status: z.literal('verified'), ...Judged }),
  z.object({ status: z.literal('contradicted'), ...Judged }),
  z.object({ claim: z.string(), status: z.literal('not-verified'), reason: z.string().min(1) }),
]);
export type Claim = z.infer<typeof Claim>;

/** An advisory check that did not pass, as something to do. */
const Advice = z.object({
  ...Recommendation.shape,
  suite: z.string(),
  check: z.string(),
  outcome: CheckOutcome.exclude(['pass']),
});
export type Advice = z.infer<typeof Advice>;

export const Report = z.object({
  reportVersion: z.literal(1),
  deploymentId: DeploymentId,
  /** Of the ledger's record it was made from. */
  revision: z.int(),
  status: z.enum(['waiting', 'starting', 'active', 'finished']),
  /** Null until the deployment is finished. */
  outcome: z.enum(outcomes).nullable(),
  headline: z.string(),
  verdict: z
    .object({
      status: z.enum(['pass', 'pass-with-recommendations', 'fail', 'inconclusive']),
      explanation: z.string(),
    })
    .nullable(),
  /** Why this outcome. */
  explanation: z.string().nullable(),
  serving: z.object({
    sentence: z.string(),
    /** Null when it could not be read, or was not. */
    targets: z.array(Share).nullable(),
    readAt: Time.nullable(),
  }),
  action: z.object({
    /** Somebody has to do something now. */
    needed: z.boolean(),
    sentence: z.string(),
    command: Command.nullable(),
  }),
  /** Who took it away from a running execution, and why; newest last. */
  takeovers: z.array(z.object({ by: z.string(), reason: z.string(), at: Time, executionId: z.string() })),
  /** What must be known before anybody touches the service again. */
  warnings: z.array(z.string()),
  place: z.object({
    service: z.string(),
    environment: z.string(),
    project: z.string(),
    region: z.string(),
    cloudRunService: z.string(),
    url: z.string().nullable(),
  }),
  candidate: z.object({ revision: z.string(), url: z.string().nullable() }).nullable(),
  release: z
    .object({
      image: z.string(),
      digest: z.string(),
      tag: z.string().nullable(),
      version: z.string().nullable(),
      sizeBytes: z.number(),
      platforms: z.array(z.string()),
      source: z.string().nullable(),
    })
    .nullable(),
  request: z.object({
    id: z.string(),
    source: z.enum(['image-push', 'api', 'slack']),
    requestedBy: z.string(),
    requestedAt: Time,
    reason: z.string().nullable().default(null),
    tag: z.string().nullable(),
    digest: z.string().nullable(),
  }),
  approvedBy: z.array(z.string()).default([]),
  /** Rules that were set aside for it. */
  overrides: z
    .array(z.object({ what: z.string(), by: z.string(), reason: z.string(), at: Time }))
    .default([]),
  /** Who looks after it, where a person was called. */
  acknowledged: z.object({ by: z.string(), at: Time }).nullable().default(null),
  change: z
    .object({ id: z.string(), title: z.string(), url: z.string().nullable(), claims: z.array(Claim) })
    .nullable(),
  steps: z.array(
    z.object({
      step: Step,
      phase: z.string(),
      attempt: z.int(),
      status: z.enum(['running', 'pending', 'succeeded', 'rejected', 'failed', 'skipped']),
      startedAt: Time,
      /** Null while it runs. */
      durationMs: Milliseconds.nullable(),
      summary: z.string().nullable(),
    }),
  ),
  suites: z.array(Suite),
  probes: z.array(Probe).default([]),
  /** The share of the requests the release had from each moment on; empty when it never had any. */
  traffic: z.array(z.object({ at: Time, percent: z.number() })).default([]),
  recommendations: z.array(Advice),
  failure: z
    .object({
      ending: z.enum(['rejected', 'fault', 'cancelled', 'interrupted']),
      step: Step,
      phase: z.string(),
      code: z.string(),
      message: z.string(),
      at: Time,
      /** Null when a person said stop. */
      cause: z.object({ ...Cause.shape, command: Command.nullable() }).nullable(),
      /** What the candidate's container wrote last, redacted, oldest first. */
      lastLines: z.array(z.string()),
    })
    .nullable(),
  rollback: z
    .object({
      result: z.enum(['verified', 'failed']),
      observed: z.string(),
      at: Time,
      remains: z.array(z.string()),
      notes: z.array(z.string()),
      /** Why nothing was undone on purpose. */
      withheld: z.string().nullable(),
    })
    .nullable(),
  /** The one run of the migration's job; the execution's full name is null while it is not known. */
  migration: z
    .object({
      job: z.string(),
      execution: z.string().nullable(),
      status: z.enum(['starting', 'running', 'succeeded', 'failed', 'stopped']),
      startedAt: Time,
    })
    .nullable(),
  /** The most a release that was not good may have touched: share of the requests, and for how long. */
  exposure: z.object({ percent: z.number(), from: Time, until: Time.nullable() }).nullable(),
  /** Against what was live before. */
  changes: Changes.nullable().default(null),
  /** Compressed, as the registry counts. */
  imageSize: ImageSize.nullable().default(null),
  config: z.object({
    hash: z.string(),
    source: z.string(),
    declared: Declared.nullable().default(null),
    /** Whether it declares checks, and a path through the service. */
    suites: z.int().default(0),
    orderedSuites: z.int().default(0),
  }),
  nextSteps: z.array(NextStep).default([]),
  durations: z.object({
    /** From the push or the request to the outcome. */
    requestedToFinishedMs: Milliseconds.nullable(),
    /** From admission to the first step: time spent behind another deployment, or lost on the way. */
    waitedMs: Milliseconds.nullable(),
    /** From the first step to the outcome. */
    ranMs: Milliseconds.nullable(),
    /** From the push or the request until it had all of the traffic; null unless it is live. */
    requestedToLiveMs: Milliseconds.nullable().default(null),
    /** From the failure until the way back was verified. */
    failedToRolledBackMs: Milliseconds.nullable().default(null),
  }),
});
export type Report = z.infer<typeof Report>;
