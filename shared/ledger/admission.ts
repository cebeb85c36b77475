import { decideAdmission } from '#shared/domain/admission.ts';
import type { Change, Deployment, DeploymentRequest } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { putDeployment } from './claims.ts';
import { placeId, requestKey, type Ledger, type RequestRecord, type Transaction } from './ledger.ts';

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
  const key = requestKey(wanted.requestId, place);
  const at = new Date(nowMs).toISOString();
  return ledger.transaction(async (tx) => {
    const known = await tx.get('requests', key);
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
    await tx.put('requests', key, record);
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
