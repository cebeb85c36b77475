import type { Command } from 'commander';
import type { ApiClient } from '#cli/api-client.ts';
import { Common, deploymentId, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit } from '#cli/exit.ts';
import { follow, goesOn } from '#cli/follow.ts';
import { wentLive } from '#cli/words.ts';

/** `watch [ID]` */
export function addWatch(program: Command, context: Context, run: Run): void {
  program
    .command('watch')
    .description('show a deployment until it is finished; without ID, the newest that is not')
    .argument('[id]', 'deployment', deploymentId)
    .addHelpText('after', examples('watch', 'watch d1f3k7q2x9ab'))
    .action((id: string | undefined, _options: unknown, command: Command) =>
      run(async () => {
        const api = await context.api(optionsOf(command, Common).state);
        const chosen = id ?? (await newestRunning(api));
        if (chosen !== undefined) return followToEnd(context, api, chosen);
        context.terminal.print('Nothing is being deployed. What was: slipway status');
        return exit.done;
      }),
    );
}

/** Follows a deployment and says the exit code of its outcome; Ctrl-C leaves it alone and says so. */
export async function followToEnd(context: Context, api: ApiClient, id: string): Promise<number> {
  const { terminal, clock } = context;
  const { signal } = context.interrupt();
  try {
    const finished = await follow({ api, id, terminal, clock, signal });
    terminal.print(terminal.paint('dim', `Report: slipway report ${id}`));
    return wentLive(finished) ? exit.done : exit.no;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CommandError(exit.interrupted, goesOn(id), { cause: error });
  }
}

async function newestRunning(api: ApiClient): Promise<string | undefined> {
  for (const status of ['active', 'starting', 'waiting']) {
    const [found] = await api.deployments({ status }, 1);
    if (found) return found.id;
  }
  return undefined;
}
