import { z } from 'zod';
import {
  CommonReason,
  ConditionState,
  ExecutionReason,
  Ingress,
  LaunchStage,
  RevisionReason,
  ScalingMode,
  Severity,
  TrafficType,
} from './enumeration.ts';
import { revisionFields, RevisionTemplate } from './template-message.ts';

/**
 * The messages of the Cloud Run Admin API v2 that this local one knows (field lists of google/cloud/run/v2, as
 * @google-cloud/run 4.2.0 has them). One schema serves both directions: `parse` reads names or numbers of enums,
 * `z.encode` writes numbers.
 */
const text = z.string().optional();
const whole = z.int().optional();
const flag = z.boolean().optional();
const map = z.record(z.string(), z.string()).optional();
const int64 = z.union([z.string(), z.int()]).optional();

export const Condition = z.strictObject({
  type: z.string(),
  state: ConditionState.optional(),
  message: text,
  lastTransitionTime: text,
  severity: Severity.optional(),
  reason: CommonReason.optional(),
  revisionReason: RevisionReason.optional(),
  executionReason: ExecutionReason.optional(),
});
export type Condition = z.output<typeof Condition>;

export const TrafficTarget = z.strictObject({
  type: TrafficType.optional(),
  revision: text,
  percent: whole,
  tag: text,
});
export type TrafficTarget = z.output<typeof TrafficTarget>;

/** What a client may write, replaced as a whole when an update comes without a mask. */
const mutable = {
  description: text,
  labels: map,
  annotations: map,
  client: text,
  clientVersion: text,
  ingress: Ingress.optional(),
  launchStage: LaunchStage.optional(),
  binaryAuthorization: z
    .strictObject({ useDefault: flag, policy: text, breakglassJustification: text })
    .optional(),
  template: RevisionTemplate.optional(),
  traffic: z.array(TrafficTarget).optional(),
  scaling: z
    .strictObject({
      minInstanceCount: whole,
      maxInstanceCount: whole,
      scalingMode: ScalingMode.optional(),
      manualInstanceCount: whole,
    })
    .optional(),
  invokerIamDisabled: flag,
  defaultUriDisabled: flag,
  iapEnabled: flag,
  multiRegionSettings: z
    .strictObject({ regions: z.array(z.string()).optional(), multiRegionId: text })
    .optional(),
  customAudiences: z.array(z.string()).optional(),
  buildConfig: z
    .strictObject({
      name: text,
      sourceLocation: text,
      functionTarget: text,
      imageUri: text,
      baseImage: text,
      enableAutomaticUpdates: flag,
      workerPool: text,
      environmentVariables: map,
      serviceAccount: text,
    })
    .optional(),
};

export const MutableService = z.strictObject(mutable);
export type MutableService = z.output<typeof MutableService>;

export const Service = z.strictObject({
  ...mutable,
  name: text,
  uid: text,
  generation: int64,
  createTime: text,
  updateTime: text,
  deleteTime: text,
  expireTime: text,
  creator: text,
  lastModifier: text,
  urls: z.array(z.string()).optional(),
  observedGeneration: int64,
  terminalCondition: Condition.optional(),
  conditions: z.array(Condition).optional(),
  latestReadyRevision: text,
  latestCreatedRevision: text,
  trafficStatuses: z.array(TrafficTarget.extend({ uri: text })).optional(),
  uri: text,
  satisfiesPzs: flag,
  threatDetectionEnabled: flag,
  reconciling: flag,
  etag: text,
});
export type Service = z.output<typeof Service>;

export const Revision = z.strictObject({
  ...revisionFields,
  name: z.string(),
  uid: text,
  generation: int64,
  createTime: text,
  updateTime: text,
  deleteTime: text,
  launchStage: LaunchStage.optional(),
  service: text,
  reconciling: flag,
  conditions: z.array(Condition).optional(),
  observedGeneration: int64,
  logUri: text,
  creator: text,
  etag: text,
});
export type Revision = z.output<typeof Revision>;

const Binding = z.strictObject({
  role: z.string(),
  members: z.array(
    z
      .string()
      .regex(
        /^(allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain|principal|principalSet|deleted):.+)$/,
      ),
  ),
  condition: z.unknown().optional(),
});
export const Policy = z.strictObject({
  version: whole,
  bindings: z.array(Binding).optional(),
  auditConfigs: z.array(z.unknown()).optional(),
  etag: text,
});
export type Policy = z.output<typeof Policy>;
export const SetIamPolicyRequest = z.strictObject({ policy: Policy, updateMask: text, resource: text });
