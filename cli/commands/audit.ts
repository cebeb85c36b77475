import type { Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import { Common, count, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import { table } from '#cli/table.ts';
import { ago } from '#cli/words.ts';

/** `audit [SERVICE]` */
export function addAudit(program: Command, context: Context, run: Run): void {
  const { terminal, clock } = context;
  program
    .command('audit')
    .description('what people asked for, from where, and what came of it, newest first')
    .argument('[service]')
    .option('--limit <count>', 'how many (20)', count)
    .option('--json', 'as JSON')
    .addHelpText('after', examples('audit', 'audit hello --limit 100', 'audit --json'))
    .action((service: string | undefined, _: unknown, command: Command) =>
      run(async () => {
        const { state, json, limit } = optionsOf(command, Common.extend({ limit: z.number().default(20) }));
        const entries = await (await context.api(state)).audit(service, limit);
        const rows = entries.map((entry) => [
          ago(entry.at, clock.now()),
          oneLine(entry.person),
          oneLine(entry.via),
          oneLine(entry.action),
          oneLine([entry.service, entry.environment].filter((part) => part !== undefined).join(' ')),
          oneLine(entry.decision),
          oneLine(entry.reason),
        ]);
        if (json) terminal.print(JSON.stringify(entries, null, 2));
        else
          terminal.print(
            rows.length === 0
              ? `Nobody has asked for anything${service === undefined ? '' : ` of ${oneLine(service)}`} yet.`
              : table(['WHEN', 'WHO', 'FROM', 'ACTION', 'WHERE', 'DECISION', 'REASON'], rows),
          );
        return exit.done;
      }),
    );
}
