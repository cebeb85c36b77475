import type { Command } from 'commander';
import { oneLine } from '#shared/report/text.ts';
import { Common, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import type { DriftView } from '#cli/policy-answers.ts';
import { ago } from '#cli/words.ts';

/** `drift` */
export function addDrift(program: Command, context: Context, run: Run): void {
  const { terminal, clock } = context;
  program
    .command('drift')
    .description('what in Cloud Run is not as the live deployment left it; only said, never changed')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('drift', 'drift --json'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        const drift = await (await context.api(state)).drift();
        const nowMs = clock.now();
        if (json) terminal.print(JSON.stringify(drift, null, 2));
        else if (drift.length === 0)
          terminal.print('No drift: when it was looked at last, what is live was as its deployment left it.');
        else terminal.print(drift.map((one) => inWords(one, nowMs)).join('\n'));
        return exit.done;
      }),
    );
}

const inWords = (
  { service, environment, kind, expected, observed, since }: DriftView,
  nowMs: number,
): string =>
  [
    `${oneLine(service)} ${oneLine(environment)}: ${oneLine(kind)}, seen first ${ago(since, nowMs)}`,
    `  expected  ${oneLine(expected)}`,
    `  observed  ${oneLine(observed)}`,
  ].join('\n');
