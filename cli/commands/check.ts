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
import { markedLine } from '#cli/marked-line.ts';
import type { PreflightView } from '#cli/preflight-answers.ts';
import type { Paint } from '#cli/terminal.ts';
import { explain, isRefused, judge, rulesInWords, withoutLive, type Judged } from './check-rules.ts';

/** `check FILE…` and `schema` */
export function addCheckCommands(program: Command, context: Context, run: Run): void {
  const { terminal, clock } = context;
  program
    .command('check')
    .description(
      'say everything that is wrong with service files, and what could be better; needs no Slipway unless told',
    )
    .argument('[file...]', 'files given together may share a database')
    .option('--json', 'as JSON')
    .option('--strict', 'fail for recommendations too')
    .option('--live', 'let Slipway look at Google Cloud too, as it does before a deployment')
    .option('--explain [rule]', 'say why a rule is there, with examples; without a name, all of them')
    .addHelpText(
      'after',
      examples(
        'check services/*.yaml',
        'check services/hello.yaml --json',
        'check services/hello.yaml --live',
        'check --explain database-connection-budget',
      ),
    )
    .action((names: string[], _: unknown, command: Command) =>
      run(async () => {
        const { json, live, state, strict, explain: rule } = optionsOf(command, Options);
        if (rule !== undefined) {
          terminal.print(explain(rule));
          return exit.done;
        }
        if (names.length === 0) throw usageError('Expected a service file, or --explain');
        const read = judgeAll(await Promise.all(names.map(parsedFile)), new Date(clock.now()).toISOString());
        const api = live ? await context.api(state) : undefined;
        const files: CheckedFile[] = await Promise.all(
          read.map(async (file) => (api ? { ...file, live: await askLive(api, file) } : file)),
        );
        if (json) terminal.print(JSON.stringify(files.map(asJson), null, 2));
        else for (const file of files) terminal.print(inWords(file, terminal.paint));
        const allGood = files.every(
          ({ parsed, judged, live: views = [] }) =>
            parsed.status === 'ok' && !isRefused(judged, strict) && isGood(views),
        );
        return allGood ? exit.done : exit.no;
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

const Options = Common.extend({
  live: z.boolean().default(false),
  strict: z.boolean().default(false),
  explain: z.union([z.string(), z.literal(true)]).optional(),
});

interface ParsedFile {
  name: string;
  text: string;
  parsed: ServiceFile;
}

interface CheckedFile extends ParsedFile {
  /** By environment; none of a file that is not valid. */
  judged: Judged[];
  /** Only with `--live`. */
  live?: PreflightView[];
}

async function parsedFile(name: string): Promise<ParsedFile> {
  const text = await read(name);
  return { name, text, parsed: parseServiceFile(text, name) };
}

/** @param at ISO 8601 */
function judgeAll(files: readonly ParsedFile[], at: string): CheckedFile[] {
  const configsOf = ({ parsed }: ParsedFile) => (parsed.status === 'ok' ? parsed.configs : []);
  const broken = files.filter(({ parsed }) => parsed.status !== 'ok').map(({ name }) => name);
  const others =
    broken.length > 0 ? { unknown: `there are problems in ${broken.join(', ')}` } : files.flatMap(configsOf);
  return files.map((file) => ({ ...file, judged: judge(configsOf(file), others, at) }));
}

const asJson = ({ name, parsed, judged, live }: CheckedFile): unknown =>
  parsed.status === 'ok'
    ? {
        file: name,
        valid: true,
        environments: parsed.configs.map(({ environment }) => environment),
        rules: judged,
        live,
      }
    : { file: name, valid: false, problems: parsed.problems };

function inWords({ name, text, parsed, judged, live }: CheckedFile, paint: Paint): string {
  if (parsed.status === 'ok') {
    const environments = parsed.configs.map(({ environment }) => environment).join(', ');
    const sum = `${paint('green', '✓')} ${name}: ${parsed.service} in ${environments}`;
    return [
      sum,
      ...rulesInWords(withoutLive(judged, live), paint),
      ...(live === undefined ? [] : [liveInWords(live, paint)]),
    ].join('\n');
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
function place(problem: Problem, lines: readonly string[], paint: Paint): string {
  const { path, line } = problem;
  const mayBeSecret = privateSection.test(path) || privateKey.test(lines[line - 1] ?? '');
  return path === '' || mayBeSecret ? '' : markedLine(lines, problem, paint);
}

async function read(name: string): Promise<string> {
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    throw usageError(`${oneLine(name)} cannot be read: ${messageOf(error)}`);
  }
}
