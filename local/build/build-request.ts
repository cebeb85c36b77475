import * as z from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { parseReference } from '#local/registry/reference.ts';
import { builderLabel } from './image.ts';

/** The one build step the local Cloud Build can run; real Cloud Build runs any container as a step. */
const embeddedBuilder = 'slipway/embedded-builder';

/**
 * The part of a Cloud Build `Build` a client may send here. Every other field is refused by name, as it would change what
 * the build does: https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds#Build
 */
const BuildRequest = z.strictObject({
  source: z.strictObject({
    storageSource: z.strictObject({
      bucket: z.string().min(1),
      object: z.string().min(1),
      generation: z.union([z.string().regex(/^\d+$/), z.int().positive().transform(String)]).optional(),
    }),
  }),
  steps: z
    .array(
      z.strictObject({ name: z.string(), id: z.string().optional(), args: z.array(z.string()).optional() }),
    )
    .length(1),
  images: z.array(z.string()).min(1),
  tags: z.array(z.string().regex(/^[\w.-]{1,128}$/)).optional(),
  timeout: z
    .string()
    .regex(/^\d+(\.\d+)?s$/)
    .optional(),
  serviceAccount: z
    .string()
    .regex(/^projects\/[^/]+\/serviceAccounts\/[^/]+$/)
    .optional(),
  options: z
    .strictObject({
      logging: z.enum(['CLOUD_LOGGING_ONLY', 'NONE']).optional(),
      machineType: z.string().optional(),
    })
    .optional(),
});
/** A build as it was asked for. */
export type BuildRequest = z.infer<typeof BuildRequest>;

/** @throws GoogleError INVALID_ARGUMENT for what Cloud Build rejects and for what only real Cloud Build could do. */
export function parseBuildRequest(body: unknown): BuildRequest {
  const result = BuildRequest.safeParse(body);
  if (!result.success) {
    throw invalid(`the local Cloud Build cannot take this build: ${z.prettifyError(result.error)}`);
  }
  const { steps, images, serviceAccount, options } = result.data;
  for (const { name, args = [] } of steps) {
    if (name !== embeddedBuilder) {
      throw invalid(
        `step "${name}": the local Cloud Build runs "${embeddedBuilder}" only; it starts no containers`,
      );
    }
    labelsOf(args);
  }
  for (const image of images) parseReference(image);
  if (serviceAccount !== undefined && options?.logging === undefined) {
    throw invalid(
      "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket', (b) use the REGIONAL_USER_OWNED_BUCKET build.options.default_logs_bucket_behavior option, or (c) use either CLOUD_LOGGING_ONLY / NONE logging options",
    );
  }
  return result.data;
}

/** The labels a step's arguments ask for, written as for `docker build`: `--label KEY=VALUE` or `--label=KEY=VALUE`. */
export function labelsOf(args: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const text = arg === '--label' ? args[(index += 1)] : /^--label=(.+)$/s.exec(arg)?.[1];
    const { key, value } = /^(?<key>[\w./-]+)=(?<value>.*)$/s.exec(text ?? '')?.groups ?? {};
    if (key === undefined || value === undefined) {
      throw invalid(`argument "${arg}" of ${embeddedBuilder}: expected --label KEY=VALUE`);
    }
    if (key in builderLabel) throw invalid(`label "${key}" is set by the builder alone`);
    labels[key] = value;
  }
  return labels;
}

function invalid(message: string): GoogleError {
  return new GoogleError('INVALID_ARGUMENT', `invalid build: ${message}`);
}
