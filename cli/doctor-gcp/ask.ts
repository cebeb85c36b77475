import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { createRest } from '#shared/google/rest.ts';
import { usageError } from '#cli/exit.ts';
import { readCheckout } from './checkout.ts';
import { findCredentials } from './credentials.ts';
import { gcpDoctor } from './doctor.ts';
import type { Finding } from './finding.ts';
import { createGoogle } from './google.ts';
import { Place } from './scene.ts';

/** What a person may say of the installation; the rest is found, or is Terraform's default. */
export const Wanted = z.object({
  project: z.string().optional(),
  region: z.string().optional(),
  prefix: z.string(),
  ledger: z.string(),
  ledgerLocation: z.string().optional(),
  target: z.array(z.string()).default([]),
  /** Seconds for each answer. */
  timeout: z.number(),
});

const Environment = z.object({
  SLIPWAY_PROJECT: z.string().default(''),
  SLIPWAY_REGION: z.string().default(''),
  /** As of the functions (`shared/env.ts`): where the local cloud, or a test, answers for Google. */
  GOOGLE_APIS_ENDPOINT: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
});

/** The doctor with the credentials of who runs it. @throws CommandError without credentials or project */
export async function askGoogle(
  wanted: z.infer<typeof Wanted>,
  { env, clock }: { env: Record<string, string | undefined>; clock: Clock },
): Promise<Finding[]> {
  const { SLIPWAY_PROJECT, SLIPWAY_REGION, GOOGLE_APIS_ENDPOINT } = valid(Environment, env);
  const endpoint = GOOGLE_APIS_ENDPOINT === '' ? undefined : GOOGLE_APIS_ENDPOINT;
  const { prefix, ledger, target, timeout: timeoutSeconds } = wanted;
  const checkout = await readCheckout();
  const given = wanted.project ?? (SLIPWAY_PROJECT === '' ? undefined : SLIPWAY_PROJECT);
  const credentials = await findCredentials({ endpoint, timeoutSeconds, project: given });
  const region = wanted.region ?? (SLIPWAY_REGION === '' ? 'us-central1' : SLIPWAY_REGION);
  const place = valid(Place, {
    project: await credentials.project(),
    region,
    prefix,
    ledger,
    ledgerLocation: wanted.ledgerLocation ?? region,
    targetProjects: target,
  });
  const google = createGoogle({
    rest: createRest({ tokens: credentials.tokens }),
    project: place.project,
    endpoint,
    quotaProject: credentials.areAPersons ? place.project : undefined,
    timeoutSeconds,
  });
  return gcpDoctor({ checkout, place, google, now: clock.now() });
}

/** @throws CommandError that says what was expected */
function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw usageError(
    parsed.error.issues
      .map(({ path, message }) => `${path.join('.')} ${JSON.stringify(valueAt(value, path))}: ${message}`)
      .join('\n'),
  );
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
