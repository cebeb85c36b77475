import { z } from 'zod';
import { DeploymentId } from '#shared/domain/ids.ts';

/** Parts of the report's document. What is missing in older documents has its default where they are put together. */

const Time = z.iso.datetime();
const Milliseconds = z.number().nonnegative();

/** How the health probe was answered in one phase; its attempts are in the evidence of its check. */
export const Probe = z.object({
  phase: z.string(),
  attempts: z.int(),
  failed: z.int(),
  /** Of the good answers, by nearest rank; null when there was none. */
  latency: z.object({ p50Ms: Milliseconds, p95Ms: Milliseconds, p99Ms: Milliseconds }).nullable(),
  slowestMs: Milliseconds,
  /** An answer that takes longer counts as none. */
  limitMs: Milliseconds,
});

const Beside = z.object({
  bytes: z.number(),
  differenceBytes: z.number(),
  /** Null beside nothing. */
  percent: z.number().nullable(),
});

/** A command to paste into a shell, and the same as arguments for a program. */
export const Command = z.object({ line: z.string().min(1), arguments: z.array(z.string()).min(1) });

/** What follows, and from what. */
export const NextStep = z.object({
  /** `now`: it does not wait; `before`: before this release or the next is deployed; `later`: when there is time. */
  when: z.enum(['now', 'before', 'later']),
  sentence: z.string().min(1),
  because: z.string().min(1),
  command: Command.nullable(),
});
export type NextStep = z.infer<typeof NextStep>;

/** From what was live before. */
export const Changes = z.object({
  since: z.object({ deploymentId: DeploymentId, at: Time }).nullable(),
  /** Why there is nothing to compare with. */
  reason: z.string().nullable(),
  image: z.array(
    z.object({
      what: z.enum(['version', 'tag', 'source', 'digest']),
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
  /** By path, as JSON; null where there is none. */
  config: z.array(z.object({ path: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
});

export const ImageSize = z.object({
  bytes: z.number(),
  previous: Beside.nullable(),
  baseline: Beside.nullable(),
});

/** What the service file asks Cloud Run for. */
export const Declared = z.object({
  cpu: z.string(),
  memory: z.string(),
  concurrency: z.number(),
  minInstances: z.number(),
  maxInstances: z.number(),
  /** Variables that hold a secret, and how many secrets these are. */
  secretMappings: z.int(),
  secrets: z.int(),
  /** What came to version 1 later. */
  requestTimeoutSeconds: z.number().nullable().default(null),
  startupSeconds: z.number().nullable().default(null),
  cloudSql: z.array(z.string()).default([]),
  vpc: z.string().nullable().default(null),
  healthPath: z.string().nullable().default(null),
});
