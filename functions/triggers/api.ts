import { z } from 'zod';
import { Change } from '#shared/domain/change.ts';
import { isFinished, OverrideWish, type Deployment } from '#shared/domain/deployment.ts';
import { DeploymentId } from '#shared/domain/ids.ts';
import { isDigest } from '#shared/domain/image.ts';
import { Fault } from '#shared/domain/fault.ts';
import { openDrift } from '#shared/ledger/drift.ts';
import { buildReport } from '#shared/report/report.ts';
import type { Deps } from '#functions/deps.ts';
import { audited } from '#functions/orders/audited.ts';
import { apiCaller, guardOf, permitted } from '#functions/orders/caller.ts';
import { orderCancel } from '#functions/orders/cancel.ts';
import { orderDeploy } from '#functions/orders/deploy.ts';
import { refused, type Ordered } from '#functions/orders/result.ts';
import { orderRollback } from '#functions/orders/rollback.ts';
import { takeOverNow } from '#functions/take-over.ts';
import { answerOf, decoded, problem, type ApiAnswer, type ApiRequest } from '#functions/triggers/answers.ts';
import { doctorApi } from '#functions/triggers/doctor-api.ts';
import { policyApi } from '#functions/triggers/policy-api.ts';
import { preflightApi } from '#functions/triggers/preflight-api.ts';

export type { ApiRequest };

const DeployBody = z.strictObject({
  /** Chosen by the caller, so that a repeat after a lost answer is the same request. */
  requestId: z.string().regex(/^[\w-]{8,100}$/),
  service: z.string().min(1).max(100),
  environment: z.string().min(1).max(100),
  tag: z.string().min(1).max(128).optional(),
  digest: z.string().refine(isDigest, 'expected sha256:<64 hex digits>').optional(),
  reason: z.string().min(1).max(300).optional(),
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

const TakeOverBody = z.strictObject({
  reason: z.string().min(1).max(300),
  /** The deployment's, as the caller saw it: nothing is taken from an owner they do not know of. */
  fence: z.int().nonnegative().optional(),
});

/** Answers every request; what is wrong with one is said in `error`. */
export async function api(deps: Deps, request: ApiRequest): Promise<ApiAnswer> {
  const caller = emailOf(request.authorization);
  if (caller === undefined)
    return problem(401, 'expected exactly one identity token, with an e-mail address, in Authorization');
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
    case 'POST /deployments/:id/take-over':
      return takeOver(deps, id, request.body, caller);
    case 'POST /rollback':
      return rollBack(deps, request.body, caller);
    case 'GET /requests/:id':
      return requests(deps, id ?? '');
    case 'GET /drift':
      return { status: 200, body: { drift: await openDrift(deps.ledger) } };
    case 'GET /audit':
      return listAudit(deps, request.query);
    case 'GET /refusals':
      return { status: 200, body: { refusals: await deps.ledger.list('refusals', {}, 50) } };
    default:
      return (
        (await policyApi(deps, request, caller)) ??
        (await preflightApi(deps, request)) ??
        (await doctorApi(deps, request)) ??
        problem(404, `there is no ${request.method} ${request.path}`)
      );
  }
}

async function deploy(deps: Deps, body: unknown, caller: string): Promise<ApiAnswer> {
  const parsed = DeployBody.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  const { requestId, ...wish } = parsed.data;
  const { service, environment } = wish;
  const who = { person: { id: caller }, via: 'api' as const };
  // The caller is part of the id: nobody can take another's request's place.
  const id = `${caller}/${requestId}`;
  const order = async () => ({
    status: 'done' as const,
    requestId: await orderDeploy(deps, who, { ...wish, requestId: id }),
  });
  return answerOf(
    await audited(deps, caller, { action: 'deploy', service, environment, subject: id }, order),
    (done) => ({ status: 202, body: { requestId: done.requestId } }),
  );
}

async function list(deps: Deps, query: URLSearchParams): Promise<ApiAnswer> {
  const where: Record<string, string> = {};
  for (const field of ['service', 'environment', 'status', 'request.digest']) {
    const value = query.get(field);
    if (value !== null) where[field] = value;
  }
  const limit = limitOf(query);
  if (typeof limit !== 'number') return limit;
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
  return withDeployment(deps, id, async ({ id: deploymentId, service, environment }) => {
    const what = { action: 'cancel', service, environment, subject: deploymentId };
    const order = { deploymentId, ...parsed.data };
    return answerOf(
      await audited(deps, caller, what, () => orderCancel(deps, apiCaller(caller), order)),
      ({ deployment }) => ({ status: isFinished(deployment) ? 200 : 202, body: deployment }),
    );
  });
}

/** Hands the deployment to a new execution, whatever the present one does. */
async function takeOver(
  deps: Deps,
  id: string | undefined,
  body: unknown,
  caller: string,
): Promise<ApiAnswer> {
  const parsed = TakeOverBody.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  const { reason, fence } = parsed.data;
  return withDeployment(deps, id, async (found) => {
    const { id: subject, service, environment } = found;
    const seen = fence === undefined ? found : { ...found, fence };
    const order = async (): Promise<Ordered<{ taken: Deployment }>> => {
      // What is taken over is undone: who may not cancel it may not do that either.
      const may = await permitted(apiCaller(caller), 'cancel', await guardOf(deps, found), 'last-good');
      if (may.status === 'refused') return may;
      try {
        const answer = await takeOverNow(deps, seen, { by: caller, reason });
        return answer.status === 'refused'
          ? refused('conflict', answer.reason)
          : { status: 'done', taken: answer.taken };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        // It may be taken already, and then it goes on by itself: whoever asked has to look.
        return refused('unconfirmed', `not confirmed: ${error.message}`);
      }
    };
    return answerOf(
      await audited(deps, caller, { action: 'take-over', service, environment, subject }, order),
      ({ taken }) => ({ status: 202, body: taken }),
    );
  });
}

/** Goes back at once, whatever the pipeline does. */
async function rollBack(deps: Deps, body: unknown, caller: string): Promise<ApiAnswer> {
  const parsed = RollbackBody.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  const { to, force, ...rest } = parsed.data;
  const order = {
    ...rest,
    ...(to === undefined ? {} : { to }),
    ...(force === undefined ? {} : { force }),
  };
  const { service, environment } = rest;
  return answerOf(
    await audited(deps, caller, { action: 'rollback', service, environment }, () =>
      orderRollback(deps, apiCaller(caller), order),
    ),
    (done) => ({ status: 200, body: done }),
  );
}

/** What was said to have been wanted, newest first. */
async function listAudit(deps: Deps, query: URLSearchParams): Promise<ApiAnswer> {
  const service = query.get('service');
  const limit = limitOf(query);
  if (typeof limit !== 'number') return limit;
  const records = await deps.ledger.list('audit', service === null ? {} : { service }, limit);
  const audit = records.map(({ answer: _unsaid, busyUntil: _turn, ...record }) => record);
  return { status: 200, body: { audit } };
}

function limitOf(query: URLSearchParams): number | ApiAnswer {
  const limit = Number(query.get('limit') ?? 20);
  return Number.isInteger(limit) && limit >= 1 && limit <= 200
    ? limit
    : problem(400, `limit "${query.get('limit')}": expected a number from 1 to 200`);
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
  const payload = /^Bearer [\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization ?? '')?.[1];
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
