import type { Command } from 'commander';
import { oneLine } from '#shared/report/text.ts';
import { Common, deploymentId, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit, usageError } from '#cli/exit.ts';

/** `cancel ID REASON…` */
export function addCancel(program: Command, context: Context, run: Run): void {
  program
    .command('cancel')
    .description('stop a deployment that is not finished; what it did is undone')
    .argument('<id>', 'deployment', deploymentId)
    .argument('<reason...>', 'why; it is in the report')
    .addHelpText('after', examples('cancel d1f3k7q2x9ab wrong branch'))
    .action((id: string, words: string[], _: unknown, command: Command) =>
      run(async () => {
        const reason = words.join(' ').trim();
        if (reason === '' || reason.length > 300)
          throw usageError(`The reason has ${reason.length} characters: expected 1 to 300.`);
        const { terminal } = context;
        const api = await context.api(optionsOf(command, Common).state);
        const told = await api.cancel(id, reason);
        if (told.status === 'finished')
          terminal.print(`${id} was still waiting and is ${told.result?.outcome}.`);
        else if (
          told.signal !== undefined &&
          (told.signal.kind !== 'cancel' || told.signal.reason !== reason)
        )
          // The first word counts.
          terminal.print(`${id} was told before: ${told.signal.kind} by ${oneLine(told.signal.by)}.`);
        else terminal.print(`${id} is told. See what it undoes: slipway watch ${id}`);
        return exit.done;
      }),
    );
}
