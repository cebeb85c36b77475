import { z } from 'zod';
import { duration, envName, path } from './units.ts';

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

export const Runtime = z.strictObject({
  port: z.int().min(1).max(65_535).default(8080),
  cpu: z
    .string()
    .regex(/^(\d+(\.\d+)?|\d+m)$/, 'expected a CPU amount such as "1" or "500m"')
    .default('1'),
  memory: z
    .string()
    .regex(/^\d+(Mi|Gi)$/, 'expected an amount such as 512Mi or 2Gi')
    .default('512Mi'),
  cpuIdle: z.boolean().default(true),
  startupCpuBoost: z.boolean().default(true),
  concurrency: z.int().min(1).max(1000).default(80),
  requestTimeout: duration(1, 3600).prefault('300s'),
  minInstances: z.int().min(0).max(1000).default(0),
  maxInstances: z.int().min(1).max(1000).default(20),
  serviceAccount: z.email().optional(),
  env: z.record(envName, z.string()).default({}),
  secrets: z.record(envName, SecretBinding).default({}),
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
