import type { Deployment } from '#shared/domain/deployment.ts';
import type { Decision, StepMessage } from '#shared/domain/protocol.ts';
import type { StepName } from '#shared/domain/steps.ts';
import type { DeploymentPatch } from '#shared/ledger/claims.ts';
import type { Deps } from '#functions/deps.ts';

/**
 * One step: reads the record, does one thing, answers. It does not know the order. A fault is thrown (`Fault`);
 * a business "no" is the value `rejected`. It may be run again from the start at any moment, so it looks before it writes.
 */
export interface Step {
  name: StepName;
  /** True for steps that must run although a person said stop: the way back and the report. */
  ignoresSignals?: boolean;
  run(context: StepContext): Promise<StepResult>;
}

export interface StepContext {
  deps: Deps;
  message: StepMessage;
  /** As of the claim, or of the last `save`. */
  deployment: Deployment;
  /** The claim under which this runs; what decides how the deployment ends is stored under it. */
  claim: string;
  /** When this step in this phase began, milliseconds since the epoch; retries and looks again keep it. */
  startedMs: number;
  /** Aborts when the dispatch's time is up, the claim is lost or a person says stop. */
  signal: AbortSignal;
  /** Puts on record what must be there before an effect. @throws Fault `lock-lost` when the claim is no longer ours */
  save: (patch: DeploymentPatch) => Promise<Deployment>;
}

export type StepResult =
  | { status: 'succeeded'; summary: string; patch?: DeploymentPatch; decision?: Decision }
  | {
      status: 'rejected';
      reason: string;
      patch?: DeploymentPatch;
      /** Cloud Run's word about the candidate, when that failed. */
      condition?: { reason: string; message: string };
      /** As `lastLines` gives them: redacted. */
      lastLines?: string[];
    }
  /** Look again in that many seconds. */
  | { status: 'pending'; againSeconds: number; summary: string; patch?: DeploymentPatch };
