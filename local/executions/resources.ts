import { callLogLevels, historyLevels, type CallLogLevel, type HistoryLevel } from './bodies.ts';
import type { FieldTable } from './fields.ts';
import { shownEnum } from './query.ts';
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
  callLogLevel?: CallLogLevel;
  executionHistoryLevel?: HistoryLevel;
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
  /** None as long as it is QUEUED. */
  startTime?: string;
  endTime?: string;
  /** JSON text. */
  argument?: string;
  /** JSON text. */
  result?: string;
  error?: OutcomeError;
  labels: Record<string, string>;
  callLogLevel?: CallLogLevel;
  executionHistoryLevel?: HistoryLevel;
  disableConcurrencyQuotaOverflowBuffering?: boolean;
  workflowRevisionId: string;
  currentStep?: { routine: string; step: string };
  billedSteps: BilledSteps;
}

/** Position is the enum number. UNAVAILABLE is what a lost encryption key leaves: never reached here. */
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

/** By which `workflows.list` filters and orders; the API says no names: those of the resource (unverified). */
export const workflowFields: FieldTable<StoredWorkflow> = {
  state: { kind: 'text', read: () => 'ACTIVE' },
  description: { kind: 'text', read: ({ description }) => description },
  serviceAccount: { kind: 'text', read: ({ serviceAccount }) => serviceAccount },
  revisionId: { kind: 'text', read: ({ revisionId }) => revisionId },
  createTime: { kind: 'time', read: ({ createTime }) => createTime },
  updateTime: { kind: 'time', read: ({ updateTime }) => updateTime },
  revisionCreateTime: { kind: 'time', read: ({ revisionCreateTime }) => revisionCreateTime },
};

/** By which `executions.list` orders; it filters by more. */
export const executionOrder: FieldTable<StoredExecution> = {
  executionId: { kind: 'text', read: ({ id }) => id },
  state: { kind: 'text', read: ({ state }) => state },
  createTime: { kind: 'time', read: ({ createTime }) => createTime },
  startTime: { kind: 'time', read: ({ startTime }) => startTime },
  endTime: { kind: 'time', read: ({ endTime }) => endTime },
  duration: { kind: 'duration', read: durationOf },
  workflowRevisionId: { kind: 'text', read: ({ workflowRevisionId }) => workflowRevisionId },
};

export const executionFields: FieldTable<StoredExecution> = {
  ...executionOrder,
  stepName: { kind: 'text', read: ({ currentStep }) => currentStep?.step },
  disableConcurrencyQuotaOverflowBuffering: {
    kind: 'boolean',
    read: (execution) => String(execution.disableConcurrencyQuotaOverflowBuffering ?? false),
  },
};

/**
 * An execution as the API shows it. BASIC has name, times, state and revision only.
 * @param name full resource name
 */
export function executionResource(
  execution: StoredExecution,
  name: string,
  options: { view: 'BASIC' | 'FULL'; enumNumbers: boolean },
): Record<string, unknown> {
  const { id: _id, workflow: _workflow, state, currentStep, billedSteps, ...kept } = execution;
  const { startTime, endTime, workflowRevisionId, ...full } = kept;
  const basic = {
    name,
    startTime,
    endTime,
    duration: durationOf(execution),
    state: shownEnum(states, state, options.enumNumbers),
    workflowRevisionId,
  };
  if (options.view === 'BASIC') return basic;
  return {
    ...basic,
    ...full,
    callLogLevel: shownEnum(callLogLevels, full.callLogLevel, options.enumNumbers),
    executionHistoryLevel: shownEnum(historyLevels, full.executionHistoryLevel, options.enumNumbers),
    status: currentStep && { currentSteps: [currentStep] },
    localBilledSteps: billedSteps,
  };
}

/** That of the execution, or else of its workflow. */
export function historyLevel(execution: StoredExecution, workflow: StoredWorkflow): HistoryLevel | undefined {
  const levels = [execution.executionHistoryLevel, workflow.executionHistoryLevel];
  return levels.find((level) => level !== 'EXECUTION_HISTORY_LEVEL_UNSPECIFIED' && level !== undefined);
}

/** That of the execution, or else of its workflow. */
export function callLogLevel(execution: StoredExecution, workflow: StoredWorkflow): CallLogLevel | undefined {
  const levels = [execution.callLogLevel, workflow.callLogLevel];
  return levels.find((level) => level !== 'CALL_LOG_LEVEL_UNSPECIFIED' && level !== undefined);
}

export function isActive(execution: StoredExecution): boolean {
  return execution.state === 'ACTIVE' || execution.state === 'QUEUED';
}

function durationOf({ startTime, endTime }: StoredExecution): string | undefined {
  if (startTime === undefined || endTime === undefined) return undefined;
  return `${(Date.parse(endTime) - Date.parse(startTime)) / 1000}s`;
}
