import { z } from 'zod';
import { ExecutionEnvironment, KeyRevocationAction, Medium, VpcEgress } from './enumeration.ts';

/**
 * `google.cloud.run.v2.RevisionTemplate` field by field. What the local cloud does not simulate (volumes, VPC access,
 * sidecars, GPUs, …) is known here all the same: it is kept as sent, and only an unknown name is refused.
 */
const text = z.string().optional();
const whole = z.int().optional();
const flag = z.boolean().optional();
const map = z.record(z.string(), z.string()).optional();
const duration = z
  .string()
  .regex(/^\d+(\.\d{1,9})?s$/, 'expected a duration in seconds, such as "300s"')
  .optional();

const HttpGet = z.strictObject({
  path: text,
  port: whole,
  httpHeaders: z.array(z.strictObject({ name: z.string(), value: text })).optional(),
});

export const Probe = z.strictObject({
  initialDelaySeconds: whole,
  timeoutSeconds: whole,
  periodSeconds: whole,
  failureThreshold: whole,
  successThreshold: whole,
  httpGet: HttpGet.optional(),
  tcpSocket: z.strictObject({ port: whole }).optional(),
  grpc: z.strictObject({ port: whole, service: text }).optional(),
});
export type Probe = z.output<typeof Probe>;

const EnvVar = z.strictObject({
  name: z.string(),
  value: text,
  valueSource: z
    .strictObject({ secretKeyRef: z.strictObject({ secret: z.string(), version: text }).optional() })
    .optional(),
});

export const Container = z.strictObject({
  name: text,
  image: text,
  sourceCode: z
    .strictObject({
      cloudStorageSource: z
        .strictObject({
          bucket: text,
          object: text,
          generation: z.union([z.string(), z.int()]).optional(),
        })
        .optional(),
    })
    .optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(EnvVar).optional(),
  resources: z.strictObject({ limits: map, cpuIdle: flag, startupCpuBoost: flag }).optional(),
  ports: z.array(z.strictObject({ name: text, containerPort: whole })).optional(),
  volumeMounts: z
    .array(z.strictObject({ name: z.string(), mountPath: z.string(), subPath: text }))
    .optional(),
  workingDir: text,
  livenessProbe: Probe.optional(),
  startupProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  dependsOn: z.array(z.string()).optional(),
  baseImageUri: text,
  buildInfo: z.strictObject({ functionTarget: text, sourceLocation: text }).optional(),
});
export type Container = z.output<typeof Container>;

const Volume = z.strictObject({
  name: z.string(),
  secret: z
    .strictObject({
      secret: z.string(),
      items: z.array(z.strictObject({ path: z.string(), version: text, mode: whole })).optional(),
      defaultMode: whole,
    })
    .optional(),
  cloudSqlInstance: z.strictObject({ instances: z.array(z.string()).optional() }).optional(),
  emptyDir: z.strictObject({ medium: Medium.optional(), sizeLimit: text }).optional(),
  nfs: z.strictObject({ server: text, path: text, readOnly: flag }).optional(),
  gcs: z
    .strictObject({ bucket: text, readOnly: flag, mountOptions: z.array(z.string()).optional() })
    .optional(),
});

const VpcAccess = z.strictObject({
  connector: text,
  egress: VpcEgress.optional(),
  networkInterfaces: z
    .array(z.strictObject({ network: text, subnetwork: text, tags: z.array(z.string()).optional() }))
    .optional(),
});

/** What template and revision have in common. */
export const revisionFields = {
  labels: map,
  annotations: map,
  scaling: z.strictObject({ minInstanceCount: whole, maxInstanceCount: whole }).optional(),
  vpcAccess: VpcAccess.optional(),
  timeout: duration,
  serviceAccount: text,
  containers: z.array(Container).optional(),
  volumes: z.array(Volume).optional(),
  executionEnvironment: ExecutionEnvironment.optional(),
  encryptionKey: text,
  maxInstanceRequestConcurrency: whole,
  serviceMesh: z.strictObject({ mesh: text }).optional(),
  encryptionKeyRevocationAction: KeyRevocationAction.optional(),
  encryptionKeyShutdownDuration: duration,
  sessionAffinity: flag,
  nodeSelector: z.strictObject({ accelerator: text }).optional(),
  gpuZonalRedundancyDisabled: flag,
};

export const RevisionTemplate = z.strictObject({
  ...revisionFields,
  revision: text,
  healthCheckDisabled: flag,
});
export type RevisionTemplate = z.output<typeof RevisionTemplate>;
