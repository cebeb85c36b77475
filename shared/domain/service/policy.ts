import { z } from 'zod';
import { FreezeWindow } from '#shared/domain/freeze.ts';
import { SlackGroup, SlackUser, Who } from '#shared/domain/people.ts';
import { stepNames } from '#shared/domain/steps.ts';
import { duration } from './units.ts';

const people = z.array(Who).max(50).default([]);

export const Policy = z.strictObject({
  /** Tags whose push starts a deployment: exact, with `*` for any text, or `semver:RANGE`. */
  autoDeploy: z.array(z.string().min(1)).default([]),
  /** Times in which nothing is deployed. */
  freeze: z.array(FreezeWindow).default([]),
  /** People who have to agree before anything is deployed. */
  approvals: z
    .strictObject({
      required: z.int().min(1).max(20).default(1),
      from: z.array(Who).min(1),
      timeout: duration(60, 604_800).prefault('30m'),
    })
    .optional(),
  /**
   * Who may do what. An empty list: everybody whom IAM lets call the API; from Slack everybody of the workspace, and
   * nobody where the environment is protected. Without a list of their own the others follow `deploy`.
   */
  allow: z
    .strictObject({ deploy: people, rollback: people, cancel: people, lock: people, quarantine: people })
    .prefault({}),
  /** Asked before it is deployed to from Slack, and open to nobody there who is not named; unless said, when its name begins with `prod`. */
  protected: z.boolean().optional(),
  /** `never`: a release that had traffic is left where it is when it fails, and a person decides. */
  rollBack: z.enum(['automatic', 'never']).default('automatic'),
});
export type Policy = z.infer<typeof Policy>;

const stepRetries = {
  /** Tries in all, the first one included. */
  attempts: z.int().min(1).max(20).default(6),
  initialBackoff: duration(0.1, 600).prefault('1s'),
  maximumBackoff: duration(0.1, 600).prefault('60s'),
  /** From a step's first try: no retry starts later. */
  budget: duration(1, 86_400).prefault('15m'),
};

/** What is done about faults, as opposed to a "no": Google out of reach, a lost answer, a quota. */
export const Retries = z.strictObject({
  ...stepRetries,
  /** From the deployment's start: no retry starts later. */
  deploymentBudget: duration(1, 604_800).prefault('6h'),
  /** Other values for single steps. */
  steps: z
    .partialRecord(
      z.enum(stepNames),
      z.strictObject({
        attempts: z.int().min(1).max(20).optional(),
        initialBackoff: duration(0.1, 600).optional(),
        maximumBackoff: duration(0.1, 600).optional(),
        budget: duration(1, 86_400).optional(),
      }),
    )
    .default({}),
});

const channel = z
  .string()
  .regex(/^(#[a-z0-9_-]{1,80}|[CG][A-Z0-9]{6,})$/, 'expected #channel or a channel id');
/** Only these can be called; an e-mail address is text to Slack. */
const called = z
  .array(z.union([SlackUser, SlackGroup]))
  .max(10)
  .default([]);

export const Slack = z.strictObject({
  channel: channel.optional(),
  /** Where approvals are asked for; `channel` unless told. */
  approvalsChannel: channel.optional(),
  /** Called when a deployment of a protected environment fails. */
  owners: called,
  /** Called when a person is needed at once. */
  onCall: called,
  /** What to do when it fails; a button of failed deployments. */
  runbook: z.url({ protocol: /^https?$/ }).optional(),
  /** When nobody is called, in an environment that is not protected. */
  quiet: z.array(FreezeWindow).default([]),
});
