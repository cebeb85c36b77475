import type { Command } from 'commander';
import { oneLine } from '#shared/report/text.ts';
import { Common, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import type { FindingView } from '#cli/policy-answers.ts';
import type { Color, Paint } from '#cli/terminal.ts';

/** `doctor slack` */
export function addDoctor(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
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
      `\nExit code 1 when something is wrong.\n${examples('doctor slack', 'doctor slack --json')}`,
    )
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        const findings = await (await context.api(state)).slackDoctor();
        if (json) terminal.print(JSON.stringify(findings, null, 2));
        else terminal.print(inWords(findings, terminal.paint));
        return findings.some(({ ok }) => ok === false) ? exit.no : exit.done;
      }),
    );
}

function inWords(findings: readonly FindingView[], paint: Paint): string {
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
