import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { parsedValue, type LocalRequest } from '#local/http.ts';
import type { BilledSteps } from '#local/workflows/host.ts';
import type { OutcomeError } from '#local/workflows/outcome.ts';

/** What the service keeps of a workflow. Its name holds the project's id, an execution's name the project's number. */
export interface StoredWorkflow {
  id: string;
  description: string;
  labels: Record<string, string>;
  serviceAccount: string;
  sourceContents: string;
  userEnvVars: Record<string, string>;
  /** `000001-a4d`; a new one with every change of source, account or variables. */
  revisionId: string;
  createTime: string;
  updateTime: string;
  revisionCreateTime: string;
}

export interface StoredExecution {
  id: string;
  workflow: string;
  state: ExecutionState;
  createTime: string;
  startTime: string;
  endTime?: string;
  /** JSON text. */
  argument?: string;
  /** JSON text. */
  result?: string;
  error?: OutcomeError;
  labels: Record<string, string>;
  workflowRevisionId: string;
  currentStep?: { routine: string; step: string };
  billedSteps: BilledSteps;
}

/** Position is the enum number. */
const states = [
  'STATE_UNSPECIFIED',
  'ACTIVE',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'UNAVAILABLE',
  'QUEUED',
] as const;
type ExecutionState = (typeof states)[number];

/** At most 64; lower case letters (of any script), digits, `_` and `-`; a key starts with a letter. */
const Labels = z
  .record(
    z.string().regex(/^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u, 'is not a valid label key'),
    z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u, 'is not a valid label value'),
  )
  .refine((labels) => Object.keys(labels).length <= 64, 'has more than 64 labels');

const UserEnvVars = z.record(
  z
    .string()
    .min(1)
    .regex(/^(?!GOOGLE_|WORKFLOWS_)/, 'must not start with GOOGLE_ or WORKFLOWS_'),
  z.string().max(4096),
);

export const WorkflowBody = z.strictObject({
  name: z.string().optional(),
  description: z.string().max(1000).optional(),
  labels: Labels.optional(),
  serviceAccount: z.string().optional(),
  sourceContents: z.string().optional(),
  userEnvVars: UserEnvVars.optional(),
});
export type WorkflowBody = z.infer<typeof WorkflowBody>;

/** @see https://cloud.google.com/workflows/quotas for the size of the argument */
export const ExecutionBody = z.strictObject({
  argument: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= 32_768, 'is larger than 32768 bytes')
    .optional(),
  labels: Labels.optional(),
});

/** What any of Google's REST APIs takes. The generated client asks for enum numbers by `$alt=json;enum-encoding=int`. */
const commonQuery = {
  alt: z.enum(['json']).optional(),
  $alt: z.enum(['json', 'json;enum-encoding=int']).optional(),
  prettyPrint: z.string().optional(),
};

/** The query of a request as that shape wants it; a parameter that is not in it is refused. */
export function queryOf<Shape extends z.core.$ZodLooseShape>(
  request: LocalRequest,
  shape: Shape,
): z.output<z.ZodObject<Shape & typeof commonQuery>> {
  const query = Object.fromEntries(request.url.searchParams);
  return parsedValue(z.strictObject({ ...commonQuery, ...shape }), query);
}

export const View = z
  .enum(['EXECUTION_VIEW_UNSPECIFIED', 'BASIC', 'FULL', '0', '1', '2'])
  .transform((view) => {
    if (view === 'BASIC' || view === '1') return 'BASIC';
    return view === 'FULL' || view === '2' ? 'FULL' : undefined;
  });

/**
 * An execution as the API shows it. BASIC has name, times, state and revision only.
 * @param name full resource name
 */
export function executionResource(
  execution: StoredExecution,
  name: string,
  options: { view: 'BASIC' | 'FULL'; enumNumbers: boolean },
): Record<string, unknown> {
  const { state, createTime, startTime, endTime, workflowRevisionId } = execution;
  const basic = {
    name,
    createTime,
    startTime,
    ...(endTime === undefined ? {} : { endTime, duration: durationOf(startTime, endTime) }),
    state: options.enumNumbers ? states.indexOf(state) : state,
    workflowRevisionId,
  };
  if (options.view === 'BASIC') return basic;
  const { argument, result, error, labels, currentStep, billedSteps } = execution;
  return {
    ...basic,
    ...(argument === undefined ? {} : { argument }),
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
    ...(currentStep === undefined ? {} : { status: { currentSteps: [currentStep] } }),
    labels,
    localBilledSteps: billedSteps,
  };
}

export function enumNumbers(query: { $alt?: string | undefined }): boolean {
  return query.$alt === 'json;enum-encoding=int';
}

export function isActive(execution: StoredExecution): boolean {
  return execution.state === 'ACTIVE' || execution.state === 'QUEUED';
}

/** @throws GoogleError INVALID_ARGUMENT for anything but a lower-case id of up to 64 characters */
export function checkWorkflowId(id: string): void {
  if (/^[a-z][a-z0-9_-]{0,63}$/.test(id) && !/[_-]$/.test(id)) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `workflow id "${id}" is not valid: letters in lower case, digits, _ and -, a letter first, a letter or digit last`,
  );
}

function durationOf(start: string, end: string): string {
  return `${(Date.parse(end) - Date.parse(start)) / 1000}s`;
}
