import type { ChatCommand } from '#shared/chatops/command.ts';
import { helpLines } from '#shared/chatops/help.ts';
import { withKnownNames } from '#shared/chatops/names.ts';
import { parseCommand } from '#shared/chatops/parse-command.ts';
import type { ChatAction } from '#shared/domain/chat.ts';
import type { Deps } from '#functions/deps.ts';
import { slackDoctor } from '#functions/doctor.ts';
import {
  cancelCommand,
  lockCommand,
  onItCommand,
  releaseCommand,
  rollbackCommand,
  wordCommand,
} from '#functions/triggers/commands/act.ts';
import { lines, notUnderstood } from '#functions/triggers/commands/answers.ts';
import {
  confirmDeploy,
  deployCommand,
  lookCommand,
  retryDeploy,
} from '#functions/triggers/commands/deploy.ts';
import { done, invalid, type Reply } from '#functions/triggers/commands/reply.ts';
import type { Sender } from '#functions/triggers/commands/sender.ts';
import { historyCommand, quarantineList, reader, statusCommand } from '#functions/triggers/commands/show.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';

type Handled = Reply & { action: string };

/** Does what was typed, once it is understood and names what exists. */
export async function carryOut(
  deps: Deps,
  sender: Sender,
  text: string,
): Promise<Reply & { action?: string }> {
  const parsed = parseCommand(text);
  const known = 'problem' in parsed ? parsed : withKnownNames(parsed, await environments(deps));
  if ('problem' in known) {
    const reply = invalid(known.problem, notUnderstood(known.problem, sender.command, known.didYouMean));
    return 'problem' in parsed ? reply : { ...reply, action: parsed.verb };
  }
  const reply = await run(deps, sender, known);
  const action = known.verb === 'quarantine' && known.release ? 'quarantine release' : known.verb;
  return { ...reply, action } satisfies Handled;
}

function run(deps: Deps, sender: Sender, command: ChatCommand): Promise<Reply> {
  switch (command.verb) {
    case 'deploy':
      return deployCommand(deps, sender, command);
    case 'plan':
    case 'diff':
      return lookCommand(deps, sender, command);
    case 'status':
      return statusCommand(deps, sender, command);
    case 'history':
      return historyCommand(deps, sender, command);
    case 'rollback':
      return rollbackCommand(deps, sender, command);
    case 'cancel':
      return cancelCommand(deps, sender, command);
    case 'approve':
      return wordCommand(deps, sender, { approvalId: command.approvalId, yes: true });
    case 'reject': {
      const { approvalId, reason } = command;
      return wordCommand(deps, sender, {
        approvalId,
        yes: false,
        ...(reason === undefined ? {} : { reason }),
      });
    }
    case 'lock':
    case 'unlock':
      return lockCommand(deps, sender, command);
    case 'quarantine':
      return command.release ? releaseCommand(deps, sender, command.release) : quarantineList(deps, sender);
    case 'doctor':
      return doctor(deps, sender);
    case 'help':
      return Promise.resolve(done('shown', lines(helpLines(command.about))));
  }
}

/** Does what a button says. Buttons stay for months: each is decided afresh. */
export function press(deps: Deps, sender: Sender, action: ChatAction): Promise<Reply> {
  switch (action.action) {
    case 'confirm-deploy':
      return confirmDeploy(deps, sender, action);
    case 'dismiss':
      return Promise.resolve(done('taken away', 'remove'));
    case 'approve':
    case 'reject':
      return wordCommand(deps, sender, { approvalId: action.approvalId, yes: action.action === 'approve' });
    case 'cancel':
      return cancelCommand(deps, sender, { deploymentId: action.deploymentId });
    case 'roll-back':
      return rollbackCommand(deps, sender, action);
    case 'retry':
      return retryDeploy(deps, sender, action.deploymentId);
    case 'on-it':
      return onItCommand(deps, sender, action.deploymentId);
  }
}

async function doctor(deps: Deps, sender: Sender): Promise<Reply> {
  const refused = await reader(sender);
  if (refused) return refused;
  const findings = await slackDoctor(deps);
  const marks = { true: '✓', false: '✗', unknown: '?' };
  const bad = findings.filter(({ ok }) => ok !== true);
  const shown = [...bad, ...findings.filter(({ ok }) => ok === true)];
  return done(
    bad.length === 0 ? 'all is well' : `${bad.length} of ${findings.length} are not well`,
    lines(
      shown.map(
        ({ ok, what, found, fix }) =>
          `${marks[`${ok}`]} ${what}: ${found}${fix === undefined || ok === true ? '' : ` → ${fix}`}`,
      ),
    ),
  );
}

/** Every service with its environments, as the service files name them. */
async function environments(deps: Deps): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { configs } of await readServiceFiles(deps))
    for (const { config } of configs)
      found.set(config.service, [...(found.get(config.service) ?? []), config.environment]);
  return found;
}
