import { Option, type Command } from 'commander';
import { z } from 'zod';
import { Common, examples, gather, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';

const RunOptions = Common.extend({
  data: z.string().optional(),
  trace: z.boolean().default(false),
  env: z.array(z.string()).default([]),
  clock: z.enum(['system', 'virtual']),
});

/** `workflows check FILE…` and `workflows run FILE` */
export function addWorkflowCommands(program: Command, context: Context, run: Run): void {
  const workflows = program
    .command('workflows')
    .description('Google Cloud Workflows on this machine: check any file, run any file; needs no Slipway');

  workflows
    .command('check')
    .description('say what a deployment to Google would refuse, with the line it is in')
    .argument('<file...>', 'YAML or JSON; - is standard input')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExit codes: 0 all are valid · 1 one is not · 2 one cannot be read, then none is checked\n${examples('workflows check workflows/deploy.yaml', 'workflows check *.yaml --json')}`,
    )
    .action((names: string[], _: unknown, command: Command) =>
      run(async () => {
        const { checkWorkflows } = await import('./workflows-check.ts');
        return checkWorkflows({ context, names, json: optionsOf(command, Common).json });
      }),
    );

  workflows
    .command('run')
    .description('run a file on its own: its result on standard output, or its error on standard error')
    .argument('<file>', 'YAML or JSON; - is standard input')
    .option('--data <json>', 'the argument of main')
    .option(
      '--env <key=value>',
      'an environment variable of the workflow; may be given several times',
      gather,
    )
    .option('--trace', 'show steps, tries and waits as they happen, and count billed steps')
    .addOption(
      new Option(
        '--clock <clock>',
        'virtual: every wait is over at once, a callback that was not sent before it times out',
      )
        .choices(['system', 'virtual'])
        .default('system'),
    )
    .option('--json', 'everything as one JSON document on standard output')
    .addHelpText(
      'after',
      `
HTTP requests are real; a callback's address is shown on standard error, for curl. Ctrl-C cancels the execution.
Exit codes: 0 it returned · 1 it failed, or the file is not valid · 2 wrong usage · 130 it was cancelled
${examples(
  'workflows run hello.yaml',
  `workflows run order.yaml --data '{"id": 7}' --trace`,
  'workflows run retries.yaml --trace --clock virtual',
)}`,
    )
    .action((name: string, _: unknown, command: Command) =>
      run(async () => {
        const { runWorkflowFile } = await import('./workflows-run.ts');
        const { state: _state, ...options } = optionsOf(command, RunOptions);
        return runWorkflowFile({ ...options, name, context });
      }),
    );
}
