import { z } from 'zod';
import { Change, isFinished, OverrideWish } from '#shared/domain/deployment.ts';
import { DeploymentId } from '#shared/domain/ids.ts';
import { isDigest } from '#shared/domain/image.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { AdmitMessage } from '#shared/domain/requests.ts';
import { openDrift } from '#shared/ledger/drift.ts';
import { cancelWaiting, signalDeployment } from '#shared/ledger/signals.ts';
import { buildReport } from '#shared/report/report.ts';
import type { Deps } from '#functions/deps.ts';
import { rollBackNow } from '#functions/emergency-rollback.ts';
import { announce, poke } from '#functions/events.ts';
import { decoded, problem, type ApiAnswer, type ApiRequest } from '#functions/triggers/answers.ts';
import { policyApi } from '#functions/triggers/policy-api.ts';

export type { ApiRequest };

const DeployBody = z.strictObject({
  /** Chosen by the caller, so that a repeat after a lost answer is the same request. */
  requestId: z.string().regex(/^[\w-]{8,100}$/),
  service: z.string().min(1).max(100),
  environment: z.string().min(1).max(100),
  tag: z.string().min(1).max(128).optional(),
  digest: z.string().refine(isDigest, 'expected sha256:<64 hex digits>').optional(),
  change: Change.optional(),
  override: OverrideWish.optional(),
});

const RollbackBody = z.strictObject({
  service: z.string().min(1).max(100),
  environment: z.string().min(1).max(100),
  reason: z.string().min(1).max(300),
  to: z.string().min(1).max(63).optional(),
  force: z.boolean().optional(),
});

const StopBody = z.strictObject({ reason: z.string().min(1).max(300) });

/** Answers every request; what is wrong with one is said in `error`. */
export async function api(deps: Deps, request: ApiRequest): Promise<ApiAnswer> {
  const caller = emailOf(request.authorization);
  if (caller === undefined)
    return problem(401, 'the request carries no identity token with an e-mail address');
  const [, resource, id, action] = request.path.split('/');
  const route = `${request.method} /${resource ?? ''}${id === undefined ? '' : '/:id'}${action === undefined ? '' : `/${action}`}`;
  switch (route) {
    case 'POST /deployments':
      return deploy(deps, request.body, caller);
    case 'GET /deployments':
      return list(deps, request.query);
    case 'GET /deployments/:id':
      return withDeployment(deps, id, (deployment) => ({ status: 200, body: deployment }));
    case 'GET /deployments/:id/report':
      return withDeployment(deps, id, (deployment) => ({ status: 200, body: buildReport(deployment) }));
    case 'POST /deployments/:id/cancel':
      return stop(deps, id, request.body, caller);
    case 'POST /rollback':
      return rollBack(deps, request.body, caller);
    case 'GET /requests/:id':
      return requests(deps, id ?? '');
    case 'GET /drift':
      return { status: 200, body: { drift: await openDrift(deps.ledger) } };
    case 'GET /refusals':
      return { status: 200, body: { refusals: await deps.ledger.list('refusals', {}, 50) } };
    default:
      return (
        (await policyApi(deps, request, caller)) ??
        problem(404, `there is no ${request.method} ${request.path}`)
      );
  }
}

async function deploy(deps: Deps, body: unknown, caller: string): Promise<ApiAnswer> {
  const parsed = DeployBody.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  const { requestId, service, environment, tag, digest, change, override } = parsed.data;
  const message: AdmitMessage = {
    version: 1,
    kind: 'deploy',
    // The caller is part of the id: nobody can take another's request's place.
    requestId: `${caller}/${requestId}`,
    service,
    environment,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(change === undefined ? {} : { change }),
    ...(override === undefined ? {} : { override }),
    requestedBy: caller,
    requestedAt: new Date(deps.clock.now()).toISOString(),
  };
  await deps.pubsub.publish('deploy-requests', message);
  return { status: 202, body: { requestId: message.requestId } };
}

async function list(deps: Deps, query: URLSearchParams): Promise<ApiAnswer> {
  const where: Record<string, string> = {};
  for (const field of ['service', 'environment', 'status', 'request.digest']) {
    const value = query.get(field);
    if (value !== null) where[field] = value;
  }
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    return problem(400, `limit "${query.get('limit')}": expected a number from 1 to 200`);
  }
  return { status: 200, body: { deployments: await deps.ledger.list('deployments', where, limit) } };
}

/** What became of a request: one record per place it asked for. Empty while `admit` has not seen it. */
async function requests(deps: Deps, id: string): Promise<ApiAnswer> {
  const requestId = decoded(id);
  if (requestId === undefined) return problem(400, `request "${id}": expected a URL-encoded id`);
  const records = await deps.ledger.list('requests', { requestId }, 50);
  return { status: 200, body: { requests: records } };
}

async function stop(deps: Deps, id: string | undefined, body: unknown, caller: string): Promise<ApiAnswer> {
  const parsed = StopBody.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  return withDeployment(deps, id, async (deployment) => {
    if (isFinished(deployment))
      return problem(409, `${deployment.id} is finished: ${deployment.result?.outcome}`);
    const { reason } = parsed.data;
    const nowMs = deps.clock.now();
    if (deployment.status === 'waiting') {
      const cancelled = await cancelWaiting(
        deps.ledger,
        deployment.id,
        `cancelled by ${caller}: ${reason}`,
        nowMs,
      );
      if (cancelled) await announce(deps, cancelled);
      if (cancelled?.status === 'finished') return { status: 200, body: cancelled };
    }
    const told = await signalDeployment(deps.ledger, deployment.id, {
      kind: 'cancel',
      by: caller,
      reason,
      at: new Date(nowMs).toISOString(),
    });
    if (!told) return problem(404, `there is no deployment ${deployment.id}`);
    await announce(deps, told);
    await poke(deps, told);
    return { status: 202, body: told };
  });
}

/** Goes back at once, whatever the pipeline does. */
async function rollBack(deps: Deps, body: unknown, caller: string): Promise<ApiAnswer> {
  const parsed = RollbackBody.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  const { to, force, ...order } = parsed.data;
  try {
    const answer = await rollBackNow(deps, {
      ...order,
      by: caller,
      ...(to === undefined ? {} : { to }),
      ...(force === undefined ? {} : { force }),
    });
    return answer.status === 'refused' ? problem(409, answer.reason) : { status: 200, body: answer };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // It may have been done all the same: whoever ordered it has to look.
    return problem(504, `not verified: ${error.message}`);
  }
}

async function withDeployment(
  deps: Deps,
  id: string | undefined,
  answer: (deployment: NonNullable<Awaited<ReturnType<typeof find>>>) => ApiAnswer | Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  const parsed = DeploymentId.safeParse(id);
  if (!parsed.success) return problem(400, `deployment "${id}": expected an id such as d1f3k7q2x9ab`);
  const deployment = await find(deps, parsed.data);
  return deployment ? answer(deployment) : problem(404, `there is no deployment ${parsed.data}`);
}

const find = (deps: Deps, id: DeploymentId) => deps.ledger.get('deployments', id);

/** The e-mail in an identity token. The platform verified it and may have taken its signature away. */
function emailOf(authorization: string | undefined): string | undefined {
  const payload = /^Bearer [\w-]+\.([\w-]+)\./.exec(authorization ?? '')?.[1];
  if (payload === undefined) return undefined;
  try {
    const claims = z
      .object({ email: z.email() })
      .safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return claims.success ? claims.data.email : undefined;
  } catch {
    // Not JSON: not an identity token.
    return undefined;
  }
}
