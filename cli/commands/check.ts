import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { serviceFileJsonSchema } from '#shared/config/json-schema.ts';
import { formatProblems, type Problem } from '#shared/config/problems.ts';
import { parseServiceFile, type ServiceFile } from '#shared/config/service-file.ts';
import { messageOf } from '#shared/errors.ts';
import { oneLine } from '#shared/report/text.ts';
import { Common, examples, optionsOf, type Run } from '#cli/command.ts';
import { askLive, isGood, liveInWords } from '#cli/commands/live.ts';
import type { Context } from '#cli/context.ts';
import { exit, usageError } from '#cli/exit.ts';
import type { PreflightView } from '#cli/preflight-answers.ts';
import type { Paint } from '#cli/terminal.ts';

/** `check FILE…` and `schema` */
export function addCheckCommands(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
  program
    .command('check')
    .description('say everything that is wrong with service files; needs no Slipway')
    .argument('<file...>')
    .option('--json', 'as JSON')
    .option('--live', 'ask Slipway what stands between the file and its deployment, too')
    .addHelpText('after', examples('check services/*.yaml', 'check services/hello.yaml --json'))
    .action((names: string[], _: unknown, command: Command) =>
      run(async () => {
        const files = await Promise.all(
          names.map(async (name) => {
            const text = await read(name);
            return { name, text, parsed: parseServiceFile(text, name) };
          }),
        );
        const { json, live, state } = optionsOf(command, Options);
        const checked = await Promise.all(
          files.map(async (file) => ({
            ...file,
            ...(live ? { live: await askLive(await context.api(state), file) } : {}),
          })),
        );
        if (json) terminal.print(JSON.stringify(checked.map(asJson), null, 2));
        else for (const file of checked) terminal.print(inWords(file, terminal.paint));
        const good = checked.every(({ parsed, live: views = [] }) => parsed.status === 'ok' && isGood(views));
        return good ? exit.done : exit.no;
      }),
    );

  program
    .command('schema')
    .description('the JSON Schema of service files, for editors')
    .addHelpText('after', examples('schema > service.schema.json'))
    .action(() =>
      run(async () => {
        terminal.print(JSON.stringify(serviceFileJsonSchema(), null, 2));
        return exit.done;
      }),
    );
}

const Options = Common.extend({ live: z.boolean().default(false) });

interface CheckedFile {
  name: string;
  text: string;
  parsed: ServiceFile;
  /** Only with `--live`. */
  live?: PreflightView[];
}

const asJson = ({ name, parsed, live }: CheckedFile): unknown =>
  parsed.status === 'ok'
    ? { file: name, valid: true, environments: parsed.configs.map(({ environment }) => environment), live }
    : { file: name, valid: false, problems: parsed.problems };

function inWords({ name, text, parsed, live }: CheckedFile, paint: Paint): string {
  if (parsed.status === 'ok') {
    const environments = parsed.configs.map(({ environment }) => environment).join(', ');
    const sum = `${paint('green', '✓')} ${name}: ${parsed.service} in ${environments}`;
    return live === undefined ? sum : `${sum}\n${liveInWords(live, paint)}`;
  }
  const lines = text.split('\n');
  return parsed.problems
    .map((problem) => `${paint('red', '✗')} ${formatProblems([problem])}${place(problem, lines, paint)}`)
    .join('\n');
}

/** Sections whose values somebody may have made a secret, although they must not: their lines are not shown. */
const privateSection = /(^|\.)(env|secrets|headers|body)(\.|\[|$)/;
const privateKey = /\b(env|secrets|headers|body)\b/;

/** The offending line with a mark below; nothing where a secret could stand, as in text that is no YAML at all. */
function place({ path, line, column }: Problem, lines: readonly string[], paint: Paint): string {
  const text = oneLineKeepingIndent(lines[line - 1] ?? '');
  if (path === '' || privateSection.test(path) || privateKey.test(text)) return '';
  const number = String(line).padStart(6);
  return `\n${paint('dim', `${number} |`)} ${text}\n${' '.repeat(number.length)} ${paint('dim', '|')} ${' '.repeat(column - 1)}${paint('red', '^')}`;
}

/** Every control character becomes a blank, so that the mark stays in its column. */
const oneLineKeepingIndent = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .slice(0, 200)
    .trimEnd();

async function read(name: string): Promise<string> {
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    throw usageError(`${oneLine(name)} cannot be read: ${messageOf(error)}`);
  }
}
