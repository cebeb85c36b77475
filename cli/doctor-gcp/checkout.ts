import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { readTerraform, type TerraformSays } from './terraform.ts';

const Reasons = z.record(z.string(), z.string());
const Times = z.object({ functionTimeoutSeconds: z.number(), ackDeadlineSeconds: z.number() });

/** `functions/targets.json`, as Terraform reads it. */
const Manifest = z.object({
  dispatch: Times,
  trigger: Times,
  retry: z.object({ minimumBackoffSeconds: z.number(), maximumBackoffSeconds: z.number() }),
  deadLetter: z.object({ topic: z.string(), maxDeliveryAttempts: z.number() }),
  defaults: z.object({
    runtime: z.string(),
    ingress: z.string(),
    maxInstances: z.number(),
    concurrency: z.number(),
  }),
  capabilities: z.record(
    z.string(),
    z.object({
      on: z.string(),
      when: z.string().default('always'),
      role: z.string().optional(),
      permissions: z.array(z.string()).default([]),
    }),
  ),
  secrets: z.record(z.string(), z.object({ id: z.string(), when: z.string() })),
  targets: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['trigger', 'http', 'step']),
      topic: z.string().optional(),
      access: z.enum(['public', 'private']).default('private'),
      when: z.string().default('always'),
      ingress: z.string().optional(),
      maxInstances: z.number().optional(),
      concurrency: z.number().optional(),
      may: Reasons,
      secrets: Reasons.default({}),
    }),
  ),
});
type Manifest = z.infer<typeof Manifest>;
export type Target = Manifest['targets'][number];

const Indexes = z.object({
  collections: z.array(z.string()),
  expiring: z.array(z.string()),
  indexes: z.array(z.object({ collection: z.string(), field: z.string() })),
});

/** What this checkout says an installation has. */
export interface Checkout {
  manifest: Manifest;
  indexes: z.infer<typeof Indexes>;
  terraform: TerraformSays;
  /** `workflows/deploy.yaml` as it is. */
  workflow: string;
}

/** @throws Error when a file is missing or not as expected: then it is no checkout of Slipway */
export async function readCheckout(): Promise<Checkout> {
  const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  const [manifest, indexes, workflow, terraform] = await Promise.all([
    read('functions/targets.json'),
    read('shared/ledger/indexes.json'),
    read('workflows/deploy.yaml'),
    readTerraform((name) => read(`terraform/${name}`)),
  ]);
  return {
    manifest: Manifest.parse(JSON.parse(manifest)),
    indexes: Indexes.parse(JSON.parse(indexes)),
    terraform,
    workflow,
  };
}
