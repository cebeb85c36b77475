import { Option, type Command } from 'commander';
import { z } from 'zod';
import { Common, examples, gather, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { addWorkflowCommands } from './workflows.ts';

/**
 * The commands of the local cloud. Each is loaded when it is used: an installation that only talks to Google Cloud has no
 * local cloud.
 */
export function addLocalCommands(program: Command, context: Context, run: Run): void {
  program
    .command('start')
    .description('Google Cloud, Slack and Slipway on this machine; deploys examples/hello as a first release')
    .option('--verbose', 'show what the functions log')
    .addHelpText('after', examples('start', 'start --state /tmp/slipway --verbose'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { start } = await import('./start.ts');
        const options = optionsOf(command, Common.extend({ verbose: z.boolean().default(false) }));
        return start({ context, directory: options.state, verbose: options.verbose });
      }),
    );

  program
    .command('demo')
    .description('good and bad releases under load on a local cloud of their own, and what users saw of them')
    .option('--all', 'also what people, crashes and policies do to a release (three minutes)')
    .addOption(
      new Option(
        '--chatops',
        'instead: people deploy, approve and roll back from Slack, and the channel as it then reads',
      ).conflicts('all'),
    )
    .addOption(
      new Option(
        '--netra',
        'instead: the scenario of examples/netra, a change with claims, and the whole report of it',
      ).conflicts(['all', 'chatops']),
    )
    .option('--json', 'as JSON')
    .addHelpText('after', examples('demo', 'demo --all', 'demo --chatops', 'demo --netra', 'demo --json'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { terminal } = context;
        const { signal } = context.interrupt();
        const schema = Common.extend({
          all: z.boolean().default(false),
          chatops: z.boolean().default(false),
          netra: z.boolean().default(false),
        });
        const { json, all, chatops, netra, state: stateDirectory } = optionsOf(command, schema);
        if (netra) {
          const { demoNetraCommand } = await import('./demo-netra-command.ts');
          return demoNetraCommand({ json, stateDirectory, terminal, signal });
        }
        if (chatops) {
          const { demoChatopsCommand } = await import('./demo-chatops-command.ts');
          return demoChatopsCommand({ json, terminal, signal });
        }
        const { demoCommand } = await import('./demo-command.ts');
        return demoCommand({ json, all, terminal, signal });
      }),
    );

  const local = program
    .command('local')
    .description('the running local stack: push an image, read Slack, start afresh');
  local
    .command('push')
    .description('build a folder, push it to the local registry and follow what comes of it')
    .argument('<directory>')
    .requiredOption('--tag <tag>', 'tag of the image')
    .option('--image <name>', "the image's name; the folder's unless given")
    .option(
      '--set <key=value>',
      'change a key of release.json in the image; may be given several times',
      gather,
    )
    .addHelpText('after', examples('local push examples/hello --tag v2 --set version=2.0.0'))
    .action((directory: string, _: unknown, command: Command) =>
      run(async () => {
        const { push } = await import('./push.ts');
        const schema = Common.extend({
          tag: z.string(),
          image: z.string().optional(),
          set: z.array(z.string()).default([]),
        });
        const { state, ...options } = optionsOf(command, schema);
        return push({ context, stateDirectory: state, directory, ...options });
      }),
    );
  local
    .command('slack')
    .description('the messages of the local Slack channel')
    .addHelpText('after', examples('local slack'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { slack } = await import('./slack.ts');
        return slack(context, optionsOf(command, Common).state);
      }),
    );
  local
    .command('reset')
    .description('delete the state directory: every deployment, image and service of the local cloud')
    .addHelpText('after', examples('local reset'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { reset } = await import('./reset.ts');
        return reset(context, optionsOf(command, Common).state);
      }),
    );

  addWorkflowCommands(program, context, run);
}
