import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { appManifest, AppWish } from '#shared/slack/manifest.ts';
import { optionalScopes } from '#shared/slack/scopes.ts';
import { Common, examples, gather, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit, usageError } from '#cli/exit.ts';

const Environment = z.object({ SLIPWAY_CHATOPS_URL: z.string().optional() });

const Options = Common.extend({
  url: z.string().optional(),
  command: z.string().default('/deploy'),
  name: z.string().default('Slipway'),
  with: z.array(z.string()).default([]),
});

/** `slack manifest` */
export function addSlack(program: Command, context: Context, run: Run): void {
  const slack = program
    .command('slack')
    .description('what Slack needs to know of Slipway')
    .helpCommand(false);

  slack
    .command('manifest')
    .description('the Slack app, to paste at api.slack.com/apps → Create New App → From a manifest')
    .option('--url <url>', 'https:// address of the chatops function (SLIPWAY_CHATOPS_URL)')
    .option('--command <command>', 'what people type (/deploy)')
    .option('--name <name>', 'what the app is called (Slipway)')
    .option(
      '--with <scope>',
      `a scope that is not needed, or "all"; may be given several times:\n${optionalScopes.join(', ')}`,
      gather,
    )
    .option('--json', 'as JSON instead of YAML')
    .addHelpText(
      'after',
      examples(
        'slack manifest --url https://chatops-abc123-uc.a.run.app',
        'slack manifest --url https://chatops-abc123-uc.a.run.app --command /ship --with all --json',
      ),
    )
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { json, with: wanted, url, ...options } = optionsOf(command, Options);
        const wish = AppWish.safeParse({
          url: url ?? Environment.parse(context.env).SLIPWAY_CHATOPS_URL,
          command: options.command,
          name: options.name,
          optional: wanted.includes('all') ? optionalScopes : wanted,
        });
        if (!wish.success) throw usageError(problemsOf(wish.error));
        const manifest = appManifest(wish.data);
        context.terminal.print(json ? JSON.stringify(manifest, null, 2) : stringify(manifest).trimEnd());
        return exit.done;
      }),
    );
}

const optionOf: Record<string, string> = { optional: '--with' };

const problemsOf = ({ issues }: z.ZodError): string =>
  issues
    .map(({ path: [key = ''], message }) => `${optionOf[String(key)] ?? `--${String(key)}`}: ${message}`)
    .join('\n');
