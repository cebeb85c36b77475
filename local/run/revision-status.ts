import { messageOf } from '#shared/errors.ts';
import type { CommonReason, RevisionReason } from './enumeration.ts';
import type { Condition } from './messages.ts';

/** Why a revision cannot serve, in Google's words and reasons. At most one of the two reasons is set. */
export interface Failure {
  /** The condition of the revision that says it, beside Ready. */
  condition: 'Ready' | 'ContainerReady' | 'ContainerHealthy' | 'ResourcesAvailable';
  reason?: CommonReason;
  revisionReason?: RevisionReason;
  message: string;
}

export type RevisionStatus = { kind: 'pending' } | { kind: 'ready' } | { kind: 'failed'; failure: Failure };

/** Carries a `Failure` out of the steps of a start. */
export class RevisionFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'RevisionFailure';
    this.failure = failure;
  }
}

/** Why the step failed, undefined when it did not. What is no failure of the revision is told to `onError`. */
export async function failureOf(
  onError: (error: unknown) => void,
  step: () => Promise<Failure | undefined | void>,
): Promise<Failure | undefined> {
  try {
    return (await step()) ?? undefined;
  } catch (error) {
    if (error instanceof RevisionFailure) return error.failure;
    onError(error);
    return { condition: 'Ready', reason: 'INTERNAL', message: `local cloud: ${messageOf(error)}` };
  }
}

/** How the service speaks of a revision that failed. */
export function notReadyMessage(revision: string, failure: Failure): string {
  return `Revision '${revision}' is not ready and cannot serve traffic. ${failure.message}`;
}

/** The conditions of a revision: Ready, and the sub-condition that explains a failure. */
export function revisionConditions(status: RevisionStatus, lastTransitionTime: string): Condition[] {
  switch (status.kind) {
    case 'pending':
      return [{ type: 'Ready', state: 'CONDITION_RECONCILING', lastTransitionTime }];
    case 'ready':
      return (['Ready', 'ContainerHealthy', 'ContainerReady', 'ResourcesAvailable'] as const).map((type) => ({
        type,
        state: 'CONDITION_SUCCEEDED',
        lastTransitionTime,
      }));
    case 'failed': {
      const ready = failedCondition('Ready', status.failure, lastTransitionTime);
      const { condition } = status.failure;
      return condition === 'Ready' ? [ready] : [ready, { ...ready, type: condition }];
    }
    default:
      return status satisfies never;
  }
}

/** A failed condition of that type, with the failure's reason and words. */
export function failedCondition(type: string, failure: Failure, lastTransitionTime: string): Condition {
  const { reason, revisionReason, message } = failure;
  return {
    type,
    state: 'CONDITION_FAILED',
    message,
    lastTransitionTime,
    severity: 'ERROR',
    ...(reason === undefined ? {} : { reason }),
    ...(revisionReason === undefined ? {} : { revisionReason }),
  };
}
