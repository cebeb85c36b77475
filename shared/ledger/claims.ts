import type { Check } from '#shared/domain/check.ts';
import type { Deployment, StepRun } from '#shared/domain/deployment.ts';
import type { StepMessage, StepReply } from '#shared/domain/protocol.ts';
import { dispatchId, type Dispatch, type Ledger, type Transaction } from './ledger.ts';

/**
 * Who may act for a dispatch. Invariants, which the functions below keep:
 * C1 the first claim binds the deployment to its execution; no other execution acts for it after that.
 * C2 a dispatch older than the newest claimed one never acts, and its reply and patch are never stored.
 * C3 of several claims of one dispatch only the latest can store; a claim is replaced only when its lease ran out.
 * C4 patch and reply are stored in one transaction, once.
 */

export const leaseSeconds = 15;

export type ClaimResult =
  | { status: 'claimed'; claim: string; deployment: Deployment; firstStartedAt: string }
  /** It was answered before: post this again. */
  | { status: 'answered'; reply: StepReply }
  /** Another function acts for it right now. */
  | { status: 'busy' }
  /** Too old to matter. */
  | { status: 'stale'; reason: string }
  | { status: 'not-owner' }
  | { status: 'unknown-deployment' };

/** Claims a dispatch for `leaseSeconds`. @param claim an id of this attempt, unique */
export function claimDispatch(
  ledger: Ledger,
  message: StepMessage,
  claim: string,
  nowMs: number,
): Promise<ClaimResult> {
  return ledger.transaction(async (tx) => {
    const deployment = await tx.get('deployments', message.deploymentId);
    if (!deployment) return { status: 'unknown-deployment' };
    if (deployment.deadExecutions.includes(message.executionId)) return { status: 'not-owner' };
    if (deployment.executionId !== undefined && deployment.executionId !== message.executionId) {
      return { status: 'not-owner' };
    }
    const id = dispatchId(message.deploymentId, message.seq);
    const known = await tx.get('dispatches', id);
    if (known?.reply) return { status: 'answered', reply: known.reply };
    if (message.seq < deployment.newestSeq) {
      return { status: 'stale', reason: `dispatch ${message.seq} is older than ${deployment.newestSeq}` };
    }
    if (deployment.status === 'finished' && message.step !== 'report') {
      return { status: 'stale', reason: 'the deployment is finished' };
    }
    if (deployment.status === 'waiting')
      return { status: 'stale', reason: 'the deployment is still waiting' };
    if (known && known.leaseUntil > nowMs) return { status: 'busy' };

    const at = new Date(nowMs).toISOString();
    const before = deployment.steps.find((run) => run.step === message.step && run.phase === message.phase);
    // A retry or another look goes on with the same run; a first attempt after its end is a new one (`mode: recover`).
    const goesOn = before && (before.endedAt === undefined || message.attempt > 1);
    const startedAt = goesOn ? before.startedAt : at;
    const run: StepRun = {
      step: message.step,
      phase: message.phase,
      seq: message.seq,
      attempt: message.attempt,
      status: 'running',
      startedAt,
    };
    const { step, phase, seq, executionId } = message;
    const dispatch: Dispatch = {
      deploymentId: message.deploymentId,
      seq,
      step,
      phase,
      executionId,
      claim,
      leaseUntil: nowMs + leaseSeconds * 1000,
    };
    await tx.put('dispatches', id, dispatch);
    const next = await putDeployment(tx, deployment, at, {
      status: deployment.status === 'finished' ? 'finished' : 'active',
      executionId,
      newestSeq: seq,
      awaiting: { seq, callbackUrl: message.callbackUrl },
      steps: upsertRun(deployment.steps, run),
      ...(deployment.startedAt === undefined ? { startedAt: at } : {}),
    });
    return { status: 'claimed', claim, deployment: next, firstStartedAt: startedAt };
  });
}

/** The deployment as it is now, with the lease prolonged; undefined when the claim is no longer ours. */
export function renewClaim(
  ledger: Ledger,
  message: StepMessage,
  claim: string,
  nowMs: number,
): Promise<Deployment | undefined> {
  return ledger.transaction(async (tx) => {
    const held = await heldDispatch(tx, message, claim);
    if (!held) return undefined;
    const leaseUntil = nowMs + leaseSeconds * 1000;
    await tx.put('dispatches', dispatchId(message.deploymentId, message.seq), {
      ...held.dispatch,
      leaseUntil,
    });
    return held.deployment;
  });
}

/** What a step changes in the record. `checks` replace those of the same step, phase, suite and id. */
export type DeploymentPatch = Partial<
  Pick<
    Deployment,
    | 'release'
    | 'stable'
    | 'candidate'
    | 'serviceUrl'
    | 'trafficMoved'
    | 'trafficWritten'
    | 'trafficIntended'
    | 'buildId'
    | 'migration'
    | 'completed'
    | 'failure'
    | 'rollback'
    | 'previous'
    | 'checks'
  >
>;

/**
 * Stores a patch while the step still runs: what must be on record before an effect.
 * @returns undefined when the claim is no longer ours: the caller must not act any more
 */
export function savePatch(
  ledger: Ledger,
  message: StepMessage,
  claim: string,
  patch: DeploymentPatch,
  nowMs: number,
): Promise<Deployment | undefined> {
  return ledger.transaction(async (tx) => {
    const held = await heldDispatch(tx, message, claim);
    if (!held) return undefined;
    return putDeployment(tx, held.deployment, new Date(nowMs).toISOString(), merge(held.deployment, patch));
  });
}

/**
 * Stores the reply with its patch and the run's status.
 * @returns undefined when the claim is no longer ours: nothing was stored and nothing may be posted
 */
export function commitReply(
  ledger: Ledger,
  message: StepMessage,
  claim: string,
  answer: { reply: StepReply; patch: DeploymentPatch; summary: string },
  nowMs: number,
): Promise<Deployment | undefined> {
  return ledger.transaction(async (tx) => {
    const held = await heldDispatch(tx, message, claim);
    if (!held) return undefined;
    const { reply, patch, summary } = answer;
    const at = new Date(nowMs).toISOString();
    await tx.put('dispatches', dispatchId(message.deploymentId, message.seq), { ...held.dispatch, reply });
    const status = reply.status === 'not-owner' ? 'failed' : reply.status;
    const steps = held.deployment.steps.map((run): StepRun =>
      run.seq === message.seq
        ? { ...run, status, summary, ...(status === 'pending' ? {} : { endedAt: at }) }
        : run,
    );
    // A fault that a retry made good is no longer why the deployment ends.
    const { failure, ...rest } = held.deployment;
    const mended =
      reply.status === 'succeeded' && failure?.step === message.step && failure.phase === message.phase;
    return putDeployment(tx, mended ? rest : held.deployment, at, {
      ...merge(held.deployment, patch),
      steps,
    });
  });
}

/** Every write of a deployment goes through here: the revision grows and the time is noted. */
export async function putDeployment(
  tx: Transaction,
  deployment: Deployment,
  at: string,
  change: Partial<Deployment>,
): Promise<Deployment> {
  const next: Deployment = { ...deployment, ...change, revision: deployment.revision + 1, updatedAt: at };
  await tx.put('deployments', next.id, next);
  return next;
}

/** The dispatch and its deployment, when this claim may still store for them (C1–C3). */
export async function heldDispatch(
  tx: Transaction,
  message: StepMessage,
  claim: string,
): Promise<{ dispatch: Dispatch; deployment: Deployment } | undefined> {
  const dispatch = await tx.get('dispatches', dispatchId(message.deploymentId, message.seq));
  const deployment = await tx.get('deployments', message.deploymentId);
  if (!dispatch || !deployment || dispatch.claim !== claim || dispatch.reply) return undefined;
  if (deployment.executionId !== message.executionId || deployment.newestSeq !== message.seq)
    return undefined;
  return { dispatch, deployment };
}

function merge(deployment: Deployment, patch: DeploymentPatch): DeploymentPatch {
  if (!patch.checks) return patch;
  const key = (check: Check): string => JSON.stringify([check.step, check.phase, check.suite, check.id]);
  const replaced = new Set(patch.checks.map(key));
  return {
    ...patch,
    checks: [...deployment.checks.filter((check) => !replaced.has(key(check))), ...patch.checks],
  };
}

function upsertRun(runs: StepRun[], run: StepRun): StepRun[] {
  const index = runs.findIndex((known) => known.step === run.step && known.phase === run.phase);
  return index < 0 ? [...runs, run] : runs.with(index, run);
}
