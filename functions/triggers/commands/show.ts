import type { ChatCommand } from '#shared/chatops/command.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { heldLock, lockInWords } from '#shared/domain/manual-lock.ts';
import { shortDigest } from '#shared/domain/image.ts';
import { isProtected } from '#shared/domain/permission.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import { utc } from '#shared/report/words.ts';
import type { Deps } from '#functions/deps.ts';
import {
  deploymentMessage,
  historyMessage,
  quarantineMessage,
  releaseOf,
  said,
  tabular,
} from '#functions/triggers/commands/answers.ts';
import { done, refusal, type Reply } from '#functions/triggers/commands/reply.ts';
import type { Sender } from '#functions/triggers/commands/sender.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';

/** What people may look at: everybody whom Slack knows as one of ours. */

type Of<Verb extends ChatCommand['verb']> = Extract<ChatCommand, { verb: Verb }>;

/** Only who is nobody of ours is refused. */
export async function reader(sender: Sender): Promise<Reply | undefined> {
  const found = await sender.identify([], 'last-good');
  return 'refused' in found ? refusal(found.refused) : undefined;
}

/** One deployment, or what serves and what is under way. */
export async function statusCommand(deps: Deps, sender: Sender, command: Of<'status'>): Promise<Reply> {
  const refused = await reader(sender);
  if (refused) return refused;
  if ('deploymentId' in command) {
    const { deploymentId } = command;
    const deployment = await deps.ledger.get('deployments', deploymentId);
    if (!deployment) return refusal(`there is no deployment ${deploymentId}`);
    return done('shown', deploymentMessage(deployment), { about: { subject: deploymentId } });
  }
  const { service, environment } = command;
  const configs = (await readServiceFiles(deps))
    .flatMap((file) => file.configs.map(({ config }) => config))
    .filter((config) => service === undefined || config.service === service)
    .filter((config) => environment === undefined || config.environment === environment);
  if (configs.length === 0) return done('shown', said('There is no service yet.'));
  const rows = await Promise.all(configs.map((config) => placeRow(deps, config)));
  const title = service === undefined ? 'All services' : [service, environment].filter(Boolean).join(' ');
  const head = ['Place', 'Live', 'Since', 'Under way', 'Lock'];
  return done('shown', tabular(title, [head, ...rows]));
}

async function placeRow(deps: Deps, config: ServiceConfig): Promise<string[]> {
  const { service, environment } = config;
  const place = placeId(service, environment);
  const [live, lock, manual] = await Promise.all([
    deps.ledger.get('live', place),
    deps.ledger.get('locks', place),
    deps.ledger.get('manualLocks', place),
  ]);
  const find = async (id: string | undefined): Promise<Deployment | undefined> =>
    id === undefined ? undefined : deps.ledger.get('deployments', id);
  const [active, waiting] = await Promise.all([find(lock?.active), find(lock?.waiting)]);
  const held = heldLock(manual?.lock, deps.clock.now());
  const underWay = [
    ...(active ? [`${active.id} (${releaseOf(active)}${stepOf(active)})`] : []),
    ...(waiting ? [`${waiting.id} waits`] : []),
  ];
  return [
    `${service} ${environment}${isProtected(config) ? ' (protected)' : ''}`,
    live === undefined ? 'nothing' : live.takenBack ? 'taken back' : (live.tag ?? shortDigest(live.digest)),
    live === undefined ? '' : utc(live.takenBack?.at ?? live.at),
    underWay.join('; '),
    held ? lockInWords(held) : '',
  ];
}

const stepOf = ({ steps }: Deployment): string => {
  const running = steps.findLast(({ endedAt }) => endedAt === undefined);
  return running ? `, ${running.step} ${running.phase}` : '';
};

/** The newest deployments of a service. */
export async function historyCommand(deps: Deps, sender: Sender, command: Of<'history'>): Promise<Reply> {
  const refused = await reader(sender);
  if (refused) return refused;
  const { service, environment, count } = command;
  const where = { service, ...(environment === undefined ? {} : { environment }) };
  const found = await deps.ledger.list('deployments', where, count);
  const title = `Deployments of ${service}${environment === undefined ? '' : ` ${environment}`}`;
  return done('shown', historyMessage(title, found, sender.command));
}

/** What is held in quarantine. */
export async function quarantineList(deps: Deps, sender: Sender): Promise<Reply> {
  const refused = await reader(sender);
  if (refused) return refused;
  const held = await deps.ledger.list('quarantine', { holds: true }, 50);
  return done('shown', quarantineMessage(held, sender.command));
}
