import type { Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import type { ApiClient, RollbackBody } from '#cli/api-client.ts';
import { Common, examples, optionsOf, reason, type Run } from '#cli/command.ts';
import { confirm } from '#cli/confirm.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit, Unconfirmed } from '#cli/exit.ts';
import type { RollbackView } from '#cli/policy-answers.ts';
import { sharesOf } from '#cli/words.ts';

const Options = Common.extend({
  reason: z.string(),
  to: z.string().optional(),
  force: z.boolean().default(false),
  yes: z.boolean().default(false),
});

/** `rollback SERVICE ENVIRONMENT` */
export function addRollback(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
  program
    .command('rollback')
    .description('put the traffic back at once, past whatever is being deployed, and see that it is so')
    .argument('<service>')
    .argument('<environment>')
    .requiredOption('--reason <text>', 'why; it stays on record', reason)
    .option('--to <revision>', 'revision to go to; what served before the newest release unless given')
    .option('--force', 'also past a release that is marked as not safe to roll back')
    .option('--yes', 'do not ask')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `${examples(
        'rollback hello production --reason "checkout is broken"',
        'rollback hello production --to hello-d1f3k7q2x9ab --reason "checkout is broken" --yes',
      )}\n\nA deployment that is under way is ended with it. To end only that: slipway cancel ID REASON`,
    )
    .action((service: string, environment: string, _: unknown, command: Command) =>
      run(async () => {
        const { state, json, reason: why, to, force, yes } = optionsOf(command, Options);
        const api = await context.api(state);
        const target = to ?? 'what served before the newest release';
        const past = force ? ', even past a release that is marked as not safe to roll back' : '';
        await confirm(context, `Put ${service} ${environment} back to ${target} now${past}?`, yes);
        const order = {
          service,
          environment,
          reason: why,
          ...(to === undefined ? {} : { to }),
          ...(force ? { force } : {}),
        };
        const done = await rollBack(api, order);
        terminal.print(json ? JSON.stringify(done, null, 2) : inWords(done, order));
        return exit.done;
      }),
    );
}

/** Repeating it blindly may be harm: once it is done, what served before is a release older. */
async function rollBack(api: ApiClient, order: RollbackBody): Promise<RollbackView> {
  try {
    return await api.rollBack(order);
  } catch (error) {
    if (!(error instanceof Unconfirmed)) throw error;
    throw new CommandError(
      exit.no,
      `${error.message}\nWhether it was done is not known. Look at the traffic of ${order.service} in Cloud Run before you ` +
        'repeat it, and then name the revision with --to: without it a repeat may go one release further back.',
      { cause: error },
    );
  }
}

const inWords = (
  { serving, observed, tookBack }: RollbackView,
  { service, environment }: RollbackBody,
): string =>
  [
    `${service} ${environment} is rolled back; ${oneLine(tookBack)} is taken back.`,
    `Serves now: ${sharesOf(serving)}`,
    `Seen: ${oneLine(observed)}`,
    `What led to it: slipway report ${oneLine(tookBack)}`,
  ].join('\n');
