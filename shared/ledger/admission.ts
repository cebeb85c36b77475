import {
  decideAdmission,
  type Admission,
  type AdmissionFacts,
  type Unordered,
} from '#shared/domain/admission.ts';
import type { Approval } from '#shared/domain/approval.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { approvalIdOf, type DeploymentId } from '#shared/domain/ids.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import { askerOf, nothingKnown, readFacts, type LookUpOrder } from './admission-facts.ts';
import { recordsOf, settle } from './approvals.ts';
import { putDeployment } from './claims.ts';
import { newDeployment, requestOf, type Wanted } from './wanted.ts';
import {
  placeId,
  requestKey,
  type Ledger,
  type Lock,
  type Reader,
  type RequestRecord,
  type Transaction,
} from './ledger.ts';

export type { Wanted } from './wanted.ts';

/** The request as it was decided, now or when it came the first time, and the deployments whose state changed. */
export interface Admitted {
  record: RequestRecord;
  changed: Deployment[];
}

/**
 * Decides a request in one transaction (`decideAdmission` has the rules). A repeat gets the first answer; a request that was
 * approved since is decided anew.
 * @param newId made by the caller, used if admitted
 * @param lookUp asked only where the order of releases decides, and outside the transaction, which is then repeated
 */
export async function admitRequest(
  ledger: Ledger,
  wanted: Wanted,
  newId: DeploymentId,
  nowMs: number,
  lookUp: LookUpOrder = nothingKnown,
): Promise<Admitted> {
  const orders: Record<string, ReleaseOrder> = {};
  if (wanted.digest !== undefined && wanted.order !== undefined) orders[wanted.digest] = wanted.order;
  for (;;) {
    const decided = await ledger.transaction((tx) => decide(tx, { wanted, orders, newId, nowMs }));
    if ('record' in decided) return decided;
    for (const release of decided.of) orders[release.digest] = await lookUp(release);
  }
}

interface Asked {
  wanted: Wanted;
  orders: Readonly<Record<string, ReleaseOrder>>;
  newId: DeploymentId;
  nowMs: number;
}

async function decide(tx: Transaction, asked: Asked): Promise<Admitted | { of: Unordered[] }> {
  const { wanted, orders, newId, nowMs } = asked;
  const { config, requestId, requestedBy, approvalId, digest } = wanted;
  const { service, environment } = config;
  const place = placeId(service, environment);
  const at = new Date(nowMs).toISOString();
  const known = await tx.get('requests', requestKey(requestId, place));
  const approval = approvalId === undefined ? undefined : await tx.get('approvals', approvalId);
  const isApproved = approval?.status === 'approved' && !approval.settled;
  if (known && !isApproved) {
    const deployment = known.deploymentId && (await tx.get('deployments', known.deploymentId));
    return { record: known, changed: deployment ? [deployment] : [] };
  }
  const { lock, facts, admission } = await weigh(tx, { wanted, orders, nowMs, isApproved });
  const { waiting } = facts;
  const base = {
    requestId,
    service,
    environment,
    ...(digest === undefined ? {} : { digest }),
    requestedBy,
    at,
  };
  switch (admission.decision) {
    case 'needs-order':
      return admission;
    case 'duplicate':
    case 'refused':
    case 'superseded':
      return conclude(tx, approval, { ...base, ...admission });
    case 'awaiting-approval':
      return awaitApproval(tx, asked, { ...base, ...admission });
    case 'admitted':
    case 'waiting': {
      const { decision, reason, overrides } = admission;
      // Four characters of chance per second: a clash is rare, and would overwrite a deployment.
      if (await tx.get('deployments', newId))
        throw new Fault('conflict', `the deployment id ${newId} is taken`);
      const starts = decision === 'admitted';
      const fence = lock.fence + (starts ? 1 : 0);
      const order = digest === undefined ? undefined : facts.orders[digest];
      const deployment: Deployment = {
        ...newDeployment(
          { ...wanted, order },
          newId,
          starts ? fence : 0,
          starts ? 'starting' : 'waiting',
          at,
        ),
        ...(isApproved ? { approvedBy: approval.approvals.map(({ by }) => by) } : {}),
        ...(overrides.length === 0 ? {} : { overrides }),
      };
      const { record } = await conclude(tx, approval, { ...base, decision, reason, deploymentId: newId });
      await tx.put('deployments', newId, deployment);
      const taken: Lock = { ...lock, fence, ...(starts ? { active: newId } : { waiting: newId }) };
      await tx.put('locks', place, taken);
      const changed = [deployment];
      if (waiting && !starts) changed.push(await supersede(tx, waiting, newId, at));
      return { record, changed };
    }
  }
}

/** What would be decided, and by what; nothing is written. */
async function weigh(
  tx: Reader,
  asked: Pick<Asked, 'wanted' | 'orders' | 'nowMs'> & { isApproved: boolean },
): Promise<{ lock: Lock; facts: AdmissionFacts; admission: Admission }> {
  const { wanted, orders, nowMs, isApproved } = asked;
  const { service, environment, policy } = wanted.config;
  const lock = (await tx.get('locks', placeId(service, environment))) ?? { service, environment, fence: 0 };
  const active = lock.active === undefined ? undefined : await tx.get('deployments', lock.active);
  const waiting = lock.waiting === undefined ? undefined : await tx.get('deployments', lock.waiting);
  const facts = await readFacts(
    tx,
    { service, environment, wanted: wantedFacts(wanted, isApproved), policy, orders, nowMs },
    { active, waiting },
  );
  return { lock, facts, admission: decideAdmission(facts) };
}

/** What `admitRequest` would say now, for who wants to know before asking. Changes nothing, and promises nothing. */
export async function foreseeAdmission(
  ledger: Reader,
  wanted: Wanted,
  nowMs: number,
  lookUp: LookUpOrder = nothingKnown,
): Promise<Exclude<Admission, { decision: 'needs-order' }>> {
  const orders: Record<string, ReleaseOrder> = {};
  if (wanted.digest !== undefined && wanted.order !== undefined) orders[wanted.digest] = wanted.order;
  for (;;) {
    const { admission } = await weigh(ledger, { wanted, orders, nowMs, isApproved: false });
    if (admission.decision !== 'needs-order') return admission;
    for (const release of admission.of) orders[release.digest] = await lookUp(release);
  }
}

const wantedFacts = (wanted: Wanted, approved: boolean) => ({
  digest: wanted.digest,
  tag: wanted.tag,
  configHash: wanted.configHash,
  ...askerOf(wanted),
  overrideFreeze: wanted.override?.freeze,
  approved,
});

/** Writes what became of a request; one that was approved, into the approval and all that waited for it too. */
async function conclude(
  tx: Transaction,
  approval: Approval | undefined,
  record: RequestRecord,
): Promise<Admitted> {
  const { requestId, service = '', environment = '', decision, reason, at, deploymentId } = record;
  if (!approval) await tx.put('requests', requestKey(requestId, placeId(service, environment)), record);
  else {
    const outcome = { decision, reason, at, ...(deploymentId === undefined ? {} : { deploymentId }) };
    await settle(tx, approval, await recordsOf(tx, approval.id), outcome);
  }
  return { record, changed: [] };
}

/** Keeps the request for people to decide. Who asks for the same again meanwhile waits for the same approval. */
async function awaitApproval(tx: Transaction, asked: Asked, record: RequestRecord): Promise<Admitted> {
  const { wanted, orders, newId, nowMs } = asked;
  const { config, configHash, digest } = wanted;
  const { service, environment, image, policy } = config;
  const open = await tx.list('approvals', { service, environment, status: 'open', configHash });
  const same = open.find((one) => one.request.digest === digest && Date.parse(one.expiresAt) > nowMs);
  const id = same?.id ?? approvalIdOf(newId);
  if (!same && (await tx.get('approvals', id))) throw new Fault('conflict', `the approval id ${id} is taken`);
  const awaiting = { ...record, approvalId: id };
  await tx.put('requests', requestKey(wanted.requestId, placeId(service, environment)), awaiting);
  if (!same && policy.approvals) {
    const { required, from, timeout } = policy.approvals;
    const order = digest === undefined ? undefined : orders[digest];
    await tx.put('approvals', id, {
      id,
      service,
      environment,
      image,
      request: requestOf({ ...wanted, order }),
      configHash,
      status: 'open',
      requestedBy: wanted.requestedBy,
      required,
      from,
      timeoutSeconds: timeout,
      expiresAt: new Date(nowMs + timeout * 1000).toISOString(),
      approvals: [],
      settled: false,
    });
  }
  return { record: awaiting, changed: [] };
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
