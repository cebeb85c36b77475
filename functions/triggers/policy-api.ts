import { z } from 'zod';
import { isOver } from '#shared/domain/approval.ts';
import { heldLock, lockInWords } from '#shared/domain/manual-lock.ts';
import { sayWord } from '#shared/ledger/approvals.ts';
import { changeManualLock, type LockWish } from '#shared/ledger/manual-locks.ts';
import { releaseQuarantine } from '#shared/ledger/quarantine.ts';
import type { Deps } from '#functions/deps.ts';
import { decoded, problem, type ApiAnswer, type ApiRequest } from '#functions/triggers/answers.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';

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
        ? withBody(LockBody, body, (wish) => changeLock(deps, { action: 'lock', by: caller, ...wish }))
        : undefined;
    case 'DELETE locks': {
      const place = { service: first, environment: second };
      return withBody(UnlockBody, body, (wish) =>
        changeLock(deps, { action: 'unlock', by: caller, ...place, ...wish }),
      );
    }
    case 'GET approvals':
      return first === '' ? listApprovals(deps, query) : second === '' ? getApproval(deps, first) : undefined;
    case 'POST approvals': {
      if (second !== 'approve' && second !== 'reject') return undefined;
      const yes = second === 'approve';
      return withBody(WordBody, body, (word) => decideApproval(deps, first, yes, { by: caller, ...word }));
    }
    case 'GET quarantine':
      return first === '' ? listQuarantine(deps, query) : undefined;
    case 'POST quarantine':
      return second === 'release'
        ? withBody(ReleaseBody, body, (release) => letGo(deps, first, { by: caller, ...release }))
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

async function changeLock(deps: Deps, wish: LockWish): Promise<ApiAnswer> {
  const { service, environment, by, reason: why } = wish;
  if (wish.action === 'lock') {
    // A lock on a misspelt name would keep nobody from anything.
    const found = findConfig(await readServiceFiles(deps), service, environment);
    if ('problem' in found) return problem(404, found.problem);
  }
  const changed = await changeManualLock(deps.ledger, wish, deps.clock.now());
  switch (changed.status) {
    case 'held':
      return problem(
        409,
        `${service} ${environment} is ${lockInWords(changed.held)}; to do it all the same, say why: slipway ${wish.action} ${service} ${environment} --steal --reason …`,
        { lock: changed.held },
      );
    case 'no-lock':
      return problem(404, `${service} ${environment} is not locked`);
    case 'changed': {
      const { change, before } = changed.change;
      const from = before && before.owner !== by ? `, which was ${lockInWords(before)}` : '';
      deps.log('WARNING', `${service} ${environment} ${change} by ${by}: ${why}${from}`);
      // Not best effort: whoever loses a lock is told, or the caller hears that it was not said.
      if (change === 'stolen' || change === 'broken') {
        const event = { version: 1, kind: 'lock', service, environment, at: changed.change.at };
        await deps.pubsub.publish('deploy-events', event);
      }
      return { status: 200, body: changed.record };
    }
  }
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
  id: string,
  yes: boolean,
  word: { by: string; reason?: string | undefined },
): Promise<ApiAnswer> {
  const nowMs = deps.clock.now();
  const { by, reason: why } = word;
  const said = { by, at: new Date(nowMs).toISOString(), ...(why === undefined ? {} : { reason: why }) };
  const taken = await sayWord(deps.ledger, id, yes, said, nowMs);
  if (!taken) return problem(404, `there is no approval ${id}`);
  if (taken.status === 'refused') return problem(403, taken.reason);
  const { approval } = taken;
  deps.log('INFO', `approval ${id}: ${by} says ${yes ? 'yes' : 'no'}; it is ${approval.status}`);
  // Also when it was said before: the message may have been lost.
  if (approval.status === 'approved' && !approval.settled)
    await deps.pubsub.publish('deploy-requests', { version: 1, kind: 'approved', approvalId: id });
  return { status: 200, body: approval };
}

async function listQuarantine(deps: Deps, query: URLSearchParams): Promise<ApiAnswer> {
  const where = query.get('all') === 'true' ? {} : { holds: true };
  return { status: 200, body: { quarantine: await deps.ledger.list('quarantine', where, 200) } };
}

async function letGo(deps: Deps, id: string, release: { by: string; reason: string }): Promise<ApiAnswer> {
  const released = await releaseQuarantine(deps.ledger, id, release, deps.clock.now());
  if (!released) return problem(404, `there is no quarantine ${id}; known: slipway quarantine list`);
  deps.log('WARNING', `quarantine ${id} released by ${release.by}: ${release.reason}`);
  return { status: 200, body: released };
}
