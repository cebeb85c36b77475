import type { ChatCommand, Place } from '#shared/chatops/command.ts';
import type { Approval } from '#shared/domain/approval.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { DeploymentId } from '#shared/domain/ids.ts';
import { isDigest, shortDigest } from '#shared/domain/image.ts';
import { trafficInWords } from '#shared/domain/traffic.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import { utc } from '#shared/report/words.ts';
import { code, foreign, time } from '#shared/slack/mrkdwn.ts';
import type { Deps } from '#functions/deps.ts';
import { orderAcknowledge } from '#functions/orders/acknowledge.ts';
import { orderWord } from '#functions/orders/approval.ts';
import { orderCancel } from '#functions/orders/cancel.ts';
import { orderLock } from '#functions/orders/lock.ts';
import { orderRelease } from '#functions/orders/quarantine.ts';
import { orderRollback } from '#functions/orders/rollback.ts';
import { releaseOf, said } from '#functions/triggers/commands/answers.ts';
import {
  aboutPlace,
  aboutSubject,
  done,
  refusal,
  refusalOf,
  type Reply,
} from '#functions/triggers/commands/reply.ts';
import type { Sender } from '#functions/triggers/commands/sender.ts';

type Of<Verb extends ChatCommand['verb']> = Extract<ChatCommand, { verb: Verb }>;

/** When a person gives none: the record says where it came from. */
const noReason = 'no reason given in Slack';
/** Deployments of the place, newest first, in which a tag is looked for. */
const lookedThrough = 200;

/** At once, also in a protected environment: going back is what one needs at night. */
export async function rollbackCommand(
  deps: Deps,
  sender: Sender,
  command: Place & { to?: string | undefined; force?: true; reason?: string },
): Promise<Reply> {
  const { service, environment, to, force, reason = noReason } = command;
  const about = aboutPlace(command);
  const target = to === undefined ? undefined : await revisionOf(deps, command, to);
  if (target && 'problem' in target) return refusal(target.problem, { about });
  const ordered = await orderRollback(deps, sender, {
    service,
    environment,
    reason,
    ...(target ? { to: target.revision } : {}),
    ...(force === undefined ? {} : { force }),
  });
  if (ordered.status === 'refused') return refusalOf(ordered, about);
  const { serving, observed, tookBack } = ordered;
  const before = await deps.ledger.get('deployments', tookBack);
  const what = `${foreign(service)} ${foreign(environment)}`;
  return done(
    `rolled back: ${trafficInWords(serving)}`,
    said(
      `*Rolled back*: ${what} from ${before ? `${code(releaseOf(before))} (${code(tookBack)})` : code(tookBack)}, by ${foreign(sender.known())}: ${foreign(reason)}`,
      `Verified: ${foreign(observed, 1000)}`,
    ),
    { about: { ...about, subject: tookBack }, inChannel: true },
  );
}

/** A revision from whatever a person calls a release. */
async function revisionOf(
  deps: Deps,
  { service, environment }: Place,
  to: string,
): Promise<{ revision: string } | { problem: string }> {
  const place = `${service} ${environment}`;
  const has = (found: Deployment | undefined): { revision: string } | { problem: string } =>
    found?.candidate
      ? { revision: found.candidate.revision }
      : { problem: `${to} made no revision of ${place}: to see what did, look at its history` };
  if (DeploymentId.safeParse(to).success) {
    const found = await deps.ledger.get('deployments', to);
    return has(found?.service === service && found.environment === environment ? found : undefined);
  }
  const where = { service, environment, ...(isDigest(to) ? { 'release.digest': to } : {}) };
  const all = await deps.ledger.list('deployments', where, lookedThrough);
  const wasLive = all.filter(({ result }) => result?.outcome.startsWith('live'));
  const found = wasLive.find(({ release }) => to === release?.tag || to === release?.digest);
  if (found || isDigest(to)) return has(found);
  return { revision: to };
}

/** Ends what is under way, or a named deployment. */
export async function cancelCommand(
  deps: Deps,
  sender: Sender,
  command: { reason?: string } & (Place | { deploymentId: string }),
): Promise<Reply> {
  const { reason = noReason } = command;
  const deploymentId = 'deploymentId' in command ? command.deploymentId : await underWay(deps, command);
  if (deploymentId === undefined) return refusal('nothing is being deployed there');
  const ordered = await orderCancel(deps, sender, { deploymentId, reason });
  if (ordered.status === 'refused')
    return refusalOf(ordered, aboutSubject(await deps.ledger.get('deployments', deploymentId), deploymentId));
  const { deployment } = ordered;
  const { signal, status } = deployment;
  const about = aboutPlace(deployment, deploymentId);
  const own = status === 'finished' || (signal?.by === sender.known() && signal.reason === reason);
  const words = own
    ? `*${status === 'finished' ? 'Cancelled' : 'Being cancelled'}*: ${foreign(deployment.service)} ${foreign(deployment.environment)} (${code(deploymentId)}); what served before serves on`
    : `${code(deploymentId)} is stopped already: ${signal?.kind} by ${foreign(signal?.by ?? '')}: ${foreign(signal?.reason ?? '')}`;
  return done(own ? 'told to stop' : 'was told to stop before', said(words), { about });
}

async function underWay(deps: Deps, place: Place): Promise<string | undefined> {
  const lock = await deps.ledger.get('locks', placeId(place.service, place.environment));
  return lock?.active ?? lock?.waiting;
}

/** Says yes or no to a request that waits. */
export async function wordCommand(
  deps: Deps,
  sender: Sender,
  word: { approvalId: string; yes: boolean; reason?: string },
): Promise<Reply> {
  const ordered = await orderWord(deps, sender, word);
  const { approvalId, yes } = word;
  if (ordered.status === 'refused')
    return refusalOf(ordered, aboutSubject(await deps.ledger.get('approvals', approvalId), approvalId));
  const { approval, counted, by } = ordered;
  const about = aboutPlace(approval, approvalId);
  const state = stateInWords(approval);
  const mine = counted && (yes ? approval.approvals.at(-1)?.by === by : approval.rejection?.by === by);
  if (mine)
    return done(
      yes ? 'approved' : 'rejected',
      said(`*${yes ? 'Approved' : 'Rejected'}*: ${foreign(state, 1000)}`),
      { about },
    );
  const before = approval.status === 'open' ? 'you approved it already' : 'it is decided already';
  const why = `${before}: ${state}`;
  return refusal(why, { about, message: said(foreign(why, 1000)) });
}

/** `hello production: 1 of 2 approved`, `… approved by lee@example.com at …`; plain text */
function stateInWords({
  service,
  environment,
  status,
  approvals,
  required,
  rejection,
  outcome,
  expiresAt,
}: Approval): string {
  const place = `${service} ${environment}`;
  const who = approvals.map(({ by, at }) => `${by} at ${utc(at)}`).join(', ');
  switch (status) {
    case 'open':
      return `${place}: ${approvals.length} of ${required} approved`;
    case 'approved':
      return `${place}: approved by ${who}`;
    case 'rejected':
      return `${place}: rejected by ${rejection?.by} at ${rejection ? utc(rejection.at) : ''}`;
    case 'expired':
      return `${place}: it was over at ${utc(expiresAt)}${outcome === undefined ? '' : `: ${outcome}`}`;
  }
}

/** Sets or takes away the lock of a place. */
export async function lockCommand(
  deps: Deps,
  sender: Sender,
  command: Of<'lock'> | Of<'unlock'>,
): Promise<Reply> {
  const { verb, service, environment, reason = noReason, steal = false } = command;
  const about = aboutPlace(command);
  const forSeconds = command.verb === 'lock' ? command.forSeconds : undefined;
  const ordered = await orderLock(deps, sender, {
    action: verb,
    service,
    environment,
    reason,
    steal,
    forSeconds,
  });
  if (ordered.status === 'refused') {
    if (ordered.kind !== 'conflict') return refusalOf(ordered, about);
    const again = `${sender.command} ${verb} ${service} ${environment} steal reason="…"`;
    const message = said(
      `*Not done.* ${foreign(ordered.reason)}`,
      `To do it all the same, say why: ${code(again)}`,
    );
    return refusal(ordered.reason, { about, message });
  }
  const { lock } = ordered.record;
  const place = `${foreign(service)} ${foreign(environment)}`;
  const words = lock
    ? `${place} is locked by ${foreign(lock.owner)} ${lock.expiresAt === undefined ? 'without an end' : `until ${time(lock.expiresAt)}`}: ${foreign(lock.reason)}`
    : `${place} is unlocked by ${foreign(sender.known())}`;
  return done(`${verb}ed`, said(words), { about, inChannel: true });
}

/** Gives a release another chance. */
export async function releaseCommand(
  deps: Deps,
  sender: Sender,
  { id, reason }: { id: string; reason: string },
): Promise<Reply> {
  const ordered = await orderRelease(deps, sender, { id, reason });
  if (ordered.status === 'refused')
    return refusalOf(ordered, aboutSubject(await deps.ledger.get('quarantine', id), id));
  const { quarantine } = ordered;
  const { service, environment, tag, digest } = quarantine;
  const what = `${foreign(service)} ${code(tag ?? shortDigest(digest))} in ${foreign(environment)}`;
  const words = `${what} is out of quarantine (${code(id)}), by ${foreign(sender.known())}: ${foreign(reason)}`;
  return done('released', said(words), { about: aboutPlace(quarantine, id), inChannel: true });
}

/** "I am on it" */
export async function onItCommand(deps: Deps, sender: Sender, deploymentId: string): Promise<Reply> {
  const ordered = await orderAcknowledge(deps, sender, deploymentId);
  if (ordered.status === 'refused')
    return refusalOf(ordered, aboutSubject(await deps.ledger.get('deployments', deploymentId), deploymentId));
  const { deployment, has } = ordered;
  const about = aboutPlace(deployment, deploymentId);
  const mine = has.by === sender.known();
  const words = `${mine ? 'You are' : `${foreign(has.by)} is`} on it since ${time(has.at)}: ${code(deploymentId)}`;
  return mine
    ? done('on it', said(words), { about })
    : refusal(`${has.by} has it`, { about, message: said(words) });
}
