import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import { Common, deploymentId, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { costOf, Targets, type CostReport } from '#cli/cost.ts';
import { recordedWork, straightWork, type Work } from '#cli/cost-work.ts';
import { CommandError, exit, usageError } from '#cli/exit.ts';
import { table } from '#cli/table.ts';

const Options = Common.extend({
  deploymentsPerMonth: z.number().optional(),
  bakeSeconds: z.number().optional(),
  steps: z.number().optional(),
});
type Options = z.infer<typeof Options>;

/** `cost [ID]` */
export function addCost(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
  program
    .command('cost')
    .description('what Slipway itself costs on Google Cloud, per deployment and per month, by list prices')
    .argument('[id]', 'a deployment that is finished, in place of a straight one', deploymentId)
    .option('--deployments-per-month <count>', 'how many (100)', whole(0, 1_000_000))
    .option('--steps <count>', 'percentages that traffic is shifted to (1)', whole(1, 100))
    .option('--bake-seconds <seconds>', 'how long each of them is watched (10)', whole(0, 86_400))
    .option('--json', 'as JSON, with the price table')
    .addHelpText(
      'after',
      `${examples(
        'cost',
        'cost --deployments-per-month 400 --steps 3 --bake-seconds 300',
        'cost d1f3k7q2x9ab --json',
      )}\n\nWithout ID nothing is asked of anybody: it works offline.`,
    )
    .action((id: string | undefined, _: unknown, command: Command) =>
      run(async () => {
        const options = optionsOf(command, Options);
        const work = id === undefined ? straightWork(options) : await recorded(context, id, options);
        const report = costOf(work, await targets(), options.deploymentsPerMonth);
        terminal.print(options.json ? JSON.stringify(report, null, 2) : inWords(report));
        return exit.done;
      }),
    );
}

/** The functions of this version, as Terraform installs them. */
async function targets(): Promise<Targets> {
  const file = new URL('../../functions/targets.json', import.meta.url);
  return Targets.parse(JSON.parse(await readFile(file, 'utf8')));
}

async function recorded(context: Context, id: string, { state, steps, bakeSeconds }: Options): Promise<Work> {
  if (steps !== undefined || bakeSeconds !== undefined)
    throw usageError('--steps and --bake-seconds go without an id: its record says how it was');
  const deployment = await (await context.api(state)).deployment(id);
  if (deployment.status !== 'finished')
    throw new CommandError(exit.no, `${id} is not finished: what it costs is not known before`);
  return recordedWork(deployment);
}

function whole(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`Expected a whole number from ${minimum} to ${maximum}.`);
    return value;
  };
}

function inWords({ basis, deployment, month, inputs, notIncluded, priceTable }: CostReport): string {
  const { prices, pricedAt, region, tier, currency } = priceTable;
  const amount = (quantities: CostReport['month']['lines'][number]['quantities']): string =>
    Object.entries(prices)
      .flatMap(([key, { unit }]) => {
        const quantity = quantities[key as keyof typeof prices];
        return quantity === undefined ? [] : [`${number(quantity)} ${unit}`];
      })
      .join(' · ');
  const sum = ({ what, lines, usd }: CostReport['month'], digits: number): string[] => [
    `${oneLine(what)}: ${usd.toFixed(digits)} ${currency}`,
    table(
      [`  ${currency}`.padEnd(digits + 6), 'FOR', 'AMOUNT'],
      lines.map((line) => [`  ${line.usd.toFixed(digits)}`, line.what, amount(line.quantities)]),
    ),
    '',
  ];
  const unverified = Object.values(prices).flatMap(({ trust, unit }) =>
    trust === 'unverified' ? [unit] : [],
  );
  return [
    ...sum(deployment, 5),
    ...sum(month, 2),
    'Counted from:',
    ...inputs.map(({ what, from }) => `  ${what}: ${from}`),
    '',
    `Prices of ${pricedAt} for ${region} (${tier}): ${basis}; --json has them with their sources.`,
    `Not verified are those of ${unverified.join(', ')}.`,
    'Not included:',
    ...notIncluded.map((what) => `  ${what}`),
  ].join('\n');
}

const number = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 });
