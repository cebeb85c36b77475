import { z } from 'zod';
import { Change } from './change.ts';
import { OverrideWish } from './deployment.ts';
import { ApprovalId, DeploymentId } from './ids.ts';
import { SlackGroup, SlackUser } from './people.ts';

/** What travels on the `deploy-requests` topic to `admit`. */
export const AdmitMessage = z.discriminatedUnion('kind', [
  /** An image was pushed: every service that tracks it is asked for. */
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('image'),
    requestId: z.string().min(1).max(200),
    image: z.string().min(1),
    tag: z.string().min(1),
    digest: z.string().optional(),
    requestedBy: z.string().min(1),
    requestedAt: z.iso.datetime(),
  }),
  /** Somebody asked for a service by name. Without tag and digest the image is built. */
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('deploy'),
    requestId: z.string().min(1).max(200),
    service: z.string().min(1),
    environment: z.string().min(1),
    tag: z.string().min(1).optional(),
    digest: z.string().optional(),
    /** Of the configuration that the person was shown: with another one it is refused. */
    configHash: z.string().min(1).max(64).optional(),
    reason: z.string().min(1).max(300).optional(),
    change: Change.optional(),
    override: OverrideWish.optional(),
    via: z.enum(['api', 'slack']).default('api'),
    slackUser: SlackUser.optional(),
    /** Of the user groups that the service's policy names, those the person is in. */
    groups: z.array(SlackGroup).max(50).default([]),
    requestedBy: z.string().min(1),
    requestedAt: z.iso.datetime(),
  }),
  /** Enough people approved: the request is decided again, for the same digest and configuration. */
  z.strictObject({ version: z.literal(1), kind: z.literal('approved'), approvalId: ApprovalId }),
  /** A deployment's turn has come, or its execution has to be started (again). */
  z.strictObject({ version: z.literal(1), kind: z.literal('start'), deploymentId: DeploymentId }),
]);
export type AdmitMessage = z.infer<typeof AdmitMessage>;

/** What travels on `deploy-events`: look at this deployment again. The newest ledger state counts, not the message. */
export const DeployEvent = z.strictObject({
  version: z.literal(1),
  deploymentId: DeploymentId,
  revision: z.int(),
});
export type DeployEvent = z.infer<typeof DeployEvent>;

/** Also on `deploy-events`: somebody took another person's lock; `at` names which change of it. */
export const LockEvent = z.strictObject({
  version: z.literal(1),
  kind: z.literal('lock'),
  service: z.string().min(1),
  environment: z.string().min(1),
  at: z.iso.datetime(),
});
export type LockEvent = z.infer<typeof LockEvent>;

/** Also on `deploy-events`: an approval was asked for, decided, or nobody has answered for half of its time. */
export const ApprovalEvent = z.strictObject({
  version: z.literal(1),
  kind: z.literal('approval'),
  approvalId: ApprovalId,
  remind: z.boolean().default(false),
});
export type ApprovalEvent = z.infer<typeof ApprovalEvent>;
