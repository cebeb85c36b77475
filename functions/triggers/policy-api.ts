import { z } from 'zod';
import { isOver } from '#shared/domain/approval.ts';
import { heldLock } from '#shared/domain/manual-lock.ts';
import type { LockWish } from '#shared/ledger/manual-locks.ts';
import type { Deps } from '#functions/deps.ts';
import { orderWord } from '#functions/orders/approval.ts';
import { audited } from '#functions/orders/audited.ts';
import { apiCaller } from '#functions/orders/caller.ts';
import { orderLock } from '#functions/orders/lock.ts';
import { orderRelease } from '#functions/orders/quarantine.ts';
import { answerOf, decoded, problem, type ApiAnswer, type ApiRequest } from '#functions/triggers/answers.ts';

/** What people say to admission: locks, approvals, quarantine. Everything they change is logged with who it was. */

const reason = z.string().min(1).max(300);
const longestLockSeconds = 366 * 86_400;
const LockBody = z.strictObject({
  service: z.string().min(1).max(100),
  environment: z.string().min(1).max(100),
  reason,
  forSeconds: z.int().min(1).max(longestLockSeconds).optional(),
  steal: z.boolean().default(false),
});
const UnlockBody = z.strictObject({ reason, steal: z.boolean().default(false) });
const WordBody = z.strictObject({ reason: reason.optional() });
const ReleaseBody = z.strictObject({ reason });

/** @returns undefined when the path is another's */
export async function policyApi(
  deps: Deps,
  { method, path, query, body = {} }: ApiRequest,
  caller: string,
): Promise<ApiAnswer | undefined> {
  const [resource, first = '', second = '', ...more] = path
    .slice(1)
    .split('/')
    .map((part) => decoded(part) ?? '/');
  // No name or id has other characters, and Firestore allows no `/` in one.
  if (more.length > 0 || ![first, second].every((part) => /^[\w.-]*$/.test(part))) return undefined;
  switch (`${method} ${resource}`) {
    case 'GET locks':
      return first === '' ? listLocks(deps) : undefined;
    case 'POST locks':
      return first === ''
        ? withBody(LockBody, body, (wish) => changeLock(deps, caller, { action: 'lock', ...wish }))
        : undefined;
    case 'DELETE locks': {
      const place = { service: first, environment: second };
      return withBody(UnlockBody, body, (wish) =>
        changeLock(deps, caller, { action: 'unlock', ...place, ...wish }),
      );
    }
    case 'GET approvals':
      return first === '' ? listApprovals(deps, query) : second === '' ? getApproval(deps, first) : undefined;
    case 'POST approvals': {
      if (second !== 'approve' && second !== 'reject') return undefined;
      const yes = second === 'approve';
      return withBody(WordBody, body, (word) =>
        decideApproval(deps, caller, { approvalId: first, yes, ...word }),
      );
    }
    case 'GET quarantine':
      return first === '' ? listQuarantine(deps, query) : undefined;
    case 'POST quarantine':
      return second === 'release'
        ? withBody(ReleaseBody, body, (release) => letGo(deps, caller, { id: first, ...release }))
        : undefined;
    default:
      return undefined;
  }
}

async function withBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  answer: (parsed: z.infer<Schema>) => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  const parsed = schema.safeParse(body);
  return parsed.success ? answer(parsed.data) : problem(400, z.prettifyError(parsed.error));
}

/** Locks that hold, and the history of all. */
async function listLocks(deps: Deps): Promise<ApiAnswer> {
  const nowMs = deps.clock.now();
  const records = await deps.ledger.list('manualLocks', {}, 200);
  const locks = records.map(({ lock, ...rest }) => {
    const held = heldLock(lock, nowMs);
    return held ? { ...rest, lock: held } : rest;
  });
  return { status: 200, body: { locks } };
}

async function changeLock(deps: Deps, caller: string, wish: Omit<LockWish, 'by'>): Promise<ApiAnswer> {
  const { action, service, environment } = wish;
  const changed = await audited(deps, caller, { action, service, environment }, () =>
    orderLock(deps, apiCaller(caller), wish),
  );
  if (changed.status === 'refused' && changed.kind === 'conflict') {
    const steal = `to do it all the same, say why: slipway ${action} ${service} ${environment} --steal --reason …`;
    return answerOf({ ...changed, reason: `${changed.reason}; ${steal}` }, () => problem(500, ''));
  }
  return answerOf(changed, ({ record }) => ({ status: 200, body: record }));
}

async function listApprovals(deps: Deps, query: URLSearchParams): Promise<ApiAnswer> {
  const all = query.get('all') === 'true';
  const found = await deps.ledger.list('approvals', all ? {} : { status: 'open' }, 200);
  const nowMs = deps.clock.now();
  return { status: 200, body: { approvals: all ? found : found.filter((one) => !isOver(one, nowMs)) } };
}

async function getApproval(deps: Deps, id: string): Promise<ApiAnswer> {
  const approval = await deps.ledger.get('approvals', id);
  return approval ? { status: 200, body: approval } : problem(404, `there is no approval ${id}`);
}

async function decideApproval(
  deps: Deps,
  caller: string,
  wish: { approvalId: string; yes: boolean; reason?: string | undefined },
): Promise<ApiAnswer> {
  const { approvalId, yes } = wish;
  const known = await deps.ledger.get('approvals', approvalId);
  const what = { action: yes ? 'approve' : 'reject', subject: approvalId, ...placeOf(known) };
  return answerOf(
    await audited(deps, caller, what, () => orderWord(deps, apiCaller(caller), wish)),
    ({ approval }) => ({ status: 200, body: approval }),
  );
}

async function listQuarantine(deps: Deps, query: URLSearchParams): Promise<ApiAnswer> {
  const where = query.get('all') === 'true' ? {} : { holds: true };
  return { status: 200, body: { quarantine: await deps.ledger.list('quarantine', where, 200) } };
}

async function letGo(
  deps: Deps,
  caller: string,
  release: { id: string; reason: string },
): Promise<ApiAnswer> {
  const known = await deps.ledger.get('quarantine', release.id);
  if (!known) return problem(404, `there is no quarantine ${release.id}; known: slipway quarantine list`);
  const what = { action: 'quarantine release', subject: release.id, ...placeOf(known) };
  return answerOf(
    await audited(deps, caller, what, () => orderRelease(deps, apiCaller(caller), release)),
    ({ quarantine }) => ({ status: 200, body: quarantine }),
  );
}

const placeOf = (one: { service: string; environment: string } | undefined) =>
  one ? { service: one.service, environment: one.environment } : {};
