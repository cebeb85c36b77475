import type { Approval } from '#shared/domain/approval.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { ApprovalId, DeploymentId } from '#shared/domain/ids.ts';
import { isDue, markDone } from '#shared/ledger/last-done.ts';
import type { Deps } from '#functions/deps.ts';
import { announce, announceApproval } from '#functions/events.ts';
import { owesPage } from '#functions/triggers/notify/owes-page.ts';

/** More finished deployments than end between two runs. Whatever message was begun and not ended is looked for besides. */
const newest = 50;
const atOnce = 200;
/** What Slack refuses, a person has to mend: it is tried again now and then, and not for ever. */
const refusedEveryMs = 600_000;
const refusedForMs = 24 * 3_600_000;

/** Finished deployments whose end may not stand in Slack yet. */
export async function toldLast({ ledger }: Deps): Promise<Deployment[]> {
  const found = await ledger.list('deployments', { status: 'finished' }, newest);
  const known = new Set(found.map(({ id }) => id));
  for (const id of await begunMessages(ledger, DeploymentId)) {
    const deployment = known.has(id) ? undefined : await ledger.get('deployments', id);
    if (deployment && isFinished(deployment)) found.push(deployment);
  }
  return found;
}

/** Until Slack shows the final status, and who has to be called outside Slack was called. */
export async function tellEnd(deps: Deps, deployment: Deployment): Promise<void> {
  const { ledger, clock, config } = deps;
  const shown = await ledger.get('notifications', deployment.id);
  const told = !config.hasSlack || shown?.final === true;
  if (told && !(await owesPage(deps, deployment))) return;
  if (!told && shown?.undeliverable !== undefined) {
    const endedMs = Date.parse(deployment.result?.finishedAt ?? deployment.updatedAt);
    if (endedMs + refusedForMs <= clock.now() || !(await isTriedAgain(deps, deployment.id))) return;
  }
  await announce(deps, deployment);
}

/** Approvals that people wait for, and decided ones whose message does not say so yet. */
export async function openQuestions({ ledger }: Deps): Promise<Approval[]> {
  const open = await ledger.list('approvals', { status: 'open' });
  const known = new Set(open.map(({ id }) => id));
  const begun = (await begunMessages(ledger, ApprovalId)).filter((id) => !known.has(id));
  const others = await Promise.all(begun.map((id) => ledger.get('approvals', id)));
  return [...open, ...others.filter((one) => one !== undefined)];
}

/** Has an approval asked for, reminded of when half of its time has passed, and its decision told. */
export async function tellQuestion(deps: Deps, approval: Approval): Promise<void> {
  const { ledger, clock, config } = deps;
  if (!config.hasSlack) return;
  const { id, status, expiresAt, timeoutSeconds } = approval;
  const shown = await ledger.get('notifications', id);
  if (shown?.final) return;
  if (shown?.undeliverable !== undefined && !(await isTriedAgain(deps, id))) return;
  const isOpen = status === 'open';
  const halfMs = Date.parse(expiresAt) - (timeoutSeconds * 1000) / 2;
  const remind = isOpen && halfMs <= clock.now() && shown?.said?.['reminder'] === undefined;
  // Of an open one that stands there every change is told; a decided one does not change any more.
  if (!isOpen || remind || shown?.rootTs === undefined) await announceApproval(deps, id, { remind });
}

/** @returns whether it is time; and then it counts as tried */
async function isTriedAgain({ ledger, clock }: Deps, id: string): Promise<boolean> {
  const again = `retold.${id}`;
  const now = clock.now();
  if (!(await isDue(ledger, again, refusedEveryMs, now))) return false;
  await markDone(ledger, again, now);
  return true;
}

async function begunMessages(
  ledger: Deps['ledger'],
  id: { safeParse(value: unknown): { success: boolean } },
): Promise<string[]> {
  const begun = await ledger.list('notifications', { final: false }, atOnce);
  return begun.map(({ subject }) => subject).filter((subject) => id.safeParse(subject).success);
}
