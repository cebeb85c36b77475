import type { Clock } from '#shared/clock.ts';
import type { FieldTable } from './fields.ts';
import { WorkflowFault } from '#local/workflows/fault.ts';
import type { StepEvent, StepType } from '#local/workflows/host.ts';
import { formatJson } from '#local/workflows/json.ts';
import { isList, isMap, type Value, type ValueMap } from '#local/workflows/values.ts';

type EntryType = Exclude<StepType, 'STEPS'>;

/** One step entry of an execution. https://cloud.google.com/workflows/docs/debug-steps */
export interface StepEntry {
  /** Counted from 1 in the order entries begin. */
  id: number;
  parent?: number;
  routine: string;
  step: string;
  type: EntryType;
  state: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  createTime: string;
  updateTime: string;
  /** JSON text of what it failed with. */
  exception?: string;
  threadId: string;
  /** Counted from 1. */
  progress?: number;
  /** Iterations or branches of the loop or step around it, that one included. */
  expected?: number;
  /** JSON text of the variables in scope when it ended. Only of a detailed history. */
  variables?: string;
}

/**
 * The most that the variables in the history of one execution take in all, as text: every entry has all of them.
 * Later entries have none. (Google's limit is not known.)
 */
const variablesLimit = 8 * 1024 * 1024;

/** The steps of one execution as they happen. */
export interface History {
  /** Wants to be told the variables. */
  readonly detailed: boolean;
  onStep(event: StepEvent): void;
  readonly entries: readonly StepEntry[];
  /** What is in progress ends as cancelled. */
  cancel(): void;
}

/** A plain block of steps is no entry of its own (the API has no type for one): what is in it belongs to what is around it. */
export function createHistory(clock: Clock, detailed = false): History {
  const entries: StepEntry[] = [];
  /** By the id of the event; that of a block is the entry around it. */
  const byEvent = new Map<number, StepEntry | undefined>();
  let room = variablesLimit;
  const now = (): string => new Date(clock.now()).toISOString();

  function begin(event: StepEvent): void {
    const { routine, step, type, threadId, iteration, expected } = event;
    const parent = event.parent === undefined ? undefined : byEvent.get(event.parent);
    if (type === 'STEPS') {
      byEvent.set(event.id, parent);
      return;
    }
    const time = now();
    const entry: StepEntry = {
      id: entries.length + 1,
      ...(parent ? { parent: parent.id } : {}),
      routine,
      step,
      type,
      state: 'IN_PROGRESS',
      createTime: time,
      updateTime: time,
      threadId,
      ...(iteration === undefined ? {} : { progress: iteration + 1 }),
      ...(expected === undefined || !detailed ? {} : { expected }),
    };
    entries.push(entry);
    byEvent.set(event.id, entry);
  }

  function keepVariables(entry: StepEntry, variables: ValueMap): void {
    const text = formatJson(asJson(variables));
    room -= Buffer.byteLength(text);
    if (room >= 0) entry.variables = text;
  }

  return {
    detailed,
    entries,
    onStep(event) {
      if (event.state === 'in-progress') {
        begin(event);
        return;
      }
      const entry = byEvent.get(event.id);
      byEvent.delete(event.id);
      if (!entry || event.type === 'STEPS') return;
      entry.state = event.state === 'succeeded' ? 'SUCCEEDED' : 'FAILED';
      entry.updateTime = now();
      if (event.error !== undefined) entry.exception = textOfError(event.error);
      if (event.variables) keepVariables(entry, event.variables);
    },
    cancel() {
      for (const entry of entries) {
        if (entry.state !== 'IN_PROGRESS') continue;
        entry.state = 'CANCELLED';
        entry.updateTime = now();
      }
    },
  };
}

/** By which `stepEntries.list` orders; it filters by the parent too. */
export const entryOrder: FieldTable<StepEntry> = {
  entryId: { kind: 'number', read: ({ id }) => String(id) },
  createTime: { kind: 'time', read: ({ createTime }) => createTime },
  updateTime: { kind: 'time', read: ({ updateTime }) => updateTime },
  routine: { kind: 'text', read: ({ routine }) => routine },
  step: { kind: 'text', read: ({ step }) => step },
  stepType: { kind: 'text', prefix: 'STEP_', read: ({ type }) => type },
  // Google's own example of a filter leaves out the prefix: state="SUCCEEDED".
  state: { kind: 'text', prefix: 'STATE_', read: ({ state }) => state },
};

export const entryFields: FieldTable<StepEntry> = {
  ...entryOrder,
  parent: { kind: 'number', read: ({ parent }) => (parent === undefined ? undefined : String(parent)) },
};

/** JSON text of what was raised, or why it has none: it may hold bytes. */
export function textOfError(error: Value): string {
  try {
    return formatJson(error);
  } catch (problem) {
    if (problem instanceof WorkflowFault) return JSON.stringify(problem.message);
    throw problem;
  }
}

/** Without what has no JSON form: bytes become text in base64, infinite numbers their names (unverified). */
export function asJson(value: Value): Value {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (isList(value)) return value.map(asJson);
  return isMap(value) ? new Map([...value].map(([key, item]) => [key, asJson(item)])) : value;
}
