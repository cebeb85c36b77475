import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';

/** What clients send. A field that the API knows and this service does not support is refused by `checkSupported`. */

/** By name, or by number as the generated clients send them. */
const enumOf = <const Name extends string>(names: readonly [Name, ...Name[]]) =>
  z.union([
    z.enum(names),
    z
      .int()
      .min(0)
      .max(names.length - 1)
      .transform((index) => names[index] ?? names[0]),
  ]);

export const callLogLevels = [
  'CALL_LOG_LEVEL_UNSPECIFIED',
  'LOG_ALL_CALLS',
  'LOG_ERRORS_ONLY',
  'LOG_NONE',
] as const;
export type CallLogLevel = (typeof callLogLevels)[number];

export const historyLevels = [
  'EXECUTION_HISTORY_LEVEL_UNSPECIFIED',
  'EXECUTION_HISTORY_BASIC',
  'EXECUTION_HISTORY_DETAILED',
] as const;
export type HistoryLevel = (typeof historyLevels)[number];

/** At most 64; lower case letters (of any script), digits, `_` and `-`; a key starts with a letter. */
const Labels = z
  .record(
    z.string().regex(/^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u, 'is not a valid label key'),
    z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u, 'is not a valid label value'),
  )
  .refine((labels) => Object.keys(labels).length <= 64, 'has more than 64 labels');

const UserEnvVars = z
  .record(
    z
      .string()
      .min(1)
      .regex(/^(?!GOOGLE|WORKFLOWS)/, 'must not start with GOOGLE or WORKFLOWS'),
    z.string().max(4096),
  )
  .refine((variables) => Object.keys(variables).length <= 20, 'has more than 20 variables');

/** A field that only the service writes: taken and not looked at. */
const outputOnly = z.unknown().optional();

export const WorkflowBody = z.strictObject({
  name: z.string().optional(),
  description: z.string().max(1000).optional(),
  labels: Labels.optional(),
  serviceAccount: z.string().optional(),
  sourceContents: z.string().optional(),
  userEnvVars: UserEnvVars.optional(),
  callLogLevel: enumOf(callLogLevels).optional(),
  executionHistoryLevel: enumOf(historyLevels).optional(),
  cryptoKeyName: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  state: outputOnly,
  stateError: outputOnly,
  revisionId: outputOnly,
  createTime: outputOnly,
  updateTime: outputOnly,
  revisionCreateTime: outputOnly,
});
export type WorkflowBody = z.infer<typeof WorkflowBody>;

/** @see https://cloud.google.com/workflows/quotas for the size of the argument */
export const ExecutionBody = z.strictObject({
  argument: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= 32_768, 'is larger than 32768 bytes')
    .optional(),
  labels: Labels.optional(),
  callLogLevel: enumOf(callLogLevels).optional(),
  executionHistoryLevel: enumOf(historyLevels).optional(),
  disableConcurrencyQuotaOverflowBuffering: z.boolean().optional(),
  name: outputOnly,
  state: outputOnly,
  stateError: outputOnly,
  status: outputOnly,
  createTime: outputOnly,
  startTime: outputOnly,
  endTime: outputOnly,
  duration: outputOnly,
  result: outputOnly,
  error: outputOnly,
  workflowRevisionId: outputOnly,
});
export type ExecutionBody = z.infer<typeof ExecutionBody>;

/** @throws GoogleError UNIMPLEMENTED naming what is not there in the local cloud */
export function checkSupported(body: WorkflowBody): void {
  const unsupported: [string, boolean][] = [
    ['encryption with a key of one’s own (cryptoKeyName)', (body.cryptoKeyName ?? '') !== ''],
    ['tags', Object.keys(body.tags ?? {}).length > 0],
  ];
  for (const [what, given] of unsupported) {
    if (given) throw new GoogleError('UNIMPLEMENTED', `The local Workflows does not support ${what}`);
  }
}
