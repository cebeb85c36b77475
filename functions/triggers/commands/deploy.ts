import type { ChatCommand } from '#shared/chatops/command.ts';
import { configHash } from '#shared/config/config-hash.ts';
import type { ChatAction } from '#shared/domain/chat.ts';
import { isDigest } from '#shared/domain/image.ts';
import { isProtected } from '#shared/domain/permission.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { RequestRecord } from '#shared/ledger/ledger.ts';
import type { Deps } from '#functions/deps.ts';
import { permitted } from '#functions/orders/caller.ts';
import { orderDeploy, type DeployWish } from '#functions/orders/deploy.ts';
import { asking, asTyped, said } from '#functions/triggers/commands/answers.ts';
import { lookAhead, preflightFindings } from '#functions/triggers/commands/look-ahead.ts';
import { diffMessage, previewMessage } from '#functions/triggers/commands/preview.ts';
import { aboutPlace, done, refusal, refusalOf, type Reply } from '#functions/triggers/commands/reply.ts';
import type { Sender } from '#functions/triggers/commands/sender.ts';
import { findConfig, readServiceFiles, type ServiceFile } from '#functions/triggers/service-files.ts';
import { code, foreign } from '#shared/slack/mrkdwn.ts';

/** How long the answer to a deployment waits for what `admit` says, and how often it looks. */
const waitMs = 10_000;
const lookEveryMs = 500;
/** An older preview shows what may not be so any more. */
const previewHoldsMs = 30 * 60_000;

type Of<Verb extends ChatCommand['verb']> = Extract<ChatCommand, { verb: Verb }>;
type Configured = ServiceFile['configs'][number];

/** Asks for a deployment at once; in a protected environment only after the person saw what it would do. */
export async function deployCommand(deps: Deps, sender: Sender, command: Of<'deploy'>): Promise<Reply> {
  const { ref, reason, change, overrideFreeze } = command;
  const about = aboutPlace(command, sender.requestId);
  const found = findConfig(await readServiceFiles(deps), command.service, command.environment);
  if ('problem' in found) return refusal(found.problem, { about });
  const { config } = found;
  const shown = isProtected(config);
  const may = await permitted(sender, 'deploy', config, shown ? 'fresh' : 'last-good');
  if (may.status === 'refused') return refusalOf(may, about);
  const wish = {
    ...refOf(ref),
    ...(reason === undefined ? {} : { reason }),
    ...(change === undefined ? {} : { change }),
    ...(overrideFreeze === undefined ? {} : { override: { freeze: overrideFreeze } }),
  };
  if (!shown) {
    const { requestId } = sender;
    const { service, environment } = config;
    await orderDeploy(
      deps,
      { person: may.person, via: sender.via },
      { requestId, service, environment, ...wish },
    );
    return decided(deps, sender, requestId, config);
  }
  if (ref === undefined)
    return refusal(
      `${config.environment} is protected, and what is still to be built cannot be shown before: build it, then name its tag or digest`,
      { about },
    );
  const ahead = await lookAhead(deps, found, may.person, { ref, change, override: wish.override });
  if ('problem' in ahead) return refusal(ahead.problem, { about });
  const message = previewMessage(ahead, sender.command);
  const { decision, reason: why } = ahead.admission;
  if (!ahead.to || decision === 'refused' || decision === 'duplicate')
    return refusal(why, { about, message });
  const confirm: ChatAction = {
    action: 'confirm-deploy',
    requestId: sender.requestId,
    service: config.service,
    environment: config.environment,
    ...(ahead.to.tag === undefined ? {} : { tag: ahead.to.tag }),
    digest: ahead.to.digest,
    configHash: ahead.configHash,
    ...(overrideFreeze === undefined ? {} : { overrideFreeze }),
    ...(reason === undefined ? {} : { reason }),
    ...(change === undefined ? {} : { change }),
    askedBy: sender.user,
    askedAt: new Date(deps.clock.now()).toISOString(),
  };
  return done('shown, to be confirmed', asking(message, 'Deploy', confirm), { about });
}

/** The person saw what it would do and wants exactly that. */
export async function confirmDeploy(
  deps: Deps,
  sender: Sender,
  action: Extract<ChatAction, { action: 'confirm-deploy' }>,
): Promise<Reply> {
  const { requestId, service, environment, tag, digest, overrideFreeze, reason, change } = action;
  const about = aboutPlace(action, requestId);
  if (action.askedBy !== sender.user)
    return refusal('somebody else asked for this: only they can confirm it; ask for it yourself', { about });
  const again = `${sender.command} deploy ${service} ${environment} ${tag ?? digest}`;
  const retry = (why: string): Reply =>
    refusal(why, {
      about,
      replace: true,
      message: said(`*Not done.* ${foreign(why)}: look again with ${code(again, 500)}`),
    });
  if (deps.clock.now() - Date.parse(action.askedAt) > previewHoldsMs)
    return retry('this was shown more than 30 minutes ago');
  const found = findConfig(await readServiceFiles(deps), service, environment);
  if ('problem' in found) return refusal(found.problem, { about });
  if (configHash(found.config) !== action.configHash)
    return retry('the configuration changed since this was shown');
  const may = await permitted(
    sender,
    'deploy',
    found.config,
    isProtected(found.config) ? 'fresh' : 'last-good',
  );
  if (may.status === 'refused') return refusalOf(may, about);
  const wish: DeployWish = {
    requestId,
    service,
    environment,
    tag,
    digest,
    configHash: action.configHash,
    ...(reason === undefined ? {} : { reason }),
    ...(change === undefined ? {} : { change }),
    ...(overrideFreeze === undefined ? {} : { override: { freeze: overrideFreeze } }),
  };
  await orderDeploy(deps, { person: may.person, via: sender.via }, wish);
  const reply = await decided(deps, sender, requestId, found.config);
  return { ...reply, answer: { ...reply.answer, replace: true, inChannel: false } };
}

/** The same release again, for whoever pressed it. */
export async function retryDeploy(deps: Deps, sender: Sender, deploymentId: string): Promise<Reply> {
  const before = await deps.ledger.get('deployments', deploymentId);
  if (!before) return refusal(`there is no deployment ${deploymentId}`);
  const { service, environment, release, request } = before;
  const about = aboutPlace(before, deploymentId);
  const digest = release?.digest ?? request.digest;
  if (digest === undefined)
    return refusal(`${deploymentId} never had an image: ask for a deployment instead`, { about });
  const found = findConfig(await readServiceFiles(deps), service, environment);
  if ('problem' in found) return refusal(found.problem, { about });
  const may = await permitted(
    sender,
    'deploy',
    found.config,
    isProtected(found.config) ? 'fresh' : 'last-good',
  );
  if (may.status === 'refused') return refusalOf(may, about);
  const { requestId } = sender;
  const { change, tag } = request;
  const wish = { requestId, service, environment, tag: release?.tag ?? tag, digest, change };
  await orderDeploy(deps, { person: may.person, via: sender.via }, wish);
  return decided(deps, sender, requestId, found.config);
}

/** What a deployment would do, or only what would change; nothing is changed by it. */
export async function lookCommand(deps: Deps, sender: Sender, command: Of<'plan' | 'diff'>): Promise<Reply> {
  const about = aboutPlace(command);
  const found: Configured | { problem: string } = findConfig(
    await readServiceFiles(deps),
    command.service,
    command.environment,
  );
  if ('problem' in found) return refusal(found.problem, { about });
  const who = await sender.identify(found.config.policy.allow.deploy, 'last-good');
  if ('refused' in who) return refusal(who.refused, { about });
  const ahead = await lookAhead(deps, found, who.person, { ref: command.ref });
  if ('problem' in ahead) return refusal(ahead.problem, { about });
  if (command.verb === 'diff') return done('shown', diffMessage(ahead), { about });
  return done('shown', previewMessage(ahead, sender.command, await preflightFindings(deps, ahead.wanted)), {
    about,
  });
}

/** What `admit` said to a request, if it says so soon. */
async function decided(deps: Deps, sender: Sender, requestId: string, config: ServiceConfig): Promise<Reply> {
  const about = aboutPlace(config, requestId);
  const end = deps.clock.now() + waitMs;
  let record: RequestRecord | undefined;
  for (;;) {
    [record] = await deps.ledger.list('requests', { requestId }, 1);
    if (record || deps.clock.now() >= end) break;
    await deps.clock.sleep(lookEveryMs);
  }
  const { service, environment } = config;
  const where = `${foreign(service)} ${foreign(environment)}`;
  const status = `${sender.command} status ${service} ${environment}`;
  if (!record)
    return done(
      'asked for; not decided yet',
      said(`Accepted: ${where} (request ${code(requestId)}). What becomes of it: ${code(status)}`),
      { about },
    );
  const { decision, reason, deploymentId, approvalId } = record;
  const subject = deploymentId ?? approvalId ?? requestId;
  const message = said(
    `*${words[decision]}*: ${where}${subject === requestId ? '' : ` (${code(subject)})`}: ${foreign(asTyped(reason, sender.command), 1500)}`,
  );
  const outcome = `${decision}: ${reason}`;
  switch (decision) {
    case 'refused':
    case 'superseded':
    case 'ignored':
      return refusal(outcome, { about: { ...about, subject }, message });
    case 'admitted':
    case 'waiting':
    case 'awaiting-approval':
      return done(outcome, message, {
        about: { ...about, subject },
        inChannel: sender.channel !== homeOf(deps, config, decision),
      });
    case 'duplicate':
      return done(outcome, message, { about: { ...about, subject } });
  }
}

/** Where a message of its own tells everybody what was asked for and by whom, so that the answer need not. */
function homeOf({ config }: Deps, { slack }: ServiceConfig, decision: RequestRecord['decision']): string {
  const home = slack.channel ?? config.slack.channel;
  return decision === 'awaiting-approval' ? (slack.approvalsChannel ?? home) : home;
}

const words: Record<RequestRecord['decision'], string> = {
  admitted: 'Deploying',
  waiting: 'Waits for its turn',
  duplicate: 'Nothing to do',
  refused: 'Refused',
  superseded: 'Superseded',
  ignored: 'Ignored',
  'awaiting-approval': 'Waits for approval',
};

const refOf = (ref: string | undefined): { tag?: string; digest?: string } => {
  if (ref === undefined) return {};
  return isDigest(ref) ? { digest: ref } : { tag: ref };
};
