import { decideAdmission, digestOf, type Unordered } from '#shared/domain/admission.ts';
import { isFinished, type Deployment, type Result } from '#shared/domain/deployment.ts';
import type { DeploymentId } from '#shared/domain/ids.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import { askerOf, nothingKnown, readFacts, type LookUpOrder } from './admission-facts.ts';
import { putDeployment } from './claims.ts';
import { startWaiter } from './finish.ts';
import { placeId, type Ledger, type Transaction } from './ledger.ts';

export type Readmitted =
  /** Its execution may be created. */
  | { status: 'starts'; deployment: Deployment }
  /** It ended, now or before; `next` is whose turn it is now. */
  | { status: 'ended'; deployment: Deployment; next: Deployment | undefined };

/**
 * Decides again about a deployment that waited, now that its turn has come: what holds now counts, with the configuration it
 * was admitted with. It ends as `superseded` (a duplicate of what is live, or older) or `refused` (quarantined, locked,
 * frozen …), and the lock goes to who waits behind it. One that did not wait, or was decided again already, starts.
 * @returns undefined when there is no such deployment
 */
export async function readmit(
  ledger: Ledger,
  id: DeploymentId,
  nowMs: number,
  lookUp: LookUpOrder = nothingKnown,
): Promise<Readmitted | undefined> {
  const orders: Record<string, ReleaseOrder> = {};
  for (;;) {
    const decided = await ledger.transaction((tx) => decide(tx, id, orders, nowMs));
    if (!decided || 'status' in decided) return decided;
    for (const release of decided.of) orders[release.digest] = await lookUp(release);
  }
}

async function decide(
  tx: Transaction,
  id: DeploymentId,
  orders: Readonly<Record<string, ReleaseOrder>>,
  nowMs: number,
): Promise<Readmitted | { of: Unordered[] } | undefined> {
  const deployment = await tx.get('deployments', id);
  if (!deployment) return undefined;
  const { service, environment, config, configHash, request, readmit: due, ...rest } = deployment;
  const place = placeId(service, environment);
  const lock = await tx.get('locks', place);
  if (isFinished(deployment)) {
    const next = lock?.active === undefined ? undefined : await tx.get('deployments', lock.active);
    return { status: 'ended', deployment, next: next?.status === 'starting' ? next : undefined };
  }
  if (!due || lock?.active !== id) return { status: 'starts', deployment };
  const wanted = {
    digest: digestOf(deployment),
    tag: request.tag,
    configHash,
    ...askerOf(request),
    overrideFreeze: request.override?.freeze,
    // It would not wait otherwise.
    approved: true,
  };
  const asked = { service, environment, wanted, policy: config.policy, orders, nowMs };
  const admission = decideAdmission(await readFacts(tx, asked, { active: undefined, waiting: undefined }));
  const at = new Date(nowMs).toISOString();
  const decided = { ...rest, service, environment, config, configHash, request };
  switch (admission.decision) {
    case 'needs-order':
      return admission;
    case 'admitted': {
      const { overrides } = admission;
      const change = overrides.length === 0 ? {} : { overrides };
      return { status: 'starts', deployment: await putDeployment(tx, decided, at, change) };
    }
    case 'duplicate':
    case 'superseded':
    case 'refused':
    case 'awaiting-approval':
    case 'waiting': {
      const result: Result = {
        outcome:
          admission.decision === 'duplicate' || admission.decision === 'superseded'
            ? 'superseded'
            : 'refused',
        verdict: { status: 'inconclusive', explanation: 'no check was made' },
        explanation: admission.reason,
        serving: null,
        finishedAt: at,
      };
      const next = await startWaiter(tx, lock, at);
      return {
        status: 'ended',
        deployment: await putDeployment(tx, decided, at, { status: 'finished', result }),
        next,
      };
    }
  }
}
