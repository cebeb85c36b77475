import { systemClock, type Clock } from '#shared/clock.ts';
import type {
  BilledSteps,
  CallbackDelivery,
  LogEntry,
  Observer,
  StepEvent,
  WaitReason,
  WorkflowHost,
} from '#local/workflows/host.ts';
import { parseJson } from '#local/workflows/json.ts';
import { runWorkflow, type Outcome } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { defaultLimits, type Limits } from '#local/workflows/program.ts';

export interface Run {
  outcome: Promise<Outcome>;
  billed: BilledSteps;
  logs: LogEntry[];
  /** As they begin, without their parts. */
  steps: StepEvent[];
  waits: [WaitReason, number][];
  cancel(): void;
}

/** Starts a workflow with an in-memory host. */
export function start(
  source: string,
  options: {
    argument?: unknown;
    clock?: Clock;
    host?: Partial<WorkflowHost>;
    limits?: Partial<Limits>;
    observer?: Observer;
  } = {},
): Run {
  const billed = { internal: 0, external: 0 };
  const logs: LogEntry[] = [];
  const steps: StepEvent[] = [];
  const waits: [WaitReason, number][] = [];
  const controller = new AbortController();
  let ids = 0;
  const host: WorkflowHost = {
    clock: options.clock ?? systemClock,
    fetch,
    newId: () => `id-${(ids += 1)}`,
    env: { GOOGLE_CLOUD_PROJECT_ID: 'p' },
    log: (entry) => logs.push(entry),
    accessToken: () => 'access-token',
    idToken: async (audience) => `id-token-for-${audience}`,
    connectorOrigin: (service) => `http://127.0.0.1:9/${service}`,
    callbacks: {
      create: (method) => `http://callbacks/${method}`,
      next: async (): Promise<CallbackDelivery | undefined> => undefined,
    },
    ...options.host,
    observer: options.observer ?? {
      onStep(event) {
        if (!event.part && event.state === 'in-progress') steps.push(event);
      },
      onWait: (seconds, why) => waits.push([why, seconds]),
    },
  };
  const argument = options.argument === undefined ? null : parseJson(JSON.stringify(options.argument));
  return {
    outcome: runWorkflow(
      parseWorkflow(source, { ...defaultLimits, ...options.limits }),
      argument,
      host,
      billed,
      controller.signal,
    ),
    billed,
    logs,
    steps,
    waits,
    cancel: () => controller.abort(new Error('cancelled by the test')),
  };
}

/** What the workflow returns, decoded; throws what it raised when it fails. */
export async function result(source: string, options: Parameters<typeof start>[1] = {}): Promise<unknown> {
  const outcome = await start(source, options).outcome;
  if (outcome.state === 'SUCCEEDED') return JSON.parse(outcome.result);
  throw new Error(`${outcome.error.payload} :: ${outcome.error.context}`);
}

/** The value of one expression, with variables `v` assigned as YAML. */
export function value(expression: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const steps = [
    {
      start: { assign: [{ unused: null }, ...Object.entries(variables).map(([name, v]) => ({ [name]: v }))] },
    },
    { answer: { return: `\${${expression}}` } },
  ];
  return result(JSON.stringify(steps));
}

/** The error raised by one expression: its tags and message. */
export async function raisedBy(
  expression: string,
  variables: Record<string, unknown> = {},
): Promise<unknown> {
  const steps = [
    {
      start: { assign: [{ unused: null }, ...Object.entries(variables).map(([name, v]) => ({ [name]: v }))] },
    },
    {
      attempt: {
        try: { steps: [{ evaluate: { assign: [{ answer: `\${${expression}}` }] } }] },
        except: { as: 'e', steps: [{ caught: { return: '${e}' } }] },
      },
    },
    { nothing: { return: 'nothing was raised' } },
  ];
  return result(JSON.stringify(steps));
}
