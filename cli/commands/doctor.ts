import { InvalidArgumentError, type Command } from 'commander';
import { oneLine } from '#shared/report/text.ts';
import { Common, examples, gather, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { askGoogle, Wanted } from '#cli/doctor-gcp/ask.ts';
import { exit } from '#cli/exit.ts';
import type { FindingView } from '#cli/policy-answers.ts';
import type { Color, Paint } from '#cli/terminal.ts';

type Shown = Pick<FindingView, 'ok' | 'what' | 'found' | 'fix'>;
const GcpOptions = Common.extend(Wanted.shape);

/** `doctor slack`, `doctor gcp` */
export function addDoctor(program: Command, context: Context, run: Run): void {
  const doctor = program
    .command('doctor')
    .description('what is wrong between Slipway and its surroundings, and what to do about it')
    .helpCommand(false);

  doctor
    .command('slack')
    .description('token, scopes, channels, people, commands: what works, and what to click where it does not')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExit codes: 1 something is wrong · 2 wrong usage · 3 Slipway could not be reached\n${examples('doctor slack', 'doctor slack --json')}`,
    )
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        return tell(context, await (await context.api(state)).slackDoctor(), json);
      }),
    );

  doctor
    .command('gcp')
    .description("an installation in a project, by Google's APIs and your own credentials: what is missing")
    .option('--project <project>', "where Slipway is installed (SLIPWAY_PROJECT, then gcloud's own)")
    .option('--region <region>', 'as in Terraform (SLIPWAY_REGION, then us-central1)')
    .option('--prefix <prefix>', "Terraform's name_prefix", 'slipway')
    .option('--ledger <database>', "Terraform's ledger_database", 'slipway')
    .option('--ledger-location <location>', "Terraform's ledger_location, if it is not the region")
    .option(
      '--target <project>',
      'a project whose services Slipway deploys, if it is another; several times',
      gather,
    )
    .option('--timeout <seconds>', 'how long to wait for each answer', seconds, 10)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
It reads and changes nothing, needs no function of Slipway, and says what may not be looked at.
Sign in first: gcloud auth application-default login
Exit codes: 1 something is wrong · 2 wrong usage · 3 no credentials
${examples(
  'doctor gcp',
  'doctor gcp --project my-deployer --region europe-west1 --target my-services',
  'doctor gcp --project my-deployer --json',
)}`,
    )
    .action((_: unknown, command: Command) =>
      run(async () => {
        const options = optionsOf(command, GcpOptions);
        return tell(context, await askGoogle(options, context), options.json);
      }),
    );
}

/** @returns what the exit code is */
function tell({ terminal }: Context, findings: readonly Shown[], json: boolean): number {
  terminal.print(json ? JSON.stringify(findings, null, 2) : inWords(findings, terminal.paint));
  return findings.some(({ ok }) => ok === false) ? exit.no : exit.done;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 120)) throw new InvalidArgumentError('Expected seconds, at most 120.');
  return value;
}

function inWords(findings: readonly Shown[], paint: Paint): string {
  const lines = findings.flatMap(({ ok, what, found, fix }) => {
    const [sign, color] = signOf(ok);
    const [first = '', ...more] = found.split('\n').map(oneLine);
    return [
      `${paint(color, sign)} ${oneLine(what)}: ${first}`,
      ...more.map((line) => `    ${line}`),
      ...(fix === undefined ? [] : [`    → ${oneLine(fix)}`]),
    ];
  });
  const count = (wanted: FindingView['ok']): number => findings.filter(({ ok }) => ok === wanted).length;
  const sum = `${count(true)} good · ${count(false)} wrong · ${count('unknown')} not known`;
  return [...lines, '', sum].join('\n');
}

function signOf(ok: FindingView['ok']): [string, Color] {
  switch (ok) {
    case true:
      return ['✓', 'green'];
    case false:
      return ['✗', 'red'];
    case 'unknown':
      return ['?', 'yellow'];
  }
}
