import type { Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import { takeoverInWords } from '#shared/report/words.ts';
import type { ApiClient } from '#cli/api-client.ts';
import type { DeploymentView } from '#cli/answers.ts';
import { Common, deploymentId, examples, optionsOf, reason, type Run } from '#cli/command.ts';
import { confirm } from '#cli/confirm.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit, Unconfirmed } from '#cli/exit.ts';
import { releaseOf, stateOf } from '#cli/words.ts';

const Options = Common.extend({ reason: z.string(), yes: z.boolean().default(false) });

/** `take-over ID` */
export function addTakeOver(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
  program
    .command('take-over')
    .description('take a deployment from an execution that hangs; a new one undoes what it did and reports')
    .argument('<id>', 'deployment', deploymentId)
    .requiredOption('--reason <text>', 'why; it is in the report', reason)
    .option('--yes', 'do not ask')
    .option('--json', 'the deployment as JSON')
    .addHelpText(
      'after',
      `${examples(
        'take-over d1f3k7q2x9ab --reason "stuck since noon"',
      )}\n\nOne whose execution works can be told to stop instead: slipway cancel ID REASON`,
    )
    .action((id: string, _: unknown, command: Command) =>
      run(async () => {
        const { state, json, reason: why, yes } = optionsOf(command, Options);
        const api = await context.api(state);
        const seen = await api.deployment(id);
        if (seen.status === 'active') await confirm(context, question(seen), yes);
        const taken = await takeOver(api, seen, why);
        terminal.print(
          json
            ? JSON.stringify(taken, null, 2)
            : `${id} is taken over; a new execution undoes it. See how: slipway watch ${id}`,
        );
        return exit.done;
      }),
    );
}

function question(deployment: DeploymentView): string {
  const { id, service, environment, takeovers = [] } = deployment;
  const what = `${oneLine(service)} ${oneLine(environment)} ${releaseOf(deployment)}`;
  const before = takeovers.map((one) => `${oneLine(takeoverInWords(one))}.\n`).join('');
  return `${before}Take ${id} (${what}, now in ${stateOf(deployment)}) from its execution and undo it?`;
}

/** Once it is taken it goes on by itself, also when nobody heard the answer. */
async function takeOver(api: ApiClient, { id, fence }: DeploymentView, why: string): Promise<DeploymentView> {
  try {
    return await api.takeOver(id, why, fence);
  } catch (error) {
    if (!(error instanceof Unconfirmed)) throw error;
    throw new CommandError(
      error.exitCode,
      `${error.message}\nWhether it is taken over, its record says: slipway show ${id}.`,
      { cause: error },
    );
  }
}
