import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import { utc } from '#shared/report/words.ts';
import { Common, examples, optionsOf, reason, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import type { LockView } from '#cli/policy-answers.ts';
import { table } from '#cli/table.ts';
import { ago } from '#cli/words.ts';

const Options = Common.extend({
  reason: z.string(),
  for: z.number().optional(),
  steal: z.boolean().default(false),
});

/** `lock`, `unlock` and `locks` */
export function addLocks(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
  program
    .command('lock')
    .description('keep everybody else from deploying to an environment; what runs already runs on')
    .argument('<service>')
    .argument('<environment>')
    .requiredOption('--reason <text>', 'why; whoever is refused is told', reason)
    .option('--for <duration>', 'how long, such as 90m, 2h or 3d; until unlocked unless given', seconds)
    .option('--steal', "take over somebody else's lock")
    .addHelpText(
      'after',
      examples(
        'lock hello production --reason "release day" --for 2h',
        'lock hello production --steal --reason "ana is on holiday"',
      ),
    )
    .action((service: string, environment: string, _: unknown, command: Command) =>
      run(async () => {
        const { state, reason: why, for: forSeconds, steal } = optionsOf(command, Options);
        const api = await context.api(state);
        const duration = forSeconds === undefined ? {} : { forSeconds };
        const record = await api.lock({ service, environment, reason: why, steal, ...duration });
        terminal.print(`${placeOf(record)} is locked${untilOf(record)}${takenFrom(record)}.`);
        terminal.print(`Take it away: slipway unlock ${service} ${environment} --reason …`);
        return exit.done;
      }),
    );

  program
    .command('unlock')
    .description('take the lock of an environment away')
    .argument('<service>')
    .argument('<environment>')
    .requiredOption('--reason <text>', 'why; it stays on record', reason)
    .option('--steal', "also somebody else's lock")
    .addHelpText(
      'after',
      examples(
        'unlock hello production --reason "all is well"',
        'unlock hello production --steal --reason "ana is on holiday"',
      ),
    )
    .action((service: string, environment: string, _: unknown, command: Command) =>
      run(async () => {
        const { state, reason: why, steal } = optionsOf(command, Options);
        const api = await context.api(state);
        const record = await api.unlock({ service, environment }, { reason: why, steal });
        terminal.print(`${placeOf(record)} is unlocked${takenFrom(record)}.`);
        return exit.done;
      }),
    );

  program
    .command('locks')
    .description('who keeps others from deploying where')
    .option('--json', 'as JSON, with every change there was')
    .addHelpText('after', examples('locks', 'locks --json'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        const records = await (await context.api(state)).locks();
        terminal.print(json ? JSON.stringify(records, null, 2) : inWords(records, context.clock.now()));
        return exit.done;
      }),
    );
}

function inWords(records: readonly LockView[], nowMs: number): string {
  const rows = records.flatMap(({ service, environment, lock }) =>
    lock === undefined
      ? []
      : [
          [
            oneLine(service),
            oneLine(environment),
            oneLine(lock.owner),
            ago(lock.since, nowMs),
            lock.expiresAt === undefined ? 'unlocked' : utc(lock.expiresAt),
            oneLine(lock.reason),
          ],
        ],
  );
  if (rows.length === 0) return 'Nobody holds a lock: people are kept from no environment by one.';
  return table(['SERVICE', 'ENVIRONMENT', 'LOCKED BY', 'SINCE', 'UNTIL', 'REASON'], rows);
}

const placeOf = ({ service, environment }: LockView): string => `${oneLine(service)} ${oneLine(environment)}`;

const untilOf = ({ lock }: LockView): string =>
  lock?.expiresAt === undefined ? ' until somebody unlocks it' : ` until ${utc(lock.expiresAt)}`;

function takenFrom({ history }: LockView): string {
  const newest = history.at(-1);
  const before = newest?.before;
  if (before === undefined || (newest?.change !== 'stolen' && newest?.change !== 'broken')) return '';
  return `; it was locked by ${oneLine(before.owner)}: ${oneLine(before.reason)}`;
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** @throws InvalidArgumentError, which is told as wrong usage */
function seconds(text: string): number {
  const [, amount = '', unit = ''] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  const value = Number(amount) * unitSeconds[unit as keyof typeof unitSeconds];
  if (!(value <= 366 * unitSeconds.d))
    throw new InvalidArgumentError('Expected a duration such as 90m, 2h or 3d, at most 366d.');
  return value;
}
