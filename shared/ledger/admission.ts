import { decideAdmission } from '#shared/domain/admission.ts';
import {
  isFinished,
  type Change,
  type Deployment,
  type DeploymentRequest,
  type Result,
} from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { putDeployment } from './claims.ts';
import { placeId, type Ledger, type Lock, type RequestRecord, type Transaction } from './ledger.ts';

/** One request for one service in one environment, with the configuration read for it. */
export interface Wanted {
  requestId: string;
  source: DeploymentRequest['source'];
  config: ServiceConfig;
  configHash: string;
  configSource: string;
  tag: string | undefined;
  digest: string | undefined;
  change: Change | undefined;
  requestedBy: string;
  requestedAt: string;
}

/** The request as it was decided, now or when it came the first time, and the deployments whose state changed. */
export interface Admitted {
  record: RequestRecord;
  changed: Deployment[];
}

/** Decides a request in one transaction. A repeat gets the first answer. @param newId made by the caller, used if admitted */
export function admitRequest(
  ledger: Ledger,
  wanted: Wanted,
  newId: DeploymentId,
  nowMs: number,
): Promise<Admitted> {
  const { service, environment } = wanted.config;
  const place = placeId(service, environment);
  const requestKey = `${wanted.requestId}.${place}`;
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const known = await tx.get('requests', requestKey);
    if (known) {
      const deployment = known.deploymentId && (await tx.get('deployments', known.deploymentId));
      return { record: known, changed: deployment ? [deployment] : [] };
    }
    const lock = (await tx.get('locks', place)) ?? { service, environment, fence: 0 };
    const active = lock.active && (await tx.get('deployments', lock.active));
    const waiting = lock.waiting && (await tx.get('deployments', lock.waiting));
    const admission = decideAdmission({
      wanted,
      active: active || undefined,
      waiting: waiting || undefined,
      live: await tx.get('live', place),
    });
    // Four characters of chance per second: a clash is rare, and would overwrite a deployment.
    if (admission.decision !== 'duplicate' && (await tx.get('deployments', newId)))
      throw new Fault('conflict', `the deployment id ${newId} is taken`);
    const record: RequestRecord = {
      requestId: wanted.requestId,
      decision: admission.decision,
      reason: admission.reason,
      service,
      environment,
      deploymentId: admission.decision === 'duplicate' ? admission.deploymentId : newId,
      requestedBy: wanted.requestedBy,
      at,
    };
    await tx.put('requests', requestKey, record);
    if (admission.decision === 'duplicate') return { record, changed: [] };

    const starts = admission.decision === 'admitted';
    const fence = lock.fence + (starts ? 1 : 0);
    const deployment = newDeployment(wanted, newId, starts ? fence : 0, starts ? 'starting' : 'waiting', at);
    await tx.put('deployments', newId, deployment);
    await tx.put('locks', place, { ...lock, fence, ...(starts ? { active: newId } : { waiting: newId }) });
    const changed = [deployment];
    if (waiting && !starts) changed.push(await supersede(tx, waiting, newId, at));
    return { record, changed };
  });
}

/** Records a request that leads to no deployment. A repeat keeps the first record. */
export function recordRequest(ledger: Ledger, key: string, record: RequestRecord): Promise<void> {
  return ledger.transaction(async (tx) => {
    if (!(await tx.get('requests', key))) await tx.put('requests', key, record);
  });
}

/**
 * Ends a deployment: outcome, release of its lock and the start of the next waiter in one transaction. A second call
 * changes nothing and returns what is there.
 */
export function finishDeployment(
  ledger: Ledger,
  id: DeploymentId,
  result: Result,
  nowMs: number,
): Promise<{ finished: Deployment; next: Deployment | undefined }> {
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const deployment = await tx.get('deployments', id);
    if (!deployment) throw new Error(`deployment ${id} vanished from the ledger`);
    const place = placeId(deployment.service, deployment.environment);
    const lock = await tx.get('locks', place);
    if (isFinished(deployment)) {
      const next = lock?.active && (await tx.get('deployments', lock.active));
      return { finished: deployment, next: next && next.status === 'starting' ? next : undefined };
    }
    const next = lock?.active === id ? await startWaiter(tx, lock, at) : undefined;
    const live = result.outcome === 'live' || result.outcome === 'live-with-recommendations';
    if (live && deployment.release) {
      const { image, digest, tag } = deployment.release;
      await tx.put('live', place, {
        service: deployment.service,
        environment: deployment.environment,
        deploymentId: id,
        image,
        digest,
        ...(tag === undefined ? {} : { tag }),
        configHash: deployment.configHash,
        at,
      });
    }
    return { finished: await putDeployment(tx, deployment, at, { status: 'finished', result }), next };
  });
}

/** Frees the lock and gives it to the waiter, if there is one. */
async function startWaiter(tx: Transaction, lock: Lock, at: string): Promise<Deployment | undefined> {
  const { active: _released, waiting, ...rest } = lock;
  const waiter = waiting && (await tx.get('deployments', waiting));
  const place = placeId(lock.service, lock.environment);
  if (!waiter) {
    await tx.put('locks', place, rest);
    return undefined;
  }
  const fence = lock.fence + 1;
  await tx.put('locks', place, { ...rest, fence, active: waiter.id });
  return putDeployment(tx, waiter, at, { status: 'starting', fence });
}

function supersede(tx: Transaction, waiting: Deployment, by: DeploymentId, at: string): Promise<Deployment> {
  return putDeployment(tx, waiting, at, {
    status: 'finished',
    result: {
      outcome: 'superseded',
      verdict: { status: 'inconclusive', explanation: 'no check was made' },
      explanation: `replaced by ${by} before it started`,
      serving: null,
      finishedAt: at,
    },
  });
}

function newDeployment(
  wanted: Wanted,
  id: DeploymentId,
  fence: number,
  status: 'waiting' | 'starting',
  at: string,
): Deployment {
  const { requestId, source, requestedBy, requestedAt, tag, digest, change, config } = wanted;
  return {
    recordVersion: 1,
    id,
    revision: 1,
    service: config.service,
    environment: config.environment,
    request: {
      id: requestId,
      source,
      requestedBy,
      requestedAt,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
      ...(change === undefined ? {} : { change }),
    },
    config,
    configHash: wanted.configHash,
    configSource: wanted.configSource,
    status,
    mode: 'deploy',
    fence,
    deadExecutions: [],
    newestSeq: 0,
    trafficMoved: false,
    completed: false,
    steps: [],
    checks: [],
    createdAt: at,
    updatedAt: at,
  };
}
