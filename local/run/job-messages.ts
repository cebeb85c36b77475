import { z } from 'zod';
import { CompletionStatus } from './enumeration.ts';
import { Condition, MutableService } from './messages.ts';
import { Container, revisionFields } from './template-message.ts';

/** Jobs and executions, under the rules of `messages.ts` and from the same source. */
const text = z.string().optional();
const whole = z.int().optional();
const flag = z.boolean().optional();
const int64 = z.union([z.string(), z.int()]).optional();
const { labels, annotations, ...revision } = revisionFields;

const TaskTemplate = z.strictObject({
  containers: z.array(Container).optional(),
  volumes: revision.volumes,
  maxRetries: whole,
  timeout: revision.timeout,
  serviceAccount: text,
  executionEnvironment: revision.executionEnvironment,
  encryptionKey: text,
  vpcAccess: revision.vpcAccess,
  nodeSelector: revision.nodeSelector,
  gpuZonalRedundancyDisabled: flag,
});

const ExecutionTemplate = z.strictObject({
  labels,
  annotations,
  parallelism: whole,
  taskCount: whole,
  template: TaskTemplate.optional(),
});
export type ExecutionTemplate = z.output<typeof ExecutionTemplate>;

const { client, clientVersion, launchStage, binaryAuthorization } = MutableService.shape;
const mutable = {
  labels,
  annotations,
  client,
  clientVersion,
  launchStage,
  binaryAuthorization,
  template: ExecutionTemplate.optional(),
};
/** The part of a job that a client writes; parsing drops the rest. */
export const MutableJob = z.object(mutable);
export type MutableJob = z.output<typeof MutableJob>;

/** What jobs and executions have in common, none of it written by a client. */
const status = {
  name: text,
  uid: text,
  generation: int64,
  createTime: text,
  updateTime: text,
  deleteTime: text,
  expireTime: text,
  creator: text,
  observedGeneration: int64,
  conditions: z.array(Condition).optional(),
  reconciling: flag,
  satisfiesPzs: flag,
  etag: text,
};

export const Job = z.strictObject({
  ...mutable,
  ...status,
  lastModifier: text,
  terminalCondition: Condition.optional(),
  executionCount: whole,
  latestCreatedExecution: z
    .strictObject({
      name: text,
      createTime: text,
      completionTime: text,
      deleteTime: text,
      completionStatus: CompletionStatus.optional(),
    })
    .optional(),
  startExecutionToken: text,
  runExecutionToken: text,
});
export type Job = z.output<typeof Job>;

export const Execution = z.strictObject({
  ...status,
  labels,
  annotations,
  startTime: text,
  completionTime: text,
  launchStage,
  job: text,
  parallelism: whole,
  taskCount: whole,
  template: TaskTemplate.optional(),
  runningCount: whole,
  succeededCount: whole,
  failedCount: whole,
  cancelledCount: whole,
  retriedCount: whole,
  logUri: text,
});
export type Execution = z.output<typeof Execution>;

const Overrides = z.strictObject({
  containerOverrides: z
    .array(
      z.strictObject({
        name: text,
        args: z.array(z.string()).optional(),
        env: Container.shape.env,
        clearArgs: flag,
      }),
    )
    .optional(),
  taskCount: whole,
  timeout: revision.timeout,
});
export type Overrides = z.output<typeof Overrides>;

/** The body of `jobs.run`, and of `executions.cancel`, which has no overrides. */
export const CancelRequest = z.strictObject({ name: text, validateOnly: flag, etag: text });
export const RunJobRequest = CancelRequest.extend({ overrides: Overrides.optional() });
export type RunJobRequest = z.output<typeof RunJobRequest>;
