import type { Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import { Common, examples, optionsOf, reason, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import type { QuarantineView } from '#cli/policy-answers.ts';
import { table } from '#cli/table.ts';
import { ago, imageOf } from '#cli/words.ts';

/** `quarantine list` and `quarantine release ID` */
export function addQuarantine(program: Command, context: Context, run: Run): void {
  const { terminal, clock } = context;
  const quarantine = program
    .command('quarantine')
    .description('releases that their own checks found bad: see them, let one go')
    .helpCommand(false);

  quarantine
    .command('list')
    .description('releases that are refused until a person lets them go')
    .option('--all', 'also those that were let go')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('quarantine list', 'quarantine list --all --json'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const schema = Common.extend({ all: z.boolean().default(false) });
        const { state, json, all } = optionsOf(command, schema);
        const found = await (await context.api(state)).quarantine(all);
        const none = all
          ? 'No release was ever in quarantine.'
          : 'No release is in quarantine. Those that were: slipway quarantine list --all';
        if (json) terminal.print(JSON.stringify(found, null, 2));
        else terminal.print(found.length === 0 ? none : inWords(found, clock.now()));
        return exit.done;
      }),
    );

  quarantine
    .command('release')
    .description('let a release go: it may be deployed again with the same configuration')
    .argument('<id>', 'as "quarantine list" shows it')
    .requiredOption('--reason <text>', 'why it is safe now; it stays on record', reason)
    .addHelpText(
      'after',
      examples(
        'quarantine release hello.production.0123456789ab.89abcdef0123 --reason "the database is back"',
      ),
    )
    .action((id: string, _: unknown, command: Command) =>
      run(async () => {
        const { state, reason: why } = optionsOf(command, Common.extend({ reason: z.string() }));
        const { service, environment, tag, digest, releases } = await (
          await context.api(state)
        ).releaseQuarantine(id, why);
        const by = oneLine(releases.at(-1)?.by ?? '');
        const again = `slipway deploy ${oneLine(service)} ${oneLine(environment)} ${oneLine(tag ?? digest)}`;
        terminal.print(
          `${oneLine(id)} is let go by ${by}. Nothing is deployed by that; to deploy it: ${again}`,
        );
        return exit.done;
      }),
    );
}

function inWords(found: readonly QuarantineView[], nowMs: number): string {
  return table(
    ['ID', 'RELEASE', 'STATE', 'SINCE', 'FOUND BY', 'ASKED FOR BY', 'REASON'],
    found.map((one) => [
      oneLine(one.id),
      imageOf(one),
      one.holds ? 'held' : `let go by ${oneLine(one.releases.at(-1)?.by ?? '')}`,
      ago(one.at, nowMs),
      oneLine(one.deploymentId),
      oneLine(one.owner),
      oneLine(one.reason),
    ]),
  );
}
