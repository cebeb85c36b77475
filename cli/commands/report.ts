import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import type { Report } from '#shared/report/document.ts';
import { renderHtml } from '#shared/report/html.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { renderTerminal } from '#shared/report/terminal.ts';
import { Common, deploymentId, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit, usageError } from '#cli/exit.ts';
import { openFile } from '#cli/open-file.ts';

const Options = Common.extend({
  markdown: z.boolean().default(false),
  html: z.boolean().default(false),
  output: z.string().min(1).optional(),
  open: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

type Format = 'json' | 'markdown' | 'html' | 'text';

/** `report ID` */
export function addReport(program: Command, context: Context, run: Run): void {
  const { terminal, env } = context;
  program
    .command('report')
    .description('what was checked, what was seen, and what follows from it')
    .argument('<id>', 'deployment', deploymentId)
    .option('--json', 'as JSON, for machines')
    .option('--markdown', 'as Markdown, for a pull request or a ticket')
    .option('--html', 'as a page that needs nothing else')
    .option('--output <file>', 'into a file; its ending says how, unless told: .json, .md, .html, .txt')
    .option('--open', 'the page, in the browser')
    .addHelpText(
      'after',
      examples(
        'report d1f3k7q2x9ab',
        'report d1f3k7q2x9ab --open',
        'report d1f3k7q2x9ab --markdown > report.md',
        'report d1f3k7q2x9ab --output report.html',
      ),
    )
    .action((id: string, _: unknown, command: Command) =>
      run(async () => {
        const options = optionsOf(command, Options);
        const format = formatOf(options);
        const report = await (await context.api(options.state)).report(id);
        const file = options.output ?? (options.open ? await temporaryFile(id) : undefined);
        const text = rendered(report, format, { ...terminal, color: terminal.color && file === undefined });
        if (file === undefined) {
          terminal.print(text.trimEnd());
          return exit.done;
        }
        await write(file, text);
        if (options.open) await openFile(resolve(file), env);
        terminal.print(`The report is in ${file}`);
        return exit.done;
      }),
    );
}

const endings: Partial<Record<string, Format>> = {
  '.json': 'json',
  '.md': 'markdown',
  '.html': 'html',
  '.txt': 'text',
};

/** @throws CommandError when it is not one */
function formatOf({ json, markdown, html, output, open }: Options): Format {
  const asked: Format[] = [
    ...(json ? (['json'] as const) : []),
    ...(markdown ? (['markdown'] as const) : []),
    ...(html || open ? (['html'] as const) : []),
  ];
  if (asked.length > 1)
    throw usageError('Only one of --json, --markdown and --html (or --open), not both or all.');
  const [format] = asked;
  if (format !== undefined) return format;
  if (output === undefined) return 'text';
  const byEnding = endings[extname(output).toLowerCase()];
  if (byEnding === undefined)
    throw usageError(
      `--output ${output}: expected a name that ends in .json, .md, .html or .txt, or --json, --markdown or --html`,
    );
  return byEnding;
}

function rendered(report: Report, format: Format, { color, width }: Context['terminal']): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'markdown':
      return renderMarkdown(report);
    case 'html':
      return renderHtml(report);
    case 'text':
      return renderTerminal(report, { color, width });
  }
}

const temporaryFile = async (id: string): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), 'slipway-')), `report-${id}.html`);

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CommandError(exit.no, `${file} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
