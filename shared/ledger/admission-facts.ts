import { digestOf, type AdmissionFacts } from '#shared/domain/admission.ts';
import type { Deployment, DeploymentRequest } from '#shared/domain/deployment.ts';
import type { ReleaseOrder } from '#shared/domain/release-order.ts';
import type { Policy } from '#shared/domain/service/policy.ts';
import { placeId, type Reader } from './ledger.ts';
import { heldQuarantine } from './quarantine.ts';

/** Finds out what puts a release in an order. Called outside transactions. */
export type LookUpOrder = (release: { digest: string; tag: string | undefined }) => Promise<ReleaseOrder>;

/** Where nothing is known of any release: the order of arrival decides. */
export const nothingKnown: LookUpOrder = async () => ({});

/** Who wants it, as the rules want to know it. */
export const askerOf = ({
  source,
  requestedBy,
  slackUser,
  groups,
}: Pick<DeploymentRequest, 'source' | 'requestedBy'> & {
  slackUser?: string | undefined;
  groups?: string[] | undefined;
}): Pick<AdmissionFacts['wanted'], 'byPerson' | 'requestedBy' | 'slackUser' | 'groups' | 'via'> => ({
  byPerson: source !== 'image-push',
  requestedBy,
  slackUser,
  groups,
  via: source === 'slack' ? 'slack' : 'api',
});

/** Reads everything a decision is made of. @param under who holds the place's lock and who waits for it */
export async function readFacts(
  tx: Reader,
  asked: {
    service: string;
    environment: string;
    wanted: AdmissionFacts['wanted'];
    policy: Policy;
    orders: Readonly<Record<string, ReleaseOrder>>;
    nowMs: number;
  },
  under: { active: Deployment | undefined; waiting: Deployment | undefined },
): Promise<AdmissionFacts> {
  const { service, environment, wanted } = asked;
  const place = placeId(service, environment);
  const { digest, configHash } = wanted;
  const last = await tx.get('live', place);
  const live = last?.takenBack ? undefined : last;
  const manualLock = (await tx.get('manualLocks', place))?.lock;
  const known: Record<string, ReleaseOrder> = {};
  for (const { digest: of, order } of [
    ...[under.waiting, under.active].map((one) => ({
      digest: one && digestOf(one),
      order: one?.request.order,
    })),
    { digest: live?.digest, order: live?.order },
  ])
    if (of !== undefined && order !== undefined) known[of] = order;
  return {
    ...asked,
    ...under,
    live,
    onceLive: digest === undefined ? undefined : await onceLive(tx, service, environment, digest),
    quarantine: digest === undefined ? undefined : await heldQuarantine(tx, place, digest, configHash),
    manualLock,
    orders: { ...known, ...asked.orders },
  };
}

async function onceLive(
  tx: Reader,
  service: string,
  environment: string,
  digest: string,
): Promise<string | undefined> {
  const found: string[] = [];
  for (const outcome of ['live', 'live-with-recommendations']) {
    const where = { service, environment, 'release.digest': digest, 'result.outcome': outcome };
    found.push(...(await tx.list('deployments', where, 1)).map(({ id }) => id));
  }
  return found.sort().at(-1);
}
