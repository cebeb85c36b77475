import { z } from 'zod';
import { duration, name, path, status } from './units.ts';

export const HealthProbe = z.strictObject({
  path: path.default('/'),
  status: status.default(200),
  /** How long a candidate may take until its first success. */
  startupGrace: duration(0, 3600).prefault('60s'),
  interval: duration(0.1, 300).prefault('1s'),
  timeout: duration(0.1, 60).prefault('5s'),
  /** Consecutive successes that make a candidate healthy. */
  successes: z.int().min(1).max(100).default(3),
  /** Consecutive failures that make a revision under traffic unhealthy. */
  failures: z.int().min(1).max(100).default(3),
});

const Expect = z.strictObject({
  status: status.default(200),
  /** Text that must be in the body. */
  contains: z.string().min(1).optional(),
  /** Top-level JSON fields and the values they must have. */
  json: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  maximumLatency: duration(0.001, 60).optional(),
});

const HttpCheck = z.strictObject({
  name,
  title: z.string().min(1).optional(),
  severity: z.enum(['required', 'advisory']).default('required'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  timeout: duration(0.1, 60).prefault('10s'),
  expect: Expect.prefault({}),
});
export type HttpCheck = z.infer<typeof HttpCheck>;

export const SuiteFile = z.strictObject({ title: z.string().min(1), checks: z.array(HttpCheck).min(1) });
