import type { Command } from 'commander';
import { shellLine } from '#shared/report/command.ts';
import { oneLine } from '#shared/report/text.ts';
import { utc } from '#shared/report/words.ts';
import type { DeploymentView } from '#cli/answers.ts';
import { Common, deploymentId, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import { progressLines } from '#cli/progress.ts';

/** `show ID` */
export function addShow(program: Command, context: Context, run: Run): void {
  const { terminal, clock } = context;
  program
    .command('show')
    .description('one deployment as it stands: its steps, what serves, where it answers')
    .argument('<id>', 'deployment', deploymentId)
    .option('--json', 'the whole record as JSON')
    .addHelpText('after', examples('show d1f3k7q2x9ab', 'show d1f3k7q2x9ab --json'))
    .action((id: string, _: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        const deployment = await (await context.api(state)).deployment(id);
        if (json) {
          terminal.print(JSON.stringify(deployment, null, 2));
          return exit.done;
        }
        const { paint, width } = terminal;
        const { requestedBy, requestedAt } = deployment.request;
        for (const line of progressLines(deployment, clock.now(), { paint, width })) terminal.print(line);
        if (deployment.serviceUrl !== undefined) terminal.print(`Address: ${oneLine(deployment.serviceUrl)}`);
        terminal.print(`Asked for by ${oneLine(requestedBy)}, ${utc(requestedAt)}`);
        for (const line of [...policyLines(deployment), ...causeLines(deployment)]) terminal.print(line);
        return exit.done;
      }),
    );
}

/** Whose word it took to deploy it. */
const policyLines = ({ approvedBy = [], overrides = [] }: DeploymentView): string[] => [
  ...(approvedBy.length === 0 ? [] : [`Approved by ${approvedBy.map(oneLine).join(', ')}`]),
  ...overrides.map(
    ({ what, by, reason }) => `In spite of ${oneLine(what)}, by ${oneLine(by)}: ${oneLine(reason)}`,
  ),
];

/** What is behind a failure and what to do about it. */
function causeLines({ failure }: DeploymentView): string[] {
  const cause = failure?.cause;
  if (!cause) return [];
  const { sentence, nextStep, command } = cause;
  const isPlain = command?.every((argument) => /^[\x20-\x7e]+$/.test(argument));
  return [
    `Cause: ${oneLine(cause.class)}: ${oneLine(sentence)}`,
    `Next: ${oneLine(nextStep)}`,
    // Nobody should paste what cannot be seen.
    ...(command && isPlain ? [`  ${shellLine(command)}`] : []),
  ];
}
