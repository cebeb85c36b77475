import { z } from 'zod';
import { duration, envName, memory, name, path } from './units.ts';

/** @param maximumSeconds Google's limit for delay and period: 240 for a startup probe, 3600 for a liveness probe */
const containerProbe = (maximumSeconds: number) =>
  z.strictObject({
    path: path.optional(),
    initialDelay: duration(0, maximumSeconds).optional(),
    period: duration(1, maximumSeconds).optional(),
    timeout: duration(1, maximumSeconds).optional(),
    failureThreshold: z.int().min(1).optional(),
  });

/** `name:version` pins a version; `name:latest` is allowed, and said so in the report. */
const SecretBinding = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,255}:(latest|[1-9]\d*)$/, 'expected SECRET:VERSION, such as database-password:3');

/** What a secret's value must be like. The value is judged where the deployment is checked, and never shown. */
const SecretRule = z
  .strictObject({
    /** Characters. */
    minimumLength: z.int().min(1).max(65_536).optional(),
    /** No word such as `changeme` and no single character repeated. */
    notPlaceholder: z.literal(true).optional(),
    /** Variables of other services, in the environment of the same name, that must hold the same value. */
    sameAs: z
      .array(z.strictObject({ service: name, variable: envName }))
      .min(1)
      .max(20)
      .optional(),
  })
  .refine((rule) => Object.keys(rule).length > 0, 'expected minimumLength, notPlaceholder or sameAs');
export type SecretRule = z.infer<typeof SecretRule>;

/** What the image must be like. */
export const ImageRules = z.strictObject({
  /** Compressed, as the registry keeps it. */
  maximumSizeMiB: z.number().positive().optional(),
  /** What the size is compared with in the report. */
  baselineSizeMiB: z.number().positive().optional(),
  /** Labels it must carry. */
  labels: z.array(z.string().min(1)).max(50).optional(),
});

export const Runtime = z.strictObject({
  port: z.int().min(1).max(65_535).default(8080),
  cpu: z
    .string()
    .regex(/^(\d+(\.\d+)?|\d+m)$/, 'expected a CPU amount such as "1" or "500m"')
    .default('1'),
  memory: memory.default('512Mi'),
  cpuIdle: z.boolean().default(true),
  startupCpuBoost: z.boolean().default(true),
  concurrency: z.int().min(1).max(1000).default(80),
  requestTimeout: duration(1, 3600).prefault('300s'),
  minInstances: z.int().min(0).max(1000).default(0),
  maxInstances: z.int().min(1).max(1000).default(20),
  serviceAccount: z.email().optional(),
  env: z.record(envName, z.string()).default({}),
  secrets: z.record(envName, SecretBinding).default({}),
  secretRules: z.record(envName, SecretRule).optional(),
  cloudSql: z
    .array(z.string().regex(/^[^:\s]+:[^:\s]+:[^:\s]+$/, 'expected PROJECT:REGION:INSTANCE'))
    .default([]),
  vpc: z
    .union([
      z.strictObject({
        connector: z.string(),
        egress: z.enum(['private-ranges-only', 'all-traffic']).default('private-ranges-only'),
      }),
      z.strictObject({
        network: z.string(),
        subnetwork: z.string(),
        egress: z.enum(['private-ranges-only', 'all-traffic']).default('private-ranges-only'),
      }),
    ])
    .optional(),
  ingress: z.enum(['all', 'internal', 'internal-and-cloud-load-balancing']).default('all'),
  /** `private`: callers need an identity token of an account that may invoke the service. */
  access: z.enum(['public', 'private']).default('private'),
  startupProbe: containerProbe(240).optional(),
  livenessProbe: containerProbe(3600).optional(),
});
